import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { DomainError } from '../../domain/errors.ts';
import type { EventAssessment, EventState } from '../../domain/incidents/event.ts';
import { classificationComplaints, severityOf } from '../../domain/incidents/plan.ts';
import type { EventRegister, StoredEvent } from '../../domain/incidents/ports.ts';
import { raiseAlert } from './alerts.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { byIdOrLabel } from './id-or-label.ts';
import { startDuties } from './incident-duties.ts';
import { planInForce } from './incident-plan-rows.ts';
import type { RegisterDeps } from './incident-plan-store.ts';
import { checkInstant, findOpenIncident, incidentLabel } from './incident-rows.ts';
import { noteIncident } from './incidents.ts';
import { insertEvent } from './report-event.ts';
import { appendToLedger } from './ledger-append.ts';
import { explainingConstraints } from './postgres-errors.ts';
import { uuidInAnyCase } from './uuid-pattern.ts';

interface EventRow {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly description: string;
  readonly application: string | null;
  readonly noticed_at: string;
  readonly reported_by: string;
  readonly reported_at: string;
  readonly state: EventState;
  readonly incident_number: number | null;
  readonly decision_reason: string | null;
  readonly decided_by: string | null;
  readonly decided_at: string | null;
}

/** What people noticed, and what it was found to be. */
export function createEventRegister({ database, now }: RegisterDeps): EventRegister {
  const register: EventRegister = {
    async report(report, by, requestKey) {
      checkInstant('noticedAt', report.noticedAt, { now: now() });
      const { application } = report;
      const unknown = () =>
        new DomainError('invalid', `There is no application "${application ?? ''}".`, {
          code: 'no-such-application',
          complaints: [{ field: 'application', message: 'leave it out where you do not know it' }],
        });
      const id = await explainingConstraints({ reported_event_application_fkey: unknown }, () =>
        database.transaction((trx) =>
          insertEvent(trx, report, { by, key: `${by}/${requestKey}`, at: now() }),
        ),
      );
      return register.get(id ?? (await idOfKey(database, `${by}/${requestKey}`)));
    },

    async assess(idOrLabel, assessment, by) {
      await database.transaction(async (trx) => {
        const row = await findEvent(trx, idOrLabel, { forUpdate: true });
        if (row.state !== 'reported') throw assessedAlready(row);
        const incident = await becomes(trx, row, assessment, by, now());
        await trx('reported_event')
          .where({ id: row.id })
          .update({
            state: incident === null ? 'dismissed' : 'incident',
            incident_id: incident,
            decision_reason: assessment.reason,
            decided_by: by,
            decided_at: now(),
          });
        const { reason, ...spoken } = assessment;
        await appendToLedger(trx, {
          at: now(),
          actor: by,
          action: 'event.assessed',
          subject: { kind: 'event', id: row.id },
          details: { ...spoken, incident },
          sealed: { reason },
        });
        // Whoever reported it learns what came of it.
        await raiseAlert(
          trx,
          [row.reported_by].filter((id) => id !== by),
          {
            key: `event/${row.id}/assessed`,
            changeId: null,
            topic: 'event',
            subject: `EVT-${row.number} ${row.title}: ${assessment.decision}`,
            body: assessment.reason,
            at: now(),
          },
        );
      });
      return register.get(idOrLabel);
    },

    get: async (idOrLabel) => toEvent(await findEvent(database, idOrLabel)),

    async list({ states, reportedBy }, { limit, cursor }) {
      const query = events(database)
        .orderBy('e.number', 'desc')
        .limit(limit + 1);
      if (states !== undefined) void query.whereIn('e.state', [...states]);
      if (reportedBy !== undefined) void query.where('e.reported_by', reportedBy);
      if (cursor !== undefined) {
        void query.where('e.number', '<', decodeCursor(cursor, /^\d{1,15}$/));
      }
      return pageOf((await query) as EventRow[], limit, toEvent, ({ number }) => number);
    },
  };
  return register;
}

