import { Context } from '@temporalio/activity';

const intervalMs = 1_000;

/**
 * Runs work that cannot report progress itself, with a heartbeat every second while the process lives, so
 * that a killed worker is noticed within the heartbeat time-out. The signal tells of cancellation.
 */
export async function heartbeatWhile<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), intervalMs);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}
