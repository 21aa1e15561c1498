import type { Knex } from 'knex';
import { openForClosing } from '../../domain/incidents/closing.ts';
import { actionsOf } from './action-rows.ts';
import { dutiesOfIncident } from './incident-duties.ts';
import { planInForce, planOfVersion } from './incident-plan-rows.ts';
import { incidentLabel, type IncidentRow } from './incident-rows.ts';

/** What stands against closing an incident, by the plan that it was classified by. */
export async function openAgainstClosing(
  trx: Knex,
  incident: IncidentRow,
  now: string,
): Promise<string[]> {
  const { id, state, severity, plan_version: version } = incident;
  const stored =
    (version === null ? undefined : await planOfVersion(trx, version)) ?? (await planInForce(trx));
  const [review] = await trx('incident_review')
    .where({ incident_id: id })
    .pluck<string[]>('incident_id');
  return openForClosing({
    label: incidentLabel(incident.number),
    ...{ state, severity, classifiedBy: incident.classified_by, plan: stored.plan },
    isReviewed: review !== undefined,
    duties: await dutiesOfIncident(trx, id, now),
    actions: await actionsOf(trx, { incident_id: id }, now),
  });
}
