import type { StepEnd, StepStart } from '../../domain/change/messages.ts';
import type { AssessedPlan } from '../../domain/change/story.ts';
import { formatUtc } from '../../domain/format-utc.ts';
import {
  currentSteps,
  hasEnded,
  hasPassedPointOfNoReturn,
  isTouched,
  runOf,
  stopRunning,
  turnBack,
  type RunbookRun,
} from '../../domain/runbook/runbook-run.ts';
import { minuteMs } from '../../domain/runbook/runbook-times.ts';
import { nameStep, type PlacedStep } from '../../domain/runbook/runbook.ts';
import { evidenceKindOf, roleOf } from '../../domain/runbook/step-rules.ts';
import type { ChangeStory } from './change-state.ts';
import { assigneesOf, capitalised, nameCurrent, waitsForRunbook } from './runbook-words.ts';

/** Each of these is to be called in one's turn, after the rules (step-rules.ts) were asked. */

/** Whether something goes on without people: a hold begins or ends, or all is done. */
export function mayTurn(story: ChangeStory, run: RunbookRun): boolean {
  if (story.state === 'paused') return story.hold === null;
  return (story.state === 'implementing' && story.hold !== null) || hasEnded(run);
}

export async function turn(story: ChangeStory, plan: AssessedPlan, run: RunbookRun): Promise<void> {
  if (story.state === 'paused' && story.hold === null) {
    await story.step('resume', {
      to: 'implementing',
      message: 'Goes on where it was: implementing.',
      waitingFor: waitsForRunbook(plan, run),
    });
  }
  if (story.state === 'implementing' && story.hold !== null) {
    const { by, reason, since } = story.hold;
    await story.step('pause', {
      actor: by,
      message: `Paused by ${by}: ${reason}`,
      waitingFor: {
        what: 'resume',
        detail: `somebody resumes it; what runs may be completed, and nothing else begins: ${nameCurrent(run)}`,
        hold: { by, reason, since },
      },
      alert: 'everyone-involved',
    });
    return;
  }
  if (hasEnded(run)) await finish(story, run, 'workflow');
}

/** A step begins, for the first time or again. */
export async function beginStep(
  story: ChangeStory,
  plan: AssessedPlan,
  run: RunbookRun,
  placed: PlacedStep,
  start: StepStart,
): Promise<void> {
  const { by, reason } = start;
  const step = runOf(run, placed.step.id);
  const startedAtMs = Date.now();
  step.state = 'running';
  step.tries += 1;
  step.startedAtMs = startedAtMs;
  step.by = by;
  const dueAtMs = startedAtMs + placed.step.expectedMinutes * minuteMs;
  await story.runbookStep({
    event: 'start-step',
    step: placed.step.id,
    try: step.tries,
    state: 'running',
    role: roleOf(placed.step, start) ?? 'coordinator',
    actor: by,
    reason,
    message:
      `${capitalised(nameStep(placed))} is begun${step.tries > 1 ? ' again' : ''} by ${by}, until ${formatUtc(dueAtMs)}` +
      `${placed.step.pointOfNoReturn === true ? '; it is the point of no return' : ''}${reason === '' ? '.' : `: ${reason}`}`,
    details: { step: placed.step.id, try: step.tries },
    dueAt: new Date(dueAtMs).toISOString(),
    waitingFor: waitsForRunbook(plan, run),
    ...(placed.step.pointOfNoReturn === true ? { alert: 'everyone-involved' as const } : {}),
    alertAlso: assigneesOf([placed]),
  });
}

const endings = {
  done: { event: 'complete-step', words: 'is done' },
  failed: { event: 'fail-step', words: 'failed' },
  skipped: { event: 'skip-step', words: 'is left out' },
} as const;

