import type { ChangeState } from '../change/life-cycle.ts';
import type { Page } from '../inventory/ports.ts';

/** Outcomes of changes that have touched production. */
export const carriedOut = [
  'completed',
  'rolled-back',
  'rollback-incomplete',
] as const satisfies readonly ChangeState[];
export type CarriedOut = (typeof carriedOut)[number];

/** What the figures mean, wherever they are shown: this text is shown with them. */
export const changeFailureDefinition =
  'Of the changes whose intervention ended in the period (from, included, to, excluded) completed, rolled back or with its rollback incomplete: those that did not complete, or that an incident is attributed to (caused-by, not withdrawn). Changes that were rejected, cancelled or expired have touched nothing and do not count. An incident counts where its change does, whenever it was attributed; a change with several counts once. Without a change there is no rate.';

/** Counts of one group of changes. */
export interface FailureCounts {
  readonly changes: number;
  readonly failed: number;
  readonly rolledBack: number;
  readonly rollbackIncomplete: number;
  /** That an incident is attributed to, however they ended. */
  readonly causedIncident: number;
}

/** From 0 to 100; null where there is no change: nothing is no success. */
export function failureRatePercent({ changes, failed }: FailureCounts): number | null {
  return changes === 0 ? null : (failed / changes) * 100;
}

/** Whether a change counts as failed. */
export function hasFailed(change: {
  readonly outcome: CarriedOut;
  readonly incidents: number;
}): boolean {
  return change.outcome !== 'completed' || change.incidents > 0;
}

export interface FailedChange {
  readonly change: string;
  readonly title: string;
  readonly class: string;
  readonly application: string | null;
  readonly outcome: CarriedOut;
  readonly endedAt: string;
  /** Labels of the incidents that are attributed to it. */
  readonly incidents: readonly string[];
}

export interface ChangeFailures extends FailureCounts, Page<FailedChange> {
  readonly from: string;
  readonly to: string;
  readonly definition: string;
  readonly ratePercent: number | null;
  readonly byClass: readonly (FailureCounts & {
    readonly class: string;
    readonly ratePercent: number | null;
  })[];
}

export interface ChangeFailureReader {
  /** @throws DomainError `invalid` for a period that ends before it begins. */
  failures(
    period: { readonly from: string; readonly to: string },
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<ChangeFailures>;
}
