import { currentSteps, hasPassedPointOfNoReturn, runOf, type RunbookRun } from './runbook-run.ts';
import { fitsUntilMs, minuteMs, rollBackByMs, type RunbookWindow } from './runbook-times.ts';
import type { PlacedStep } from './runbook.ts';

/** Something that the clock brings about while a runbook is carried out. */
export type RunbookAlarm = { readonly atMs: number; readonly key: string } & (
  | { readonly kind: 'step-overrun'; readonly placed: PlacedStep }
  /** What is left, and then the rollback, no longer fit: somebody has to decide. */
  | { readonly kind: 'decide' }
  /** Nobody has decided, and the rollback must begin now. */
  | { readonly kind: 'roll-back' }
  /** The same, but it is on hold, or its policy is to warn, or somebody decided to go on. */
  | { readonly kind: 'too-late' }
  /** The point of no return is behind, and the work no longer fits. */
  | { readonly kind: 'beyond-return' }
  | { readonly kind: 'window-closed' }
);

/** The next thing that the clock will bring about, of those that it has not; undefined where there is none. */
export function nextAlarm(
  run: RunbookRun,
  window: RunbookWindow,
  isHeld: boolean,
): RunbookAlarm | undefined {
  return alarmsOf(run, window, isHeld)
    .filter(({ key }) => !run.rung.has(key))
    .reduce<RunbookAlarm | undefined>(
      // Of those at the same time the first: it is asked before it is acted.
      (first, alarm) => (first === undefined || alarm.atMs < first.atMs ? alarm : first),
      undefined,
    );
}

function alarmsOf(run: RunbookRun, window: RunbookWindow, isHeld: boolean): RunbookAlarm[] {
  const current = currentSteps(run);
  if (current.length === 0) return [];
  return [
    ...(run.backingOut ? [] : deadlinesOf(run, window, isHeld)),
    ...current.flatMap((placed) => overrunOf(run, placed)),
    { kind: 'window-closed', atMs: window.closesAtMs, key: 'window-closed' },
  ];
}

function overrunOf(run: RunbookRun, placed: PlacedStep): RunbookAlarm[] {
  const { id, expectedMinutes } = placed.step;
  const { state, startedAtMs, tries } = runOf(run, id);
  if (state !== 'running' || startedAtMs === undefined) return [];
  const atMs = startedAtMs + expectedMinutes * minuteMs;
  return [{ kind: 'step-overrun', placed, atMs, key: `step-overrun/${id}/${tries}` }];
}

function deadlinesOf(run: RunbookRun, window: RunbookWindow, isHeld: boolean): RunbookAlarm[] {
  const fitsMs = fitsUntilMs(run, window);
  if (fitsMs === undefined) return [];
  if (hasPassedPointOfNoReturn(run)) {
    return [{ kind: 'beyond-return', atMs: fitsMs, key: 'beyond-return' }];
  }
  const atMs = rollBackByMs(run.runbook, window);
  const byItself = run.runbook.onOverrun === 'roll-back' && run.goesOn === null;
  return [
    ...(run.goesOn === null
      ? [{ kind: 'decide', atMs: Math.min(fitsMs, atMs), key: 'decide' } as const]
      : []),
    byItself && !isHeld
      ? { kind: 'roll-back', atMs, key: 'roll-back' }
      : { kind: 'too-late', atMs, key: 'too-late' },
  ];
}
