import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { company, type Target } from '../../domain/access/grants.ts';
import type { Permission } from '../../domain/access/roles.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Evaluation } from '../../domain/guardian/evaluate.ts';
import { guardianPrincipal, policyPrincipal } from '../../domain/guardian/ports.ts';
import type { IncidentSource, IncidentState } from '../../domain/incidents/life-cycle.ts';
import { severityOf } from '../../domain/incidents/plan.ts';
import { targetOfApplication } from './access-targets.ts';
import { holdersOf } from './grants.ts';
import { startAutomaticDuties } from './incident-duties.ts';
import { planInForce } from './incident-plan-rows.ts';
import type { NewLedgerEntry } from '../../domain/ledger/entry.ts';
import { appendToLedger } from './ledger-append.ts';
import { raiseAlert } from './alerts.ts';

interface IncidentRow {
  readonly id: string;
  readonly number: number;
  readonly application: string | null;
  readonly change_id: string | null;
  readonly state: string;
}

/**
 * The columns of an incident that nobody has reported: classified as the plan says until a person has looked, and
 * open once for each key until it is over.
 */
export async function openedByItself(
  trx: Knex,
  {
    source,
    originKey,
    at,
  }: {
    readonly source: Exclude<IncidentSource, 'event'>;
    readonly originKey: string;
    readonly at: string;
  },
): Promise<Record<string, unknown>> {
  const { version, plan } = await planInForce(trx);
  const { category, severity } = plan.automatic[source];
  const minutes = severityOf(plan, severity)?.respondWithinMinutes;
  return {
    ...{ source, category, severity, state: 'open', opened_at: at, aware_at: at },
    origin_key: originKey,
    plan_version: version,
    // A guardian answers by itself, and a provider is written to: a failed rollback waits for a person.
    respond_by:
      source === 'change' && minutes !== undefined
        ? new Date(Date.parse(at) + minutes * 60_000).toISOString()
        : null,
  };
}

/** The application's unresolved incident; opened with the newest evaluation if there is none. */
export async function openIncident(
  trx: Knex,
  application: string,
  at: string,
): Promise<{ incident: string; label: string }> {
  const guardian = await trx('guardian')
    .where({ application })
    .first<{ change_id: string; attempt: number; evaluation: Evaluation } | undefined>(
      'change_id',
      'attempt',
      'evaluation',
    );
  if (guardian === undefined) {
    throw new DomainError('not-found', `${application} has not been measured.`, {
      code: 'not-guarded',
    });
  }
  const { evaluation } = guardian;
  const figures = {
    change_id: guardian.change_id,
    attempt: guardian.attempt,
    violated: evaluation.slos.filter(({ verdict }) => verdict === 'violated').map(({ sli }) => sli),
    summary: evaluation.summary,
    evidence: JSON.stringify(evaluation),
  };
  const id = uuidv7();
  const inserted = await trx('incident')
    .insert({
      ...{ id, application, ...figures },
      ...(await openedByItself(trx, {
        source: 'guardian',
        originKey: `guardian/${application}`,
        at,
      })),
    })
    .onConflict(trx.raw('(origin_key) where resolved_at is null'))
    .ignore()
    .returning<{ id: string; number: number }[]>(['id', 'number']);
  const [opened] = inserted;
  if (opened !== undefined) {
    await startAutomaticDuties(trx, opened.id);
    await noteIncident(trx, {
      incident: opened.id,
      key: 'open',
      actor: 'guardian',
      message: evaluation.summary,
      alert: true,
      at,
    });
    return { incident: opened.id, label: `INC-${opened.number}` };
  }
  const known = await trx('incident')
    .where({ application, source: 'guardian' })
    .whereNull('resolved_at')
    .first<IncidentRow>('id', 'number', 'state');
  // It came back before it was over: the same incident goes on with what is true now.
  if (known.state === 'mitigated') {
    await trx('incident')
      .where({ id: known.id })
      .update({ state: 'open', mitigated_at: null, ...figures });
  }
  return { incident: known.id, label: `INC-${known.number}` };
}

