import type { Knex } from 'knex';
import type { StoredAssessment } from '../../domain/change/ports.ts';
import type { Conflict } from '../../domain/conflicts/conflict.ts';
import { DomainError } from '../../domain/errors.ts';
import {
  keepConflicts,
  lockConflicts,
  renumberIntervention,
  type ConflictFinder,
} from './conflict-store.ts';

/** Impact, plan and conflicts of one revision in one transaction; repeated, it leaves the same. */
export async function storeAssessment(
  trx: Knex,
  engine: ConflictFinder,
  assessment: StoredAssessment,
): Promise<readonly Conflict[]> {
  const { changeId, revision, snapshot, at } = assessment;
  await lockConflicts(trx);
  const { impact, services, customers } = snapshot;
  const columns = {
    inventory_version: impact.version,
    impact: JSON.stringify(impact),
    assessed_at: at,
    services_down: Buffer.from(services.down),
    services_degraded: Buffer.from(services.degraded),
    services_at_risk: Buffer.from(services.atRisk),
    customers_down: Buffer.from(customers.down),
    customers_degraded: Buffer.from(customers.degraded),
    customers_at_risk: Buffer.from(customers.atRisk),
  };
  await trx('impact_assessment')
    .insert({ change_id: changeId, revision, ...columns })
    .onConflict(['change_id', 'revision'])
    .merge(columns);
  const updated = await trx('change')
    .where({ id: changeId, revision })
    .update({
      plan: JSON.stringify(assessment.plan),
      plan_hash: assessment.planHash,
      approvals_needed: assessment.approvalsNeeded,
      approval_expires_at: assessment.approvalExpiresAt,
      updated_at: at,
    });
  if (updated === 0) {
    throw new DomainError('conflict', `Revision ${revision} of the change is no longer current.`, {
      code: 'revision-superseded',
    });
  }
  await renumberIntervention(trx, changeId);
  return keepConflicts(trx, engine, changeId, at);
}
