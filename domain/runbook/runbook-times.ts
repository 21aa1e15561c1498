import { formatUtc } from '../format-utc.ts';
import { batchesLeft, isSettled, runOf, type RunbookRun } from './runbook-run.ts';
import { batchesOf, forwardGroups, type Runbook, type RunbookStep } from './runbook.ts';

/** The part of a window that a runbook must keep to, in epoch milliseconds. */
export interface RunbookWindow {
  readonly workFromMs: number;
  readonly workUntilMs: number;
  /** The rollback may use the reserve, too. */
  readonly closesAtMs: number;
}

export const minuteMs = 60_000;

/** Parallel steps take as long as the longest of them. */
function longestMs(batch: readonly RunbookStep[]): number {
  return Math.max(0, ...batch.map(({ expectedMinutes }) => expectedMinutes)) * minuteMs;
}

export function expectedMs(steps: readonly RunbookStep[]): number {
  return batchesOf(steps).reduce((sum, batch) => sum + longestMs(batch), 0);
}

/** All the way forward: pre-checks, steps and verification. */
export function expectedWorkMs(runbook: Runbook): number {
  return forwardGroups.reduce((sum, group) => sum + expectedMs(runbook[group]), 0);
}

/** When the rollback must begin to end within the window; never later than the time for work ends. */
export function rollBackByMs(
  { rollback }: Runbook,
  { workUntilMs, closesAtMs }: Pick<RunbookWindow, 'workUntilMs' | 'closesAtMs'>,
): number {
  return Math.min(workUntilMs, closesAtMs - expectedMs(rollback));
}

/**
 * From when on what is left of the work, and then the whole rollback, no longer fit into the window; it is
 * in the past where what is known already tells that they do not. Undefined where nothing is left.
 */
export function fitsUntilMs(run: RunbookRun, window: RunbookWindow): number | undefined {
  const [current, ...later] = batchesLeft(run);
  if (current === undefined) return undefined;
  const laterMs = later.reduce((sum, batch) => sum + longestMs(batch.map(({ step }) => step)), 0);
  // By then the steps that are worked on now must be done.
  const doneByMs = rollBackByMs(run.runbook, window) - laterMs;
  const each = current
    .filter(({ step }) => !isSettled(runOf(run, step.id)))
    .map(({ step }) => {
      const { state, startedAtMs } = runOf(run, step.id);
      const takesMs = step.expectedMinutes * minuteMs;
      if (state !== 'running' || startedAtMs === undefined) return doneByMs - takesMs;
      return startedAtMs + takesMs > doneByMs ? startedAtMs : doneByMs;
    });
  return Math.min(...each);
}

/** What of a runbook does not fit into its window, in words for those who decide on the change. */
export function findingsOfTimes(runbook: Runbook, window: RunbookWindow): string[] {
  const { workFromMs, workUntilMs, closesAtMs } = window;
  const workMs = expectedWorkMs(runbook);
  const rollbackMs = expectedMs(runbook.rollback);
  const findings: string[] = [];
  if (workMs > workUntilMs - workFromMs) {
    findings.push(
      `The runbook's pre-checks, steps and verification are expected to take ${inMinutes(workMs)}, but the window leaves ${inMinutes(workUntilMs - workFromMs)} for work, from ${formatUtc(workFromMs)} to ${formatUtc(workUntilMs)}.`,
    );
  } else if (workMs + rollbackMs > closesAtMs - workFromMs) {
    findings.push(
      `The runbook's work (${inMinutes(workMs)}) and then its rollback (${inMinutes(rollbackMs)}) do not fit into the ${inMinutes(closesAtMs - workFromMs)} from the beginning of work, ${formatUtc(workFromMs)}, to the close of the window.`,
    );
  }
  return findings;
}

function inMinutes(ms: number): string {
  return `${Math.floor(ms / minuteMs)} min`;
}
