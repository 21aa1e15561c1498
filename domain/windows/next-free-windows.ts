import type { WindowInstants } from './window-rules.ts';

const defaultStepMs = 5 * 60_000;

/**
 * The earliest windows of a length that overlap neither the busy ones, which may be in any order and
 * overlap, nor each other. They open on the step (default 5 minutes) and close within the horizon, which
 * counts from `notBeforeMs`. Fewer than `count`, or none, when the horizon holds no more.
 */
export function nextFreeWindows(input: {
  readonly durationMs: number;
  readonly notBeforeMs: number;
  readonly horizonMs: number;
  readonly busy: readonly WindowInstants[];
  readonly count: number;
  /** Kept free before and after each busy window; default none. */
  readonly gapMs?: number;
  readonly stepMs?: number;
}): WindowInstants[] {
  const { durationMs, notBeforeMs, horizonMs, count, gapMs = 0, stepMs = defaultStepMs } = input;
  const roundUp = (ms: number): number => Math.ceil(ms / stepMs) * stepMs;
  const endMs = notBeforeMs + horizonMs;
  const busy = [...input.busy].sort((a, b) => a.opensAtMs - b.opensAtMs);
  const free: WindowInstants[] = [];
  let candidateMs = roundUp(notBeforeMs);
  let next = 0;
  while (free.length < count && candidateMs + durationMs <= endMs) {
    const blocker = busy[next];
    if (blocker === undefined || blocker.opensAtMs - gapMs >= candidateMs + durationMs) {
      free.push({ opensAtMs: candidateMs, closesAtMs: candidateMs + durationMs });
      candidateMs = roundUp(candidateMs + durationMs);
    } else {
      candidateMs = Math.max(candidateMs, roundUp(blocker.closesAtMs + gapMs));
      next += 1;
    }
  }
  return free;
}
