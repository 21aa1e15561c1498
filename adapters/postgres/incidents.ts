import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { DomainError } from '../../domain/errors.ts';
import type { Evaluation } from '../../domain/guardian/evaluate.ts';
import { guardianPrincipal, policyPrincipal } from '../../domain/guardian/ports.ts';
import { targetOfApplication } from './access-targets.ts';
import { holdersOf } from './grants.ts';
import { appendToLedger } from './ledger-append.ts';
import { raiseAlert } from './alerts.ts';

interface IncidentRow {
  readonly id: string;
  readonly number: number;
  readonly application: string;
  readonly change_id: string;
  readonly state: string;
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
    .insert({ id, application, state: 'open', opened_at: at, ...figures })
    .onConflict(trx.raw('(application) where resolved_at is null and contract_id is null'))
    .ignore()
    .returning<{ id: string; number: number }[]>(['id', 'number']);
  const [opened] = inserted;
  if (opened !== undefined) {
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
    .where({ application, contract_id: null })
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
    readonly to?: 'open' | 'mitigated' | 'resolved' | undefined;
    readonly alert?: boolean | undefined;
    readonly at: string;
  },
): Promise<void> {
  const { incident, key, actor, message, to, at } = note;
  const inserted = await trx('incident_log')
    .insert({ incident_id: incident, key, at, actor, message })
    .onConflict(['incident_id', 'key'])
    .ignore()
    .returning<{ id: number }[]>('id');
  if (inserted.length === 0) return;
  await appendToLedger(trx, {
    at,
    actor,
    action: 'incident.noted',
    subject: { kind: 'incident', id: incident },
    details: { key, to, message },
  });
  if (to !== undefined) {
    await trx('incident')
      .where({ id: incident })
      .whereNull('resolved_at')
      .update({
        state: to,
        ...(to === 'mitigated' ? { mitigated_at: at } : {}),
        ...(to === 'resolved' ? { resolved_at: at } : {}),
      });
  }
  if (note.alert !== true) return;
  const row = await trx('incident')
    .where({ id: incident })
    .first<IncidentRow>('number', 'application', 'change_id');
  await raiseAlert(trx, await responsibleFor(trx, row.application, actor), {
    key: `${incident}/${key}`,
    changeId: row.change_id,
    topic: 'incident',
    subject: `INC-${row.number} ${row.application}: ${to ?? 'incident'}`,
    body: message,
    at,
  });
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
