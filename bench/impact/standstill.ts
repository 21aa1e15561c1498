import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 1;

export interface Standstill {
  /** Delays of the event loop as Node measures them, in milliseconds. */
  readonly p99Ms: number;
  readonly longestMs: number;
  /** The longest that this thread computed without a break. */
  readonly computedMs: number;
}

/**
 * How long the event loop of this thread stands still while something is done. On a machine with other work (the
 * engine's thread and PostgreSQL among it) the scheduler makes it stand still as well: what the thread itself
 * computed meanwhile is told from that by its processor time.
 */
export async function standstillOf(work: () => Promise<unknown>): Promise<Standstill> {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  let computedMs = 0;
  let before = usedMs();
  const tick = setInterval(() => {
    const now = usedMs();
    computedMs = Math.max(computedMs, now - before);
    before = now;
  }, resolutionMs);
  delay.enable();
  try {
    await work();
    // What the last of it held up shows only when the loop has gone round again.
    await new Promise((resolve) => setTimeout(resolve, 10 * resolutionMs));
  } finally {
    clearInterval(tick);
    delay.disable();
  }
  const [p99Ms = 0, longestMs = 0] = [delay.percentile(99), delay.max].map(
    (ns) => ns / 1e6 - resolutionMs,
  );
  return { p99Ms, longestMs, computedMs };
}

/** Processor time of this thread: what a busy machine does not lengthen. */
export function usedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
