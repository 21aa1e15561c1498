import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import { dutiesOf, dutyState, type Classification } from '../../domain/incidents/duties.ts';
import type { IncidentPlan } from '../../domain/incidents/plan.ts';
import type { IncidentDuty } from '../../domain/incidents/ports.ts';
import { planInForce } from './incident-plan-rows.ts';
import { incidentLabel, type IncidentRow } from './incident-rows.ts';

export interface DutyRow {
  readonly duty: string;
  readonly title: string;
  readonly recipient: string;
  readonly due_at: string;
  readonly notified_at: string | null;
  readonly proof: string | null;
  readonly waived_at: string | null;
  readonly waived_reason: string | null;
  readonly settled_by: string | null;
  readonly settled_at: string | null;
}

/** Clocks of what is owed and does not run yet; what runs already goes on as it was. */
export async function startDuties(
  trx: Knex,
  given: {
    readonly incident: string;
    readonly classification: Classification;
    readonly awareAt: string;
    readonly version: number;
    readonly plan: IncidentPlan;
  },
): Promise<string[]> {
  const { incident, classification, awareAt, version, plan } = given;
  const owed = dutiesOf(plan, classification, awareAt);
  if (owed.length === 0) return [];
  const started = await trx('incident_duty')
    .insert(
      owed.map(({ duty, title, to, dueAt }) => ({
        ...{ incident_id: incident, duty, title, recipient: to, due_at: dueAt },
        plan_version: version,
      })),
    )
    .onConflict(['incident_id', 'duty'])
    .ignore()
    .returning<{ duty: string }[]>('duty');
  return started.map(({ duty }) => duty);
}

/**
 * Of an incident that has opened by itself: what its category and severity make owed runs from then on, and does not
 * wait until a person has looked. Whether personal data is concerned, nobody knows yet.
 */
export async function startAutomaticDuties(trx: Knex, incident: string): Promise<void> {
  const { version, plan } = await planInForce(trx);
  const row = await trx('incident')
    .where({ id: incident })
    .first<{ category: string; severity: string; aware_at: string }>(
      'category',
      'severity',
      'aware_at',
    );
  const { category, severity, aware_at: awareAt } = row;
  const classification = { category, severity, personalData: false };
  await startDuties(trx, { incident, classification, awareAt, version, plan });
}

export async function dutiesOfIncident(
  trx: Knex,
  incident: string,
  now: string,
): Promise<IncidentDuty[]> {
  const rows = await trx('incident_duty')
    .where({ incident_id: incident })
    .orderBy(['due_at', 'duty'])
    .select<DutyRow[]>();
  return rows.map((row) => toDuty(row, now));
}

/** A duty that waits to be settled. @throws DomainError `not-found`, `refused`. */
export async function findRunningDuty(
  trx: Knex,
  incident: IncidentRow,
  duty: string,
): Promise<DutyRow> {
  const label = incidentLabel(incident.number);
  const row = await trx('incident_duty')
    .where({ incident_id: incident.id, duty })
    .forUpdate()
    .first<DutyRow | undefined>();
  if (row === undefined) {
    throw new DomainError('not-found', `${label} owes no notification "${duty}".`, {
      code: 'no-such-duty',
      remedy: `ctc incident show ${label} lists what it owes.`,
    });
  }
  if (row.settled_at === null) return row;
  throw new DomainError('refused', `${row.title} of ${label} is settled already.`, {
    code: 'duty-settled',
    remedy: 'Write what is new into its log: ctc incident step … note.',
  });
}

function toDuty(row: DutyRow, now: string): IncidentDuty {
  const { duty, title, proof } = row;
  return {
    ...{ duty, title, proof },
    to: row.recipient,
    dueAt: row.due_at,
    state: dutyState(
      { dueAt: row.due_at, notifiedAt: row.notified_at, waivedAt: row.waived_at },
      Date.parse(now),
    ),
    notifiedAt: row.notified_at,
    waivedReason: row.waived_reason,
    settledBy: row.settled_by,
    settledAt: row.settled_at,
  };
}
