import { isCancellation } from '@temporalio/workflow';
import type { BakeRule } from '../../domain/change/rollout-strategy.ts';
import type { AssessedPlan, SiteOutcome } from '../../domain/change/story.ts';
import { outcomeOfFailure } from '../deployment/deployment-workflow.ts';
import { bake } from '../steps.ts';
import type { ChangeStory } from './change-state.ts';
import { untilItCloses } from './until-it-closes.ts';

/**
 * Watches what a wave has deployed until it has run long enough and has been seen often enough; answers with
 * the datacentres where it did not hold.
 */
export async function bakeWave(
  story: ChangeStory,
  plan: AssessedPlan,
  rule: BakeRule,
  { attempt, datacentres }: { readonly attempt: number; readonly datacentres: readonly string[] },
): Promise<SiteOutcome[]> {
  const untilMs = Date.now() + rule.forMs;
  const evidence = rule.samples > 0 ? ` and ${rule.samples} samples of each entry` : '';
  await story.note({
    message: `Bakes in ${datacentres.join(', ')}: ${rule.forMs / 1000} s${evidence}.`,
    waitingFor: {
      what: 'bake',
      detail: `it has held in ${datacentres.join(', ')} for ${rule.forMs / 1000} s${evidence}`,
      until: new Date(untilMs).toISOString(),
    },
  });
  const watched = await Promise.all(
    datacentres.map(async (datacentre): Promise<SiteOutcome & { held: boolean }> => {
      const ref = { changeId: story.changeId, attempt, datacentre };
      try {
        const { ok, detail } = await untilItCloses(plan, () =>
          bake.bakeSite({ ...ref, stage: 'full', untilMs, samples: rule.samples }),
        );
        return { datacentre, outcome: ok ? 'applied' : 'failed', detail, held: ok };
      } catch (error) {
        if (isCancellation(error)) throw error;
        return { datacentre, ...outcomeOfFailure(error, 'apply'), held: false };
      }
    }),
  );
  await story.note({
    message: `Baked. ${watched.map(({ datacentre, detail }) => `${datacentre}: ${detail}`).join('; ')}.`,
    waitingFor: { what: 'wave', detail: 'the waves go on' },
  });
  return watched.flatMap(({ held, ...outcome }) => (held ? [] : [outcome]));
}