/** Writes to an incident's log once, moves it on, and tells those who are responsible. */
export async function noteIncident(
  trx: Knex,
  note: {
    readonly incident: string;
    readonly key: string;
    readonly actor: string;
    readonly message: string;
    readonly to?: IncidentState | undefined;
    readonly alert?: boolean | undefined;
    /** What of the response it is, and when that was done, where it is not only a note. */
    readonly step?: string | undefined;
    readonly happenedAt?: string | undefined;
    /** Of the log: `incident.` and this; `noted` unless said. */
    readonly action?: string | undefined;
    readonly details?: Readonly<Record<string, unknown>> | undefined;
    readonly at: string;
  },
): Promise<void> {
  const { incident, key, actor, message, to, at, step = null, happenedAt = null } = note;
  const inserted = await trx('incident_log')
    .insert({ incident_id: incident, key, at, actor, message, step, happened_at: happenedAt })
    .onConflict(['incident_id', 'key'])
    .ignore()
    .returning<{ id: number }[]>('id');
  if (inserted.length === 0) return;
  await appendToLedger(trx, {
    at,
    actor,
    action: `incident.${note.action ?? 'noted'}`,
    subject: { kind: 'incident', id: incident },
    ...(await wordsOf(trx, note)),
  });
  if (to !== undefined) {
    await trx('incident')
      .where({ id: incident })
      .whereNull('closed_at')
      .modify((query) => {
        // Only a person says that something resolved is not over, or closes it.
        if (to !== 'closed' && to !== 'responding') void query.whereNull('resolved_at');
      })
      .update({ state: to, ...instantsOf(trx, to, at) });
  }
  if (note.alert !== true) return;
  const row = await trx('incident')
    .where({ id: incident })
    .first<IncidentRow>('number', 'application', 'change_id');
  const recipients =
    row.application === null
      ? await othersWith(trx, 'incident.manage', actor, company)
      : await responsibleFor(trx, row.application, actor);
  await raiseAlert(trx, recipients, {
    key: `${incident}/${key}`,
    changeId: row.change_id,
    topic: 'incident',
    subject: `INC-${row.number} ${row.application ?? ''}: ${to ?? 'incident'}`.replace(' :', ':'),
    body: message,
    at,
  });
}

/** What people write of what somebody has reported may have to be erased; what CTC writes itself has nobody in it. */
async function wordsOf(
  trx: Knex,
  { incident, key, to, message, details }: Parameters<typeof noteIncident>[1],
): Promise<Pick<NewLedgerEntry, 'details' | 'sealed'>> {
  const row = await trx('incident').where({ id: incident }).first<{ source: string }>('source');
  return row.source === 'event'
    ? { details: { key, to }, sealed: { message, ...details } }
    : { details: { key, to, message, ...details } };
}

/** When it came so far; what is reopened is not over any more. */
function instantsOf(trx: Knex, to: IncidentState, at: string): Record<string, unknown> {
  switch (to) {
    case 'open':
      return { mitigated_at: null };
    case 'responding':
      return {
        responded_at: trx.raw('coalesce(responded_at, ?)', [at]),
        mitigated_at: null,
        resolved_at: null,
      };
    case 'mitigated':
      return { mitigated_at: at };
    case 'resolved':
      return { resolved_at: at };
    case 'closed':
      return { closed_at: at };
  }
}

/** Everybody who may do this for what is touched, but the one who acted; without a target, anywhere. */
export async function othersWith(
  trx: Knex,
  permission: Permission,
  actor: string,
  target?: Target,
): Promise<string[]> {
  return (await holdersOf(trx, permission, target)).filter((id) => id !== actor);
}

/** Whoever asked for what runs, and all who may answer the guardian. */
export async function responsibleFor(
  trx: Knex,
  application: string,
  actor: string,
): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    `
      select * from (
        select c.requester as id from verified_deployment v join change c on c.id = v.change_id
        where v.application = :application and c.origin is null order by v.verified_at desc limit 1
      ) owner
      union
      select unnest(cast(:answering as text[]))
    `,
    {
      application,
      answering: await holdersOf(
        trx,
        'guardian.decide',
        await targetOfApplication(trx, application),
      ),
    },
  );
  const nobodys = [guardianPrincipal, policyPrincipal, actor];
  return rows.map(({ id }) => id).filter((id) => !nobodys.includes(id));
}