/** The incident that the event is, or is part of; null where it is none. */
async function becomes(
  trx: Knex,
  event: EventRow,
  assessment: EventAssessment,
  by: string,
  at: string,
): Promise<string | null> {
  const { decision, reason } = assessment;
  if (decision === 'dismissed') return null;
  if (decision === 'part-of') {
    const { id } = await findOpenIncident(trx, assessment.incident);
    await noteIncident(trx, {
      ...{ incident: id, key: `event/${event.id}`, actor: by, at, alert: true },
      message: `EVT-${event.number} (${event.title}) is part of it: ${reason}`,
    });
    return id;
  }
  const { version, plan } = await planInForce(trx);
  const complaints = classificationComplaints(plan, assessment);
  if (complaints.length > 0) throw invalidClassification(version, complaints);
  const { category, severity, personalData, awareAt = event.noticed_at } = assessment;
  checkInstant('awareAt', awareAt, { now: at, notBefore: event.noticed_at });
  const minutes = severityOf(plan, severity)?.respondWithinMinutes ?? 0;
  const id = uuidv7();
  await trx('incident').insert({
    ...{ id, category, severity, source: 'event', state: 'open', violated: [] },
    origin_key: `event/${event.id}`,
    application: event.application,
    summary: event.title,
    personal_data: personalData,
    classified_by: by,
    plan_version: version,
    aware_at: awareAt,
    opened_at: at,
    respond_by: new Date(Date.parse(awareAt) + minutes * 60_000).toISOString(),
  });
  await noteIncident(trx, {
    ...{ incident: id, key: 'open', actor: by, at, alert: true, action: 'opened' },
    message: `${event.title}: ${severity}, ${category}${personalData ? ', with personal data' : ''}. ${reason}`,
    details: { event: event.id, category, severity, personalData, awareAt, planVersion: version },
  });
  await startDuties(trx, { incident: id, classification: assessment, awareAt, version, plan });
  return id;
}

export function invalidClassification(
  version: number,
  complaints: readonly { readonly field: string; readonly message: string }[],
): DomainError {
  return new DomainError('invalid', `Version ${version} of the incident plan does not have that.`, {
    code: 'invalid-classification',
    complaints,
    remedy: 'ctc incident plan show prints its categories and severities.',
  });
}

function assessedAlready(row: EventRow): DomainError {
  const as =
    row.incident_number === null ? 'dismissed' : `part of ${incidentLabel(row.incident_number)}`;
  return new DomainError(
    'conflict',
    `EVT-${row.number} was found ${as} by ${row.decided_by ?? ''} at ${row.decided_at ?? ''}.`,
    { code: 'event-assessed', remedy: 'Report what is new as another event.' },
  );
}

const events = (trx: Knex) =>
  trx('reported_event as e')
    .leftJoin('incident as i', 'i.id', 'e.incident_id')
    .select('e.*', 'i.number as incident_number');

async function findEvent(
  trx: Knex,
  idOrLabel: string,
  { forUpdate = false } = {},
): Promise<EventRow> {
  const where = byIdOrLabel(idOrLabel, { letters: 'evt', id: uuidInAnyCase, alias: 'e.' });
  const row =
    where === undefined
      ? undefined
      : ((await events(trx)
          .where(where)
          .modify((query) => {
            if (forUpdate) void query.forUpdate('e');
          })
          .first()) as EventRow | undefined);
  if (row !== undefined) return row;
  throw new DomainError('not-found', `There is no event "${idOrLabel}".`, {
    code: 'no-such-event',
    remedy: 'Use its label, such as EVT-3, or its id; ctc event list shows both.',
  });
}

async function idOfKey(database: Knex, key: string): Promise<string> {
  const row = await database('reported_event')
    .where({ request_key: key })
    .first<{ id: string }>('id');
  return row.id;
}

function toEvent(row: EventRow): StoredEvent {
  return {
    id: row.id,
    label: `EVT-${row.number}`,
    title: row.title,
    description: row.description,
    application: row.application,
    noticedAt: row.noticed_at,
    reportedBy: row.reported_by,
    reportedAt: row.reported_at,
    state: row.state,
    incident: row.incident_number === null ? null : incidentLabel(row.incident_number),
    decisionReason: row.decision_reason,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at,
  };
}