/** A step ends, and what follows from it is done. */
export async function endStep(
  story: ChangeStory,
  plan: AssessedPlan,
  run: RunbookRun,
  placed: PlacedStep,
  end: StepEnd,
): Promise<void> {
  const { result, by, reason, evidence } = end;
  const step = runOf(run, placed.step.id);
  if (step.state !== 'running') step.tries += 1;
  step.state = result;
  step.by = by;
  const said = `${capitalised(nameStep(placed))} ${endings[result].words}`;
  const kind = evidenceKindOf(evidence);
  await story.runbookStep({
    event: endings[result].event,
    step: placed.step.id,
    try: step.tries,
    state: result,
    role: roleOf(placed.step, end) ?? 'coordinator',
    actor: by,
    reason,
    ...(evidence === undefined || kind === 'none' ? {} : { evidence: { kind, content: evidence } }),
    message: `${said}, says ${by}${reason === '' ? '.' : `: ${reason}`}`,
    details: { step: placed.step.id, try: step.tries, result, evidence: kind },
    ...(story.state === 'paused' ? {} : { waitingFor: waitsForRunbook(plan, run) }),
    ...(result === 'failed' ? { alert: 'everyone-involved' as const } : {}),
    alertAlso: assigneesOf(currentSteps(run)),
  });
  if (result === 'failed') await fail(story, plan, run, placed, by, said);
  else if (hasEnded(run) && story.state !== 'paused') await finish(story, run, by);
}

/** What a failed step leads to: the end, the rollback, or a person. */
async function fail(
  story: ChangeStory,
  plan: AssessedPlan,
  run: RunbookRun,
  { group }: PlacedStep,
  by: string,
  said: string,
): Promise<void> {
  if (group === 'preChecks') return callOff(story, run, by, `${said}: nothing is touched.`);
  if (group === 'rollback') {
    stopRunning(run);
    return story.step('fail-to-restore', {
      actor: by,
      message: `${said}: the rollback is incomplete and needs a person.`,
      alert: 'everyone-involved',
    });
  }
  if (hasPassedPointOfNoReturn(run)) {
    return story.note({
      message: `${said} behind the point of no return: nothing is rolled back by itself. Begin it again, decide to roll back, or report the change as left broken.`,
      alert: 'everyone-involved',
    });
  }
  return backOut(story, plan, run, {
    event: 'start-back-out',
    actor: by,
    message: `${said}: it is rolled back.`,
  });
}

/** The way back begins; where nothing was touched, the change is over. */
export async function backOut(
  story: ChangeStory,
  plan: AssessedPlan,
  run: RunbookRun,
  cause: {
    readonly event: 'start-back-out' | 'overrun';
    readonly actor: string;
    readonly message: string;
  },
): Promise<void> {
  const { event, actor, message } = cause;
  story.hold = null;
  if (!isTouched(run)) return callOff(story, run, actor, `${message} Nothing was touched yet.`);
  const atWork = assigneesOf(currentSteps(run));
  turnBack(run);
  await story.step(event, {
    actor,
    message,
    waitingFor: waitsForRunbook(plan, run),
    alert: 'everyone-involved',
    alertAlso: [...atWork, ...assigneesOf(currentSteps(run))],
  });
}

async function callOff(
  story: ChangeStory,
  run: RunbookRun,
  actor: string,
  message: string,
): Promise<void> {
  stopRunning(run);
  story.hold = null;
  await story.step('call-off', { actor, message, alert: 'everyone-involved' });
}

async function finish(story: ChangeStory, run: RunbookRun, actor: string): Promise<void> {
  const { preChecks, steps, verification, rollback } = run.runbook;
  const all = run.backingOut ? rollback : [...preChecks, ...steps, ...verification];
  const leftOut = all.filter(({ id }) => runOf(run, id).state === 'skipped').length;
  const figures = `${all.length - leftOut} ${run.backingOut ? 'rollback ' : ''}step(s) done${leftOut === 0 ? '' : `, ${leftOut} left out`}`;
  story.hold = null;
  await story.step(run.backingOut ? 'back-out' : 'implement', {
    actor,
    message: `${run.backingOut ? 'Rolled back' : 'Implemented'}: ${figures}.`,
    alert: 'everyone-involved',
  });
}
