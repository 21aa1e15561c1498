import { condition } from '@temporalio/workflow';
import type { AssessedPlan } from '../../domain/change/story.ts';
import { formatUtc } from '../../domain/format-utc.ts';
import type { ChangeStory } from './change-state.ts';

/**
 * Leaves it to a person whether it is tried again, as long as a rollback still fits into the window. Cancelling
 * the change ends the hold as it ends everything else: with a rollback.
 */
export async function holdAfterFailure(
  story: ChangeStory,
  plan: AssessedPlan,
  because: string,
): Promise<'resumed' | 'out-of-time'> {
  const untilMs = plan.closesAtMs - plan.rollbackBudgetMs;
  const held = story.state;
  story.hold ??= { by: 'workflow', reason: because, since: new Date().toISOString() };
  const { by, reason, since } = story.hold;
  await story.turns.runExclusive(() =>
    story.step('pause', {
      message: `Paused, because ${because}. Resume it to simulate and deploy again, or cancel it to roll back; at ${formatUtc(untilMs)} it is rolled back.`,
      waitingFor: {
        what: 'resume',
        detail: 'somebody resumes it, which simulates and deploys again, or cancels it',
        until: new Date(untilMs).toISOString(),
        hold: { by, reason, since },
      },
      alert: 'everyone-involved',
    }),
  );
  const decided = (): boolean => story.hold === null || story.abort !== null;
  const inTime = await condition(decided, Math.max(1, untilMs - Date.now()));
  story.hold = null;
  await story.turns.runExclusive(async () => {
    if (story.state !== 'paused' || story.abort !== null) return;
    await story.step('resume', {
      to: held,
      message: inTime ? 'It is tried again.' : 'Nobody has decided, and the time is up.',
    });
  });
  return inTime ? 'resumed' : 'out-of-time';
}
