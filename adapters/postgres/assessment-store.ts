import type { Knex } from 'knex';
import type { StoredAssessment } from '../../domain/change/ports.ts';
import type { Conflict, Intervention } from '../../domain/conflicts/detect-conflicts.ts';
import { DomainError } from '../../domain/errors.ts';
import { liveInterventions, lockConflicts, storeConflicts } from './conflict-store.ts';

/** Impact, plan and conflicts of one revision in one transaction; repeated, it leaves the same. */
export async function storeAssessment(
  trx: Knex,
  assessment: StoredAssessment,
  detect: (self: Intervention, others: readonly Intervention[]) => readonly Conflict[],
): Promise<readonly Conflict[]> {
  const { changeId, revision, at } = assessment;
  await lockConflicts(trx);
  const impact = JSON.stringify({ impact: assessment.impact, footprint: assessment.footprint });
  await trx('impact_assessment')
    .insert({
      change_id: changeId,
      revision,
      inventory_version: assessment.inventoryVersion,
      impact,
      assessed_at: at,
    })
    .onConflict(['change_id', 'revision'])
    .merge(['inventory_version', 'impact', 'assessed_at']);
  const updated = await trx('change')
    .where({ id: changeId, revision })
    .update({
      plan: JSON.stringify(assessment.plan),
      plan_hash: assessment.planHash,
      approval_expires_at: assessment.approvalExpiresAt,
      updated_at: at,
    });
  if (updated === 0) {
    throw new DomainError('conflict', `Revision ${revision} of the change is no longer current.`, {
      code: 'revision-superseded',
    });
  }
  const interventions = await liveInterventions(trx);
  const self = interventions.find(({ change }) => change === changeId);
  const conflicts =
    self === undefined
      ? []
      : detect(
          self,
          interventions.filter((other) => other !== self),
        );
  await storeConflicts(trx, changeId, conflicts, at);
  return conflicts;
}
