import { runbookWindowIn } from '../../domain/change/plan-window.ts';
import type { AssessedPlan, WaitingFor } from '../../domain/change/story.ts';
import { formatUtc } from '../../domain/format-utc.ts';
import {
  currentSteps,
  hasPassedPointOfNoReturn,
  runOf,
  type RunbookRun,
} from '../../domain/runbook/runbook-run.ts';
import { fitsUntilMs, minuteMs, rollBackByMs } from '../../domain/runbook/runbook-times.ts';
import {
  nameAssignee,
  nameStep,
  pointOfNoReturnOf,
  type PlacedStep,
} from '../../domain/runbook/runbook.ts';

/** For the beginning of a sentence. */
export function capitalised(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** `step "a" (…) and step "b" (…)`; for the end, words that say so. */
export function nameCurrent(run: RunbookRun): string {
  return currentSteps(run).map(nameStep).join(' and ') || 'nothing more';
}

/** People that the steps which are worked on, or come next, are assigned to. */
export function assigneesOf(steps: readonly PlacedStep[]): string[] {
  return steps.flatMap(({ step: { assignee } }) =>
    assignee !== undefined && 'person' in assignee ? [assignee.person] : [],
  );
}

/** Whether it was asked for a decision that nobody has made. */
export function isUndecided(run: RunbookRun): boolean {
  return (
    run.rung.has('decide') &&
    run.goesOn === null &&
    !run.backingOut &&
    !hasPassedPointOfNoReturn(run)
  );
}

/** What the runbook waits for: a decision, or which steps, by whom, until when. */
export function waitsForRunbook(plan: AssessedPlan, run: RunbookRun): WaitingFor {
  const current = currentSteps(run);
  const failed = current.filter(({ step }) => runOf(run, step.id).state === 'failed');
  const why = [
    ...failed.map((placed) => `${nameStep(placed)} failed`),
    ...(run.needsPerson === null ? [] : [run.needsPerson]),
  ];
  const waits = (detail: string, untilMs: number): WaitingFor => ({
    what: 'people',
    detail: [...why, detail].join('; '),
    until: new Date(untilMs).toISOString(),
    ...(why.length === 0 ? {} : { needsPerson: true }),
  });
  const window = runbookWindowIn(plan);
  if (isUndecided(run) && run.runbook.onOverrun === 'roll-back' && run.needsPerson === null) {
    const untilMs = rollBackByMs(run.runbook, window);
    return waits('somebody decides: roll back, or go on; else it is rolled back', untilMs);
  }
  const running = current.filter(({ step }) => runOf(run, step.id).state === 'running');
  const dueAtMs = running.map(
    ({ step }) => (runOf(run, step.id).startedAtMs ?? 0) + step.expectedMinutes * minuteMs,
  );
  const endMs = run.backingOut ? plan.closesAtMs : window.workUntilMs;
  const untilMs =
    dueAtMs.length > 0
      ? Math.max(...dueAtMs)
      : run.backingOut
        ? endMs
        : (fitsUntilMs(run, window) ?? endMs);
  const doing = current.map((placed) => {
    const { state } = runOf(run, placed.step.id);
    const does = { running: 'completes', failed: 'tries again' }[state as string] ?? 'begins';
    return `${nameAssignee(placed.step)} ${does} ${nameStep(placed)}`;
  });
  return waits(doing.join('; ') || 'the outcome is recorded', untilMs);
}

/** What people must know of the times before they begin. */
export function hintsOf(plan: AssessedPlan, run: RunbookRun): string {
  const window = runbookWindowIn(plan);
  const point = pointOfNoReturnOf(run.runbook);
  const by = formatUtc(rollBackByMs(run.runbook, window));
  const acts =
    run.runbook.onOverrun === 'roll-back'
      ? `else it is rolled back at ${by}`
      : `its rollback must begin by ${by}`;
  return (
    ` Where work and rollback no longer fit, somebody decides; ${acts}.` +
    (point === undefined ? '' : ` Its point of no return is ${nameStep(point)}.`)
  );
}
