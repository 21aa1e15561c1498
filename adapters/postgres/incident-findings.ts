import type { Knex } from 'knex';
import { needsReview } from '../../domain/incidents/closing.ts';
import {
  lateBy,
  planFindings,
  type Finding,
  type IncidentFindingKind,
} from '../../domain/incidents/findings.ts';
import type { IncidentPlan } from '../../domain/incidents/plan.ts';
import type { IncidentFindings } from '../../domain/incidents/plan-ports.ts';
import { actionRows, toAction, type ActionRow } from './action-rows.ts';
import { planInForce, planOfVersion } from './incident-plan-rows.ts';
import { verifiedContacts, type RegisterDeps } from './incident-plan-store.ts';
import { incidentLabel } from './incident-rows.ts';

type Found = Finding<IncidentFindingKind>;

/** What an auditor would find of incidents, computed when it is asked for. */
export function createIncidentFindings({ database, now }: RegisterDeps): IncidentFindings {
  return {
    async list() {
      const at = now();
      const stored = await planInForce(database);
      const last = await database('incident_exercise')
        .max<{ day: string | null }[]>({ day: database.raw('held_on::text') })
        .first();
      return [
        ...planFindings(
          {
            ...stored,
            lastExercise: last?.day ?? null,
            verifiedContacts: await verifiedContacts(database, stored.plan),
          },
          at,
        ),
        ...(await unassessedEvents(database, stored.plan, at)),
        ...(await lateResponses(database, at)),
        ...(await lateDuties(database, at)),
        ...(await missingReviews(database)),
        ...(await overdueActions(database, at)),
      ];
    },
  };
}

async function unassessedEvents(database: Knex, plan: IncidentPlan, at: string): Promise<Found[]> {
  const minutes = plan.assessEventsWithinMinutes;
  const before = new Date(Date.parse(at) - minutes * 60_000).toISOString();
  const rows = await database('reported_event')
    .where({ state: 'reported' })
    .andWhere('reported_at', '<', before)
    .orderBy('number')
    .select<{ number: number; title: string; reported_at: string }[]>();
  return rows.map(({ number, title, reported_at: since }) => ({
    kind: 'event-unassessed',
    subject: `EVT-${number}`,
    detail: `${title}: reported ${lateBy(since, at)} ago, and nobody has said what it is.`,
    since,
  }));
}

async function lateResponses(database: Knex, at: string): Promise<Found[]> {
  const rows = await database('incident')
    .whereNot({ state: 'closed' })
    .andWhere((query) => {
      void query
        .whereRaw('respond_by < coalesce(responded_at, resolved_at, ?)', [at])
        .orWhere((other) => void other.where({ source: 'change' }).whereNull('classified_by'));
    })
    .orderBy('number')
    .select<
      {
        number: number;
        summary: string;
        respond_by: string | null;
        responded_at: string | null;
        resolved_at: string | null;
        classified_by: string | null;
        opened_at: string;
        source: string;
      }[]
    >();
  return rows.flatMap((row): Found[] => {
    const subject = incidentLabel(row.number);
    const since = row.respond_by;
    const until = row.responded_at ?? row.resolved_at ?? at;
    return [
      ...(since !== null && since < until
        ? [
            {
              kind: 'response-late' as const,
              subject,
              detail: `${row.summary}: somebody was to respond by ${since}; ${row.responded_at === null ? 'nobody has said that they do' : 'it came late'}, by ${lateBy(since, until)}.`,
              since,
            },
          ]
        : []),
      ...(row.source === 'change' && row.classified_by === null
        ? [
            {
              kind: 'unclassified' as const,
              subject,
              detail: `${row.summary}: no person has said how severe it is, and whether personal data is concerned.`,
              since: row.opened_at,
            },
          ]
        : []),
    ];
  });
}

async function lateDuties(database: Knex, at: string): Promise<Found[]> {
  const rows = await database('incident_duty as d')
    .join('incident as i', 'i.id', 'd.incident_id')
    .whereNot('i.state', 'closed')
    .whereNull('d.waived_at')
    .whereRaw('d.due_at < coalesce(d.notified_at, ?)', [at])
    .orderBy('d.due_at')
    .select<
      {
        number: number;
        title: string;
        recipient: string;
        due_at: string;
        notified_at: string | null;
      }[]
    >('i.number', 'd.title', 'd.recipient', 'd.due_at', 'd.notified_at');
  return rows.map(({ number, title, recipient, due_at: since, notified_at: notified }) => ({
    kind: notified === null ? 'duty-overdue' : 'duty-late',
    subject: incidentLabel(number),
    detail:
      notified === null
        ? `${title} to ${recipient} was due at ${since}, ${lateBy(since, at)} ago.`
        : `${title} to ${recipient} came ${lateBy(since, notified)} late.`,
    since,
  }));
}

async function missingReviews(database: Knex): Promise<Found[]> {
  const rows = await database('incident as i')
    .leftJoin('incident_review as r', 'r.incident_id', 'i.id')
    .where('i.state', 'resolved')
    .whereNull('r.incident_id')
    .orderBy('i.number')
    .select<
      {
        number: number;
        summary: string;
        severity: string | null;
        plan_version: number | null;
        resolved_at: string;
      }[]
    >('i.*');
  const findings: Found[] = [];
  for (const row of rows) {
    const stored =
      (row.plan_version === null ? undefined : await planOfVersion(database, row.plan_version)) ??
      (await planInForce(database));
    if (row.plan_version === null || !needsReview(stored.plan, row.severity)) continue;
    findings.push({
      kind: 'review-missing',
      subject: incidentLabel(row.number),
      detail: `${row.summary}: resolved, and not reviewed, which its severity (${row.severity ?? 'none'}) requires.`,
      since: row.resolved_at,
    });
  }
  return findings;
}

async function overdueActions(database: Knex, at: string): Promise<Found[]> {
  const rows = (await actionRows(database)
    .where('a.state', 'open')
    .andWhere('a.due_on', '<', at.slice(0, 10))
    .whereNull('a.risk_id')
    .orderBy('a.due_on')) as ActionRow[];
  return rows
    .map((row) => toAction(row, at))
    .map(({ label, of, title, owner, dueOn }) => ({
      kind: 'action-overdue',
      subject: label,
      detail: `${title} (of ${of}, ${owner}) was due on ${dueOn}.`,
      since: dueOn,
    }));
}
