import { patched, setHandler } from '@temporalio/workflow';
import { reservedStates, type ChangeState } from '../../domain/change/life-cycle.ts';
import type { WaitingFor } from '../../domain/change/story.ts';
import type { LiftedStop, LineView, StandingStop } from '../../domain/line/line-stop.ts';
import { line } from '../steps.ts';
import { lineResumedSignal, lineStoppedSignal } from './change-messages.ts';
import type { ChangeStory } from './change-state.ts';

const patch = 'line-stops';

/**
 * News of the line, through the outbox. A change that is paused looks for itself; any other is told here what
 * the stop means for it, once.
 */
export function handleLineNews(story: ChangeStory): void {
  setHandler(lineStoppedSignal, (stop) =>
    story.turns.runExclusive(async () => {
      // Histories of before there were stops may hold such a signal: nobody answered it.
      if (!patched(patch)) return;
      story.line.news += 1;
      if (story.state === 'paused' || !isReserved(story.state)) return;
      await tellStopped(story, stop);
    }),
  );
  setHandler(lineResumedSignal, (stop) =>
    story.turns.runExclusive(async () => {
      if (!patched(patch)) return;
      story.line.news += 1;
      if (story.state !== 'paused') await tellLifted(story, stop);
    }),
  );
}

/** The stops that cover the change now, and those lifted since it was told of them. */
export async function lookAtLine(
  story: ChangeStory,
  wave: readonly string[] | undefined,
): Promise<LineView> {
  story.line.seen = story.line.news;
  // Changes that began before there were stops follow their histories without looking.
  if (!patched(patch)) return { standing: [], lifted: [] };
  const known = [...story.line.told];
  const view = await line.lookAtLine({
    changeId: story.changeId,
    known,
    ...(wave === undefined ? {} : { datacentres: wave }),
  });
  story.line.standing = view.standing;
  return view;
}

/** Notes a stop and alerts everyone involved, once for each stop. To be called in one's turn. */
export async function tellStopped(
  story: ChangeStory,
  stop: StandingStop,
  waitingFor?: WaitingFor,
): Promise<void> {
  if (!markTold(story, stop)) return;
  await story.note({
    actor: stop.by,
    message: `${describeStop(stop)} ${meaningOf(stop, story)}`,
    details: { lineStop: stop.id },
    alert: 'everyone-involved',
    ...(waitingFor === undefined ? {} : { waitingFor }),
  });
}

/** As `tellStopped`, of a stop that people have been told of. */
export async function tellLifted(
  story: ChangeStory,
  stop: LiftedStop,
  waitingFor?: WaitingFor,
): Promise<void> {
  if (!story.line.told.delete(stop.id)) return;
  await story.note({
    actor: stop.by,
    message: `The stop of ${stop.scope} was lifted by ${stop.by}: ${stop.reason}`,
    details: { lineStop: stop.id },
    alert: 'everyone-involved',
    ...(waitingFor === undefined ? {} : { waitingFor }),
  });
}

/** False when people have been told of it before. */
export function markTold(story: ChangeStory, stop: StandingStop): boolean {
  if (story.line.told.has(stop.id)) return false;
  story.line.told.add(stop.id);
  return true;
}

export function describeStop({ scope, by, reason }: StandingStop): string {
  return `The line is stopped (${scope}) by ${by}: ${reason.replace(/[.\s]*$/, '')}.`;
}

function meaningOf({ datacentre }: StandingStop, { state, plan }: ChangeStory): string {
  if (datacentre !== undefined && plan?.carriedOutBy === 'ctc' && beginsWaves(state)) {
    return `What is under way is finished; no wave begins in ${datacentre} before the stop is lifted.`;
  }
  switch (state) {
    case 'scheduled':
      return 'It does not start before the stop is lifted.';
    case 'implementing':
      return 'People carry it out, whom CTC cannot stop: go no further, or back out and report it.';
    case 'rolling-back':
      return 'Its rollback goes on, for that puts production right.';
    case 'paused':
      return 'It stays paused until that is lifted, too.';
    default:
      return 'What is under way is finished; it holds at its next step.';
  }
}

const beginsWaves = (state: ChangeState): boolean => state !== 'rolling-back' && state !== 'paused';

const isReserved = (state: ChangeState): boolean =>
  (reservedStates as readonly ChangeState[]).includes(state);
