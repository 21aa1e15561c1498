import type { Knex } from 'knex';
import type {
  IncidentReader,
  IncidentReview,
  IncidentSummary,
} from '../../domain/incidents/ports.ts';
import { actionsOf } from './action-rows.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { evidenceOfIncident } from './evidence-store.ts';
import { decisionsOf } from './guardian-reader.ts';
import { openAgainstClosing } from './incident-closing.ts';
import { dutiesOfIncident } from './incident-duties.ts';
import { changesOfIncident } from './incident-links.ts';
import type { RegisterDeps } from './incident-plan-store.ts';
import { findIncident, incidentLabel, type IncidentRow } from './incident-rows.ts';

/** The one register of incidents, whatever has opened them. */
export function createIncidentReader({ database, now }: RegisterDeps): IncidentReader {
  return {
    async list({ application, states, sources, severity }, { limit, cursor }) {
      const query = incidents(database)
        .orderBy('i.number', 'desc')
        .limit(limit + 1);
      if (application !== undefined) void query.where('i.application', application);
      if (states !== undefined) void query.whereIn('i.state', [...states]);
      if (sources !== undefined) void query.whereIn('i.source', [...sources]);
      if (severity !== undefined) void query.where('i.severity', severity);
      if (cursor !== undefined) {
        void query.where('i.number', '<', decodeCursor(cursor, /^\d{1,15}$/));
      }
      return pageOf((await query) as ShownRow[], limit, toSummary, ({ number }) => number);
    },

    applicationOf: async (idOrLabel) => (await findIncident(database, idOrLabel)).application,

    async get(idOrLabel) {
      const { id } = await findIncident(database, idOrLabel);
      const [row] = (await incidents(database).where('i.id', id)) as [ShownRow];
      const at = now();
      const { breach = null, ...evidence } = row.evidence ?? {};
      return {
        ...toSummary(row),
        planVersion: row.plan_version,
        classifiedBy: row.classified_by,
        evidence: row.evidence === null ? null : (evidence as typeof row.evidence),
        breach,
        decisions: await decisionsOf(database, id),
        events: await eventsOf(database, id),
        duties: await dutiesOfIncident(database, id, at),
        changes: await changesOfIncident(database, id),
        custody: await evidenceOfIncident(database, id),
        review: await reviewOf(database, id),
        actions: await actionsOf(database, { incident_id: id }, at),
        openForClosing: await openAgainstClosing(database, row, at),
        log: await logOf(database, id),
      };
    },
  };
}

type ShownRow = IncidentRow & { readonly change_number: number | null };

const incidents = (database: Knex) =>
  database('incident as i')
    .leftJoin('change as c', 'c.id', 'i.change_id')
    .select('i.*', 'c.number as change_number');

function toSummary(row: ShownRow): IncidentSummary {
  return {
    id: row.id,
    label: incidentLabel(row.number),
    source: row.source,
    state: row.state,
    summary: row.summary,
    category: row.category,
    severity: row.severity,
    personalData: row.personal_data,
    application: row.application,
    violated: row.violated,
    change: row.change_number === null ? null : `CHG-${row.change_number}`,
    awareAt: row.aware_at,
    openedAt: row.opened_at,
    respondBy: row.respond_by,
    respondedAt: row.responded_at,
    mitigatedAt: row.mitigated_at,
    resolvedAt: row.resolved_at,
    closedAt: row.closed_at,
  };
}

async function eventsOf(database: Knex, incident: string): Promise<string[]> {
  const numbers = await database('reported_event')
    .where({ incident_id: incident })
    .orderBy('number')
    .pluck<number[]>('number');
  return numbers.map((number) => `EVT-${number}`);
}

async function reviewOf(database: Knex, incident: string): Promise<IncidentReview | null> {
  const row = await database('incident_review').where({ incident_id: incident }).first<
    | {
        what_happened: string;
        root_cause: string;
        lessons: string;
        criteria_change: string | null;
        reviewed_by: string;
        reviewed_at: string;
      }
    | undefined
  >();
  if (row === undefined) return null;
  return {
    whatHappened: row.what_happened,
    rootCause: row.root_cause,
    lessons: row.lessons,
    criteriaChange: row.criteria_change,
    reviewedBy: row.reviewed_by,
    reviewedAt: row.reviewed_at,
  };
}

async function logOf(database: Knex, incident: string) {
  const rows = await database('incident_log').where({ incident_id: incident }).orderBy('id').select<
    {
      at: string;
      actor: string;
      message: string;
      step: string | null;
      happened_at: string | null;
    }[]
  >('at', 'actor', 'message', 'step', 'happened_at');
  return rows.map(({ happened_at: happenedAt, ...line }) => ({ ...line, happenedAt }));
}
