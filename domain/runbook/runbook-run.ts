import {
  allSteps,
  batchesOf,
  findStep,
  forwardGroups,
  pointOfNoReturnOf,
  type PlacedStep,
  type Runbook,
} from './runbook.ts';

/** `stopped`: it had begun when the way that it is on was given up. Persisted: never renamed. */
export const stepStates = ['open', 'running', 'done', 'failed', 'skipped', 'stopped'] as const;
export type StepState = (typeof stepStates)[number];

export const stepResults = ['done', 'failed', 'skipped'] as const;
export type StepResult = (typeof stepResults)[number];

export interface StepRun {
  state: StepState;
  /** How often it has begun, or was left out without: the number of its record. */
  tries: number;
  /** Of the last try; missing where it never began. */
  startedAtMs?: number;
  /** Who began or settled it last. */
  by?: string;
}

/** How far a runbook has come. */
export interface RunbookRun {
  readonly runbook: Runbook;
  /** By step id. */
  readonly steps: Readonly<Record<string, StepRun>>;
  backingOut: boolean;
  /** Who decided to go on although the rollback no longer fits. */
  goesOn: string | null;
  /** Why the time makes it need a person. */
  needsPerson: string | null;
  /** What the clock has brought about already (runbook-alarms.ts). */
  readonly rung: Set<string>;
}

export function beginRun(runbook: Runbook): RunbookRun {
  return {
    runbook,
    steps: Object.fromEntries(
      allSteps(runbook).map(({ step }) => [step.id, { state: 'open', tries: 0 }]),
    ),
    backingOut: false,
    goesOn: null,
    needsPerson: null,
    rung: new Set(),
  };
}

/** @throws Error for an id that the runbook does not have: ids are checked before. */
export function runOf({ steps }: RunbookRun, id: string): StepRun {
  const run = steps[id];
  if (run === undefined) throw new Error(`The runbook has no step "${id}".`);
  return run;
}

export function isSettled({ state }: StepRun): boolean {
  return state === 'done' || state === 'skipped';
}

/** The batches of the way that is being taken which are not settled, in their order. */
export function batchesLeft(run: RunbookRun): PlacedStep[][] {
  const groups = run.backingOut ? (['rollback'] as const) : forwardGroups;
  return groups
    .flatMap((group) =>
      batchesOf(run.runbook[group]).map((batch) => batch.map((step) => ({ group, step }))),
    )
    .filter((batch) => batch.some(({ step }) => !isSettled(runOf(run, step.id))));
}

/** The steps that are worked on, or may begin, now; empty at the end. */
export function currentSteps(run: RunbookRun): PlacedStep[] {
  const [batch = []] = batchesLeft(run);
  return batch.filter(({ step }) => !isSettled(runOf(run, step.id)));
}

export function hasEnded(run: RunbookRun): boolean {
  return batchesLeft(run).length === 0;
}

/** Whether anything of the work itself has begun: pre-checks only look. */
export function isTouched(run: RunbookRun): boolean {
  return run.runbook.steps.some(({ id }) => runOf(run, id).startedAtMs !== undefined);
}

export function hasPassedPointOfNoReturn(run: RunbookRun): boolean {
  const point = pointOfNoReturnOf(run.runbook);
  return point !== undefined && runOf(run, point.step.id).startedAtMs !== undefined;
}

/** The way that it is on is given up: what runs is stopped. */
export function stopRunning(run: RunbookRun): void {
  for (const step of Object.values(run.steps)) {
    if (step.state === 'running') step.state = 'stopped';
  }
}

/** The rollback's steps come now. */
export function turnBack(run: RunbookRun): void {
  stopRunning(run);
  run.backingOut = true;
  run.needsPerson = null;
}

/** The rollback is tried again: what failed of it, or was stopped, is open once more. */
export function reopenRollback(run: RunbookRun): void {
  turnBack(run);
  for (const { id } of run.runbook.rollback) {
    const step = runOf(run, id);
    if (!isSettled(step)) step.state = 'open';
  }
}

/** The run of a runbook with the steps' states as recorded. */
export function restoreRun(
  runbook: Runbook,
  steps: Readonly<Record<string, StepRun>>,
  backingOut: boolean,
): RunbookRun {
  const begun = beginRun(runbook);
  const known = Object.entries(steps).filter(([id]) => findStep(runbook, id) !== undefined);
  return { ...begun, steps: { ...begun.steps, ...Object.fromEntries(known) }, backingOut };
}
