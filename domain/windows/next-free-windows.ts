import type { WindowInstants } from './window-rules.ts';

const defaultStepMs = 5 * 60_000;

/**
 * The earliest windows of a length that overlap none of the busy ones, one after each busy stretch: start
 * times are rounded up to the step (default 5 minutes). Empty when the horizon holds none.
 */
export function nextFreeWindows(input: {
  readonly durationMs: number;
  readonly notBeforeMs: number;
  readonly horizonMs: number;
  readonly busy: readonly WindowInstants[];
  readonly count: number;
  readonly stepMs?: number;
}): WindowInstants[] {
  const { durationMs, notBeforeMs, horizonMs, count, stepMs = defaultStepMs } = input;
  const roundUp = (ms: number): number => Math.ceil(ms / stepMs) * stepMs;
  const endMs = notBeforeMs + horizonMs;
  const busy = [...input.busy].sort((a, b) => a.opensAtMs - b.opensAtMs);
  const free: WindowInstants[] = [];
  let candidateMs = roundUp(notBeforeMs);
  let next = 0;
  while (free.length < count && candidateMs + durationMs <= endMs) {
    const blocker = busy[next];
    if (blocker === undefined || blocker.opensAtMs >= candidateMs + durationMs) {
      free.push({ opensAtMs: candidateMs, closesAtMs: candidateMs + durationMs });
      candidateMs = roundUp(candidateMs + durationMs);
    } else {
      if (blocker.closesAtMs > candidateMs) candidateMs = roundUp(blocker.closesAtMs);
      next += 1;
    }
  }
  return free;
}
