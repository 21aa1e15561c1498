import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { SiteOutcome } from '../../domain/change/story.ts';
import { rollout, verification } from '../steps.ts';
import type { ChangeStory } from './change-state.ts';
import { deploySite, deployWave, describeSite, isDone, recordOutcomes } from './deploy-wave.ts';
import { rootMessage } from './root-message.ts';

/** Restores the last verified release in every datacentre that was touched. Starts in `rolling-back`. */
export async function rollBack(story: ChangeStory, because: string): Promise<void> {
  story.attempt += 1;
  story.away = null;
  const ref = { changeId: story.changeId, attempt: story.attempt };
  story.waitingFor = { what: 'rollback', detail: 'the last verified release is restored' };
  try {
    const planned = await rollout.planAttempt({ ...ref, kind: 'rollback' });
    await story.note({ message: `Rolling back, because ${because}. ${planned.summary}` });
    const outcomes = (
      await Promise.all(
        planned.waves.map((datacentres) =>
          deployWave(story, {}, { ...planned, attempt: ref.attempt, datacentres, mode: 'restore' }),
        ),
      )
    ).flat();
    const broken = outcomes.filter((outcome) => !isDone(outcome));
    if (broken.length > 0) {
      await failToRestore(story, planned.leavesSomething, broken);
      return;
    }
    if (!planned.leavesSomething) {
      await story.step('restore', { message: planned.summary, alert: 'everyone-involved' });
      return;
    }
    const { verdict, summary } = await verification.verifyAttempt(ref);
    if (verdict === 'passed') await restored(story, summary);
    else await needsAPerson(story, summary);
  } catch (error) {
    await needsAPerson(story, rootMessage(error));
  }
}

/**
 * A datacentre that could not be reached is restored when it comes back, without anybody asking for it; until
 * then the change waits in `rollback-incomplete`, where a person may also try the whole rollback again.
 */
export async function repairWhatIsAway(story: ChangeStory): Promise<void> {
  const away = story.away;
  if (away === null) return;
  const { attempt, datacentres, leavesSomething } = away;
  const ref = { changeId: story.changeId, attempt };
  try {
    const outcomes = await Promise.all(
      datacentres.map((datacentre) =>
        deploySite({ ...ref, datacentre, mode: 'restore', patient: true }),
      ),
    );
    await recordOutcomes(story, attempt, outcomes);
    const broken = outcomes.filter((outcome) => !isDone(outcome));
    const report = leavesSomething
      ? await verification.verifyAttempt(ref)
      : { verdict: 'passed' as const, summary: 'nothing of it is left' };
    await story.turns.runExclusive(async () => {
      if (story.away !== away) return;
      story.away = null;
      const back = `${datacentres.join(', ')} came back`;
      const whole = broken.length === 0 && report.verdict === 'passed';
      if (whole && story.state === 'rollback-incomplete') {
        await restored(story, `${back}. ${report.summary}`);
        return;
      }
      const problem = broken.length > 0 ? broken.map(describeSite).join('; ') : report.summary;
      await story.note({
        message: whole
          ? `${back} and is restored. ${report.summary}`
          : `${back}, and the rollback still needs a person: ${problem}`,
        ...(whole ? {} : { waitingFor: waitingForAPerson }),
        alert: 'everyone-involved',
      });
    });
  } catch (error) {
    if (isCancellation(error) && CancellationScope.current().consideredCancelled) return;
    await story.note({
      message: `The repair of ${datacentres.join(', ')} has failed: ${rootMessage(error)}`,
      waitingFor: waitingForAPerson,
      alert: 'everyone-involved',
    });
  }
}

const waitingForAPerson = {
  what: 'people',
  detail: 'somebody mends it and tries the rollback again',
} as const;

const restored = (story: ChangeStory, summary: string): Promise<void> =>
  story.step('restore', {
    message: `The last verified release answers again: ${summary}`,
    alert: 'everyone-involved',
  });

async function failToRestore(
  story: ChangeStory,
  leavesSomething: boolean,
  broken: readonly SiteOutcome[],
): Promise<void> {
  const words = broken.map(describeSite).join('; ');
  if (broken.some(({ outcome }) => outcome !== 'unreachable')) {
    await needsAPerson(story, words);
    return;
  }
  const datacentres = broken.map(({ datacentre }) => datacentre);
  story.away = { attempt: story.attempt, datacentres, leavesSomething };
  await story.step('fail-to-restore', {
    message: `The rollback is incomplete: ${words}. What could not be reached is restored when it comes back.`,
    waitingFor: { what: 'datacentre', detail: `${datacentres.join(', ')} can be reached again` },
    alert: 'everyone-involved',
  });
}

const needsAPerson = (story: ChangeStory, detail: string): Promise<void> =>
  story.step('fail-to-restore', {
    message: `The rollback is incomplete and needs a person: ${detail}`,
    waitingFor: waitingForAPerson,
    alert: 'everyone-involved',
  });
