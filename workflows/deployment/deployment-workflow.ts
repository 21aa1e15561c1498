import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { SiteRef } from '../../domain/change/change-steps.ts';
import type { SiteOutcome } from '../../domain/change/story.ts';
import { site } from '../steps.ts';

/**
 * One attempt in one datacentre: apply, then wait until it is healthy. Always answers with an outcome in
 * words; only cancellation ends it otherwise. It does not clean up after itself: what a failed attempt
 * leaves behind is the change's to redeploy or roll back.
 */
export async function deploymentWorkflow(target: SiteRef): Promise<SiteOutcome> {
  const { datacentre, mode } = target;
  try {
    await site.applySite(target);
    const { ready, detail } = await site.awaitSite(target);
    if (!ready) return { datacentre, outcome: 'failed', detail };
    return { datacentre, outcome: mode === 'apply' ? 'applied' : 'restored', detail };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { datacentre, ...outcomeOfFailure(error) };
  }
}

function outcomeOfFailure(error: unknown): Pick<SiteOutcome, 'outcome' | 'detail'> {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const detail = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof ApplicationFailure) {
    if (cause.type === 'unavailable') return { outcome: 'unreachable', detail };
    if (cause.type === 'stale') return { outcome: 'needs-a-person', detail };
  }
  return { outcome: 'failed', detail };
}
