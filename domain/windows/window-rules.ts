/**
 * Arithmetic on windows that are instants already, in epoch milliseconds. No calendar in here: workflows
 * import it, and a workflow must not read time-zone data that a later version may change.
 */

/** A window that is longer is a project, not an intervention. */
export const longestWindowDays = 31;

/** Half-open: at `closesAtMs` it is closed. */
export interface WindowInstants {
  readonly opensAtMs: number;
  readonly closesAtMs: number;
}

export interface StartableWindow extends WindowInstants {
  /** Nothing may begin after this, though what has begun may go on until the window closes. */
  readonly latestStartAtMs: number;
}

/** Whether the intervention may begin now. */
export function mayStart(window: StartableWindow, nowMs: number): boolean {
  return nowMs >= window.opensAtMs && nowMs <= window.latestStartAtMs && nowMs < window.closesAtMs;
}

/** Whether what has begun may go on now. */
export function mayRun(window: WindowInstants, nowMs: number): boolean {
  return nowMs >= window.opensAtMs && nowMs < window.closesAtMs;
}

/** What is left of the window; 0 once it has closed. */
export function remainingMs({ closesAtMs }: WindowInstants, nowMs: number): number {
  return Math.max(0, closesAtMs - nowMs);
}

/**
 * Whether what is left of the window covers a wave and, should it fail, its rollback: the wave itself in the
 * time for work (default: all of the window), its rollback also in the reserve.
 */
export function coversWave(input: {
  readonly closesAtMs: number;
  readonly workUntilMs?: number;
  readonly nowMs: number;
  readonly waveMs: number;
  readonly rollbackMs: number;
}): { readonly ok: boolean; readonly missingMs: number } {
  const { closesAtMs, workUntilMs = closesAtMs, nowMs, waveMs, rollbackMs } = input;
  const missingMs = Math.max(
    0,
    waveMs - (workUntilMs - nowMs),
    waveMs + rollbackMs - (closesAtMs - nowMs),
  );
  return { ok: missingMs === 0, missingMs };
}

/** Whether two windows have time in common; one that opens as the other closes does not. */
export function overlaps(a: WindowInstants, b: WindowInstants): boolean {
  return a.opensAtMs < b.closesAtMs && b.opensAtMs < a.closesAtMs;
}

/** The common part of two windows that overlap. */
export function overlapOf(a: WindowInstants, b: WindowInstants): WindowInstants {
  return {
    opensAtMs: Math.max(a.opensAtMs, b.opensAtMs),
    closesAtMs: Math.min(a.closesAtMs, b.closesAtMs),
  };
}
