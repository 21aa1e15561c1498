import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 1;

export interface Standstill {
  /** Delays of the event loop as Node measures them, in milliseconds. */
  readonly p99Ms: number;
  readonly longestMs: number;
  /** The longest without what the thread only waited for a processor that others had: what its own work took. */
  readonly ownMs: number;
}

/**
 * How long the event loop of this thread stands still while something is done. On a machine with other work the
 * system's scheduler makes it stand still as well; Linux says for how long.
 */
export async function standstillOf(work: () => Promise<unknown>): Promise<Standstill> {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  let ownMs = 0;
  let [atMs, waitedMs] = [performance.now(), waitedForProcessorMs()];
  const tick = setInterval(() => {
    const [nowMs, waitedNowMs] = [performance.now(), waitedForProcessorMs()];
    ownMs = Math.max(ownMs, nowMs - atMs - (waitedNowMs - waitedMs) - resolutionMs);
    [atMs, waitedMs] = [nowMs, waitedNowMs];
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
  return { p99Ms, longestMs, ownMs };
}

/** Of this process's main thread since its start; 0 where the system does not say. */
function waitedForProcessorMs(): number {
  try {
    // Nanoseconds on a processor, and waiting for one.
    return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
