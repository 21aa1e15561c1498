import { ApplicationFailure, CancellationScope, isCancellation } from '@temporalio/workflow';
import { workOf } from '../../domain/change/plan-window.ts';
import type { AssessedPlan } from '../../domain/change/story.ts';

/** Optimus or a datacentre may be away for long; the end of the time for work stops the waiting. */
export async function untilItCloses<T>(plan: AssessedPlan, ask: () => Promise<T>): Promise<T> {
  try {
    const leftMs = Math.max(1, workOf(plan).closesAtMs - Date.now());
    return await CancellationScope.withTimeout(leftMs, ask);
  } catch (error) {
    if (!isCancellation(error) || CancellationScope.current().consideredCancelled) throw error;
    throw ApplicationFailure.nonRetryable(
      'the window closed before Optimus and the datacentres had answered',
    );
  }
}
