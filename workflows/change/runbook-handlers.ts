import { setHandler } from '@temporalio/workflow';
import type { ChangeState } from '../../domain/change/life-cycle.ts';
import type { RunbookDecision, StepEnd, StepStart } from '../../domain/change/messages.ts';
import { runbookWindowIn } from '../../domain/change/plan-window.ts';
import type { AssessedPlan } from '../../domain/change/story.ts';
import {
  currentSteps,
  hasEnded,
  hasPassedPointOfNoReturn,
  type RunbookRun,
} from '../../domain/runbook/runbook-run.ts';
import { fitsUntilMs } from '../../domain/runbook/runbook-times.ts';
import { findStep, nameStep, type PlacedStep } from '../../domain/runbook/runbook.ts';
import { whyNotEnd, whyNotStart, type Refusal } from '../../domain/runbook/step-rules.ts';
import { decideOnRunbookUpdate, endStepUpdate, startStepUpdate } from './change-messages.ts';
import type { ChangeStory } from './change-state.ts';
import { acknowledge, labelOf, needState, refuse, refuseApprover } from './refusals.ts';
import { backOut, beginStep, endStep } from './runbook-steps.ts';
import { capitalised, isUndecided, nameCurrent, waitsForRunbook } from './runbook-words.ts';

interface AtWork {
  readonly plan: AssessedPlan;
  readonly run: RunbookRun;
}

/** What people do step by step, and decide when the time runs out. */
export function handleRunbook(story: ChangeStory): void {
  const atWork = (allowed: readonly ChangeState[], doing: string): AtWork => {
    const { plan, run } = story;
    needState(story, allowed, doing);
    if (plan !== null && run !== null) return { plan, run };
    return refuse('no-runbook', `${labelOf(story)} has no runbook that people carry out.`);
  };
  const placedIn = ({ run }: AtWork, id: string, refusal: Refusal | undefined): PlacedStep => {
    if (refusal !== undefined) refuse(refusal.code, capitalised(refusal.message));
    return findStep(run.runbook, id) ?? refuse('no-such-step', `There is no step "${id}".`);
  };

  const checkStart = (start: StepStart): AtWork & { readonly placed: PlacedStep } => {
    const work = atWork(['implementing', 'paused', 'rolling-back'], 'beginning a step');
    refuseApprover(story, start.by);
    const placed = placedIn(work, start.step, whyNotStart(work.run, start.step, start));
    if (story.hold !== null || story.state === 'paused') {
      refuse('on-hold', `${labelOf(story)} is on hold: resume it first.`);
    }
    if (placed.step.pointOfNoReturn === true) refuseUndecided(work, placed);
    return { ...work, placed };
  };
  setHandler(
    startStepUpdate,
    (start) =>
      story.turns.runExclusive(async () => {
        const { plan, run, placed } = checkStart(start);
        await beginStep(story, plan, run, placed, start);
        return acknowledge(story, `${capitalised(nameStep(placed))} has begun.`);
      }),
    { validator: (start: StepStart) => void checkStart(start) },
  );

  const checkEnd = (end: StepEnd): AtWork & { readonly placed: PlacedStep } => {
    // What runs is completed on hold, too.
    const work = atWork(['implementing', 'paused', 'rolling-back'], 'ending a step');
    return { ...work, placed: placedIn(work, end.step, whyNotEnd(work.run, end)) };
  };
  setHandler(
    endStepUpdate,
    (end) =>
      story.turns.runExclusive(async () => {
        const { plan, run, placed } = checkEnd(end);
        await endStep(story, plan, run, placed, end);
        return acknowledge(story, whatIsNext(story, run, placed, end));
      }),
    { validator: (end: StepEnd) => void checkEnd(end) },
  );

  const checkDecision = ({ decision }: RunbookDecision): AtWork => {
    const work = atWork(['implementing', 'paused'], 'deciding on its runbook');
    if (decision === 'go-on' && !isUndecided(work.run)) {
      const why =
        work.run.goesOn !== null
          ? `${work.run.goesOn} has decided already to go on`
          : hasPassedPointOfNoReturn(work.run)
            ? 'the point of no return is behind, it goes on anyway'
            : 'work and rollback still fit into the window';
      refuse('nothing-to-decide', `${labelOf(story)} asks for no decision: ${why}.`);
    }
    return work;
  };
  setHandler(
    decideOnRunbookUpdate,
    (request) =>
      story.turns.runExclusive(async () => {
        const { plan, run } = checkDecision(request);
        const { decision, by, reason } = request;
        if (decision === 'go-on') {
          run.goesOn = by;
          await story.note({
            actor: by,
            message: `It goes on although its rollback no longer fits into the window, decides ${by}: ${reason}`,
            ...(story.state === 'paused' ? {} : { waitingFor: waitsForRunbook(plan, run) }),
            alert: 'everyone-involved',
          });
          return acknowledge(story, 'It goes on.');
        }
        await backOut(story, plan, run, {
          event: 'start-back-out',
          actor: by,
          message: `It is rolled back, decides ${by}: ${reason}`,
        });
        return acknowledge(
          story,
          story.state === 'rolling-back'
            ? `It is rolled back; next: ${nameCurrent(run)}.`
            : 'Called off; nothing was touched.',
        );
      }),
    { validator: (request: RunbookDecision) => void checkDecision(request) },
  );
}

/** Nobody goes past the point of no return while it is open whether it is to be rolled back. */
function refuseUndecided({ plan, run }: AtWork, placed: PlacedStep): void {
  const fitsMs = fitsUntilMs(run, runbookWindowIn(plan));
  const fits = fitsMs === undefined || Date.now() <= fitsMs;
  if (run.goesOn !== null || hasPassedPointOfNoReturn(run) || (fits && !isUndecided(run))) return;
  refuse(
    'decision-needed',
    `${capitalised(nameStep(placed))} is the point of no return, and what is left no longer fits into the window with its rollback: decide first to roll back or to go on.`,
  );
}

function whatIsNext(
  story: ChangeStory,
  run: RunbookRun,
  placed: PlacedStep,
  { result }: StepEnd,
): string {
  const words = { done: 'is done', failed: 'failed', skipped: 'is left out' } as const;
  const said = `${capitalised(nameStep(placed))} ${words[result]}.`;
  if (story.state === 'completed') return `${said} The change is completed.`;
  if (story.state === 'rolled-back') return `${said} The change is rolled back.`;
  if (story.state === 'cancelled') return `${said} The change is cancelled; nothing was touched.`;
  if (story.state === 'rollback-incomplete') return `${said} The rollback is incomplete.`;
  if (hasEnded(run)) return `${said} The change is completed when it is resumed.`;
  if (result === 'failed' && !run.backingOut) {
    return `${said} Begin it again, decide to roll back, or report the change as left broken.`;
  }
  const next = currentSteps(run).map(nameStep).join(' and ');
  return result === 'failed'
    ? `${said} It is rolled back; next: ${next}.`
    : `${said} Next: ${next}.`;
}
