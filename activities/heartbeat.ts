import { Context } from '@temporalio/activity';

const intervalMs = 1_000;

/**
 * Runs work that cannot report progress itself, with a heartbeat every second while the process lives, so
 * that a killed worker is noticed within the heartbeat time-out. The signal tells of cancellation. What
 * `details` says is there when the work is begun again after a crash (`Context.info.heartbeatDetails`).
 */
export async function heartbeatWhile<T>(
  work: (signal: AbortSignal) => Promise<T>,
  details?: () => unknown,
): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(details?.()), intervalMs);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}
