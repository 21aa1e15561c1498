import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { SiteRef } from '../../domain/change/change-steps.ts';
import type { BakeRule } from '../../domain/change/rollout-strategy.ts';
import type { SiteOutcome } from '../../domain/change/story.ts';
import type { DeploymentStage } from '../../domain/deployment/ports.ts';
import { finalFailureTypes } from '../failures.ts';
import { bake, patientSite, site } from '../steps.ts';

export interface DeploymentInput extends Omit<SiteRef, 'stage'> {
  /** Default: in one. */
  readonly stages?: readonly DeploymentStage[];
  /** What a canary must have gone through before the rest follows it. */
  readonly canaryBake?: BakeRule;
  /** Each stage is ready this long after its apply, or has failed. */
  readonly progressDeadlineMs?: number;
  /** Tried until the datacentre comes back, however long that takes. */
  readonly patient?: boolean;
}

/**
 * One attempt in one datacentre: stage by stage apply, then wait until it is healthy. Always answers with an
 * outcome in words; only cancellation ends it otherwise. It does not clean up after itself: what a failed
 * attempt leaves behind is the change's to redeploy or roll back.
 */
export async function deploymentWorkflow(input: DeploymentInput): Promise<SiteOutcome> {
  const { stages = ['full'], canaryBake, progressDeadlineMs, patient = false, ...target } = input;
  const { datacentre, mode } = target;
  const { applySite, awaitSite } = patient ? patientSite : site;
  let detail = '';
  let tookMs = 0;
  try {
    for (const stage of stages) {
      const begunMs = Date.now();
      const ref: SiteRef = stage === 'full' ? target : { ...target, stage };
      await applySite(ref);
      const awaited = await awaitSite({
        ...ref,
        ...(progressDeadlineMs === undefined
          ? {}
          : { deadlineMs: Date.now() + progressDeadlineMs }),
      });
      ({ detail } = awaited);
      tookMs = Math.max(tookMs, Date.now() - begunMs);
      if (!awaited.ready) return { datacentre, outcome: 'failed', detail, tookMs };
      if (stage !== 'canary' || canaryBake === undefined) continue;
      const { ok, detail: seen } = await bake.bakeSite({
        changeId: target.changeId,
        attempt: target.attempt,
        datacentre,
        stage,
        untilMs: Date.now() + canaryBake.forMs,
        samples: canaryBake.samples,
      });
      if (!ok) return { datacentre, outcome: 'failed', detail: `the canary ${seen}` };
    }
    return { datacentre, outcome: mode === 'apply' ? 'applied' : 'restored', detail, tookMs };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { datacentre, ...outcomeOfFailure(error, mode) };
  }
}

/** What an activity that failed for good says of its datacentre. */
export function outcomeOfFailure(
  error: unknown,
  mode: SiteRef['mode'],
): Omit<SiteOutcome, 'datacentre'> {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const detail = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof ApplicationFailure) {
    if (cause.type === 'unavailable') return { outcome: 'unreachable', detail };
    if (cause.type === 'stale') return { outcome: 'needs-a-person', detail };
    // Others manage what would have to be restored: nobody may overrule them but a person.
    if (cause.type === 'conflict' && mode === 'restore') {
      return { outcome: 'needs-a-person', detail };
    }
    if (finalFailureTypes.includes(cause.type ?? '')) {
      return { outcome: 'failed', detail, refused: true };
    }
  }
  return { outcome: 'failed', detail };
}
