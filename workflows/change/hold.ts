import { condition } from '@temporalio/workflow';
import { isHoldable } from '../../domain/change/life-cycle.ts';
import { waitsUntilMs } from '../../domain/change/plan-window.ts';
import type { AssessedPlan, WaitingFor } from '../../domain/change/story.ts';
import type { StandingStop } from '../../domain/line/line-stop.ts';
import type { ChangeStory, Held } from './change-state.ts';
import { describeStop, lookAtLine, markTold, tellLifted, tellStopped } from './line.ts';

/** The outbox tells of a lifted stop at once; this is for news that was lost. Doubled from look to look. */
const firstLookMs = 60_000;
const longestLookMs = 3_600_000;

/**
 * Stands still here while a person has the change on hold or a stop of the line covers it, and goes on in the
 * state it was in. An abort or a cancellation ends the hold as well. A stop holds only as long as the window
 * leaves time for what comes next: then the story goes on, and ends as its table says. A stop of a datacentre
 * holds a `wave` that goes there; without one it holds what could go nowhere else.
 */
export async function holdIfAsked(story: ChangeStory, wave?: readonly string[]): Promise<void> {
  const { state } = story;
  if (!isHoldable(state)) return;
  const held = { state, ...(wave === undefined ? {} : { wave }) };
  let stops = await stopsThatHold(story, held);
  const going = story.waitingFor;
  await story.turns.runExclusive(() => beginHold(story, held, stops));
  for (let looks = 0; isHeld(story); looks += 1) {
    await somethingChanges(story, held, stops, looks);
    if (!isHeld(story)) return;
    const before = stops;
    stops = await stopsThatHold(story, held);
    await story.turns.runExclusive(async () => {
      if (!isHeld(story)) return;
      if (story.hold === null && stops.length === 0) await goOn(story, held, before, going);
      else for (const stop of stops) await tellStopped(story, stop, stillWaiting(story));
    });
  }
}

/** Whether there is something to hold for that the story has not looked at yet. */
export const isAskedToHold = ({ hold, line }: ChangeStory): boolean =>
  hold !== null || line.news !== line.seen;

/** The stops that cover the change; none when its window leaves no time to wait for their end. */
async function stopsThatHold(story: ChangeStory, held: Held): Promise<readonly StandingStop[]> {
  const { standing, lifted } = await lookAtLine(story, held.wave);
  if (lifted.length > 0) {
    await story.turns.runExclusive(async () => {
      for (const stop of lifted) await tellLifted(story, stop, stillWaiting(story));
    });
  }
  return story.plan !== null && Date.now() > untilMs(story.plan, held) ? [] : standing;
}

/** In one's turn: another decision may have come in between. */
async function beginHold(
  story: ChangeStory,
  held: Held,
  stops: readonly StandingStop[],
): Promise<void> {
  const { hold } = story;
  if (story.state !== held.state || (hold === null && stops.length === 0)) return;
  story.held = held;
  if (hold !== null) {
    await story.step('pause', {
      actor: hold.by,
      message: `Paused by ${hold.by}: ${hold.reason}`,
      waitingFor: waitingWhileHeld(story, held),
      alert: 'everyone-involved',
    });
    for (const stop of stops) await tellStopped(story, stop, stillWaiting(story));
    return;
  }
  const isNews = stops.map((stop) => markTold(story, stop)).includes(true);
  await story.step('stop-line', {
    actor: stops[0]?.by ?? 'workflow',
    message: `${stops.map(describeStop).join(' ')} It holds here, and goes on when that is lifted.`,
    details: { lineStops: stops.map(({ id }) => id) },
    waitingFor: waitingWhileHeld(story, held),
    ...(isNews ? { alert: 'everyone-involved' as const } : {}),
  });
}

/** A decision of a person, news of the line, or the time to look for oneself. */
async function somethingChanges(
  story: ChangeStory,
  held: Held,
  stops: readonly StandingStop[],
  looks: number,
): Promise<void> {
  const { hold } = story;
  const { seen } = story.line;
  const changed = (): boolean => story.hold !== hold || story.line.news !== seen || !isHeld(story);
  // While a person has it on hold as well there is nothing to look for.
  if (hold !== null || stops.length === 0) return condition(changed);
  const nextLookMs = Date.now() + Math.min(longestLookMs, firstLookMs * 2 ** looks);
  const endMs = story.plan === null ? nextLookMs : untilMs(story.plan, held) + 1;
  await condition(changed, Math.max(1, Math.min(nextLookMs, endMs) - Date.now()));
}

async function goOn(
  story: ChangeStory,
  held: Held,
  before: readonly StandingStop[],
  going: WaitingFor | null,
): Promise<void> {
  const lapsed = story.line.standing.length > 0;
  story.held = null;
  await story.step(before.length > 0 ? 'resume-line' : 'resume', {
    to: held.state,
    message: lapsed
      ? `The line is still stopped, but its window leaves no time to wait on: nothing new begins. It was ${held.state}.`
      : `Goes on where it was: ${held.state}.`,
    ...(going === null ? {} : { waitingFor: going }),
  });
}

/** What a change that stays paused waits for; undefined when it does not, or nothing holds it any more. */
export function stillWaiting(story: ChangeStory): WaitingFor | undefined {
  const { state, held, hold, line } = story;
  if (state !== 'paused' || held === null) return undefined;
  if (hold === null && line.standing.length === 0) return undefined;
  return waitingWhileHeld(story, held);
}

function waitingWhileHeld({ hold, plan, line }: ChangeStory, held: Held): WaitingFor {
  const stops = line.standing.map(({ scope, by, reason }) => `${scope}, by ${by}: ${reason}`);
  if (hold !== null) {
    const after = stops.length === 0 ? '' : `; the line is stopped too (${stops.join('; ')})`;
    const { by, reason, since } = hold;
    return {
      what: 'resume',
      detail: `somebody resumes it; it was ${held.state}${after}`,
      hold: { by, reason, since },
    };
  }
  return {
    what: 'line',
    detail: `the stop of the line is lifted (${stops.join('; ')}); it was ${held.state}`,
    ...(plan === null ? {} : { until: new Date(untilMs(plan, held)).toISOString() }),
  };
}

const untilMs = (plan: AssessedPlan, { state, wave }: Held): number =>
  waitsUntilMs(plan, state, wave);

const isHeld = (story: ChangeStory): boolean => story.state === 'paused' && story.abort === null;
