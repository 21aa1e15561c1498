import type { Knex } from 'knex';
import {
  defaultIncidentPlan,
  incidentPlanSchema,
  type IncidentPlan,
} from '../../domain/incidents/plan.ts';

interface PlanRow {
  readonly version: number;
  readonly definition: unknown;
  readonly reason: string;
  readonly adopted_by: string;
  readonly adopted_at: string;
}

export interface StoredPlan {
  readonly version: number;
  readonly plan: IncidentPlan;
  readonly reason: string | null;
  readonly adoptedBy: string | null;
  readonly adoptedAt: string | null;
}

/** The newest plan; the default one, as version 0, while none has been adopted. */
export async function planInForce(trx: Knex): Promise<StoredPlan> {
  const row = await trx('incident_plan').orderBy('version', 'desc').first<PlanRow | undefined>();
  return row === undefined ? notAdopted : toPlan(row);
}

/** Undefined where there is no such version. */
export async function planOfVersion(trx: Knex, version: number): Promise<StoredPlan | undefined> {
  if (version === 0) return notAdopted;
  const row = await trx('incident_plan').where({ version }).first<PlanRow | undefined>();
  return row === undefined ? undefined : toPlan(row);
}

const notAdopted: StoredPlan = {
  version: 0,
  plan: defaultIncidentPlan,
  reason: null,
  adoptedBy: null,
  adoptedAt: null,
};

function toPlan(row: PlanRow): StoredPlan {
  return {
    version: row.version,
    plan: incidentPlanSchema.parse(row.definition),
    reason: row.reason,
    adoptedBy: row.adopted_by,
    adoptedAt: row.adopted_at,
  };
}
