import { condition } from '@temporalio/workflow';
import { holdableStates, type ChangeState } from '../../domain/change/life-cycle.ts';
import type { ChangeStory } from './change-state.ts';

/**
 * Stands still here while a person has the change on hold, and goes on in the state it was in. An abort or
 * a cancellation ends the hold as well.
 */
export async function holdIfAsked(story: ChangeStory): Promise<void> {
  const hold = story.hold;
  const held = story.state;
  if (hold === null || !(holdableStates as readonly ChangeState[]).includes(held)) return;
  const going = story.waitingFor;
  await story.turns.runExclusive(() =>
    story.step('pause', {
      actor: hold.by,
      message: `Paused by ${hold.by}: ${hold.reason}`,
      waitingFor: { what: 'resume', detail: `somebody resumes it; it was ${held}` },
      alert: 'everyone-involved',
    }),
  );
  await condition(() => story.hold === null || story.abort !== null || story.state !== 'paused');
  await story.turns.runExclusive(async () => {
    if (story.state !== 'paused' || story.abort !== null) return;
    await story.step('resume', {
      to: held,
      message: `Goes on where it was: ${held}.`,
      ...(going === null ? {} : { waitingFor: going }),
    });
  });
}
