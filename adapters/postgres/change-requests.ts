import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import type { ChangeRequest } from '../../domain/change/change-request.ts';
import type { ChangeRequests } from '../../domain/change/readers.ts';
import { DomainError, type Complaint } from '../../domain/errors.ts';
import { runbookGroups, type Runbook } from '../../domain/runbook/runbook.ts';
import { appendToLog } from './change-log.ts';
import { enqueueStart } from './outbox.ts';

export interface ChangeRequestsDeps {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
}

/** Accepts requests: change, first log entry and the start of its workflow in one transaction. */
export function createChangeRequests({ database, now }: ChangeRequestsDeps): ChangeRequests {
  return {
    async complaintsAbout(request) {
      return findUnknown(database, request);
    },

    request: ({ requester, requestKey, requestHash, request, window, origin }) =>
      database.transaction(async (trx) => {
        const at = now();
        const id = uuidv7();
        const inserted = await trx('change')
          .insert({
            id,
            request_key: requestKey,
            request_hash: requestHash,
            kind: request.kind,
            class: request.class,
            title: request.title,
            department: request.department,
            requester,
            application: request.kind === 'release' ? request.application : null,
            state: 'requested',
            revision: 1,
            version: 1,
            definition: JSON.stringify({ request, window }),
            origin: origin === undefined ? null : JSON.stringify(origin),
            window_opens_at: window.opensAt,
            window_closes_at: window.closesAt,
            waiting_for: JSON.stringify({
              what: 'assessment',
              detail: 'impact and conflicts are computed',
            }),
            created_at: at,
            updated_at: at,
          })
          .onConflict(['requester', 'request_key'])
          .ignore()
          .returning<{ id: string }[]>('id');
        if (inserted.length === 0) {
          const known = await trx('change')
            .where({ requester, request_key: requestKey })
            .first<{ id: string; request_hash: string }>('id', 'request_hash');
          if (known.request_hash !== requestHash) {
            throw new DomainError(
              'conflict',
              'This Idempotency-Key was used for another request.',
              {
                code: 'idempotency-key-reused',
                remedy: 'Use a new key for a new request.',
              },
            );
          }
          return { id: known.id };
        }
        await appendToLog(trx, {
          changeId: id,
          key: 'request',
          actor: requester,
          event: 'request',
          to: 'requested',
          message: `Requested by ${requester}: ${request.reason}`,
          ...(origin === undefined ? {} : { details: { origin } }),
          at,
        });
        await enqueueStart(trx, id);
        return { id };
      }),
  };
}

/** Names in a request that the inventory or the register of applications does not know. */
async function findUnknown(database: Knex, request: ChangeRequest): Promise<Complaint[]> {
  const complaints: Complaint[] = [];
  const missing = async (
    table: string,
    column: string,
    ids: readonly string[],
  ): Promise<string[]> => {
    if (ids.length === 0) return [];
    const rows = await database(table)
      .whereIn(column, [...ids])
      .pluck<string[]>(column);
    return ids.filter((id) => !rows.includes(id));
  };
  for (const id of await missing('department', 'id', [request.department])) {
    complaints.push({ field: 'department', message: `there is no department "${id}"` });
  }
  for (const id of await missing('datacentre', 'id', request.datacentres)) {
    complaints.push({
      field: `datacentres[${request.datacentres.indexOf(id)}]`,
      message: `there is no datacentre "${id}"`,
    });
  }
  const items = request.affects.map(({ item }) => item);
  for (const id of await missing('item', 'id', items)) {
    complaints.push({
      field: `affects[${items.indexOf(id)}].item`,
      message: `there is no item "${id}"`,
    });
  }
  if (request.template !== undefined) {
    if (request.class !== 'standard') {
      complaints.push({ field: 'template', message: 'only a change of class "standard" has one' });
    }
    const found = await database('change_template')
      .where({ id: request.template })
      .whereNotNull('approved_at')
      .whereNull('retired_at')
      .first<{ id: string } | undefined>('id');
    if (found === undefined) {
      const message = `no template "${request.template}" is in force; see those that are: ctc template list`;
      complaints.push({ field: 'template', message });
    }
  }
  if (request.team !== undefined) {
    for (const id of await missing('team', 'id', [request.team])) {
      complaints.push({ field: 'team', message: `there is no team "${id}"` });
    }
  }
  if (request.kind !== 'release' && request.runbook !== undefined) {
    complaints.push(...(await unknownAssignees(request.runbook, missing)));
  }
  const numbers = request.after?.map((label) => label.slice('CHG-'.length)) ?? [];
  const known = await database('change').whereIn('number', numbers).pluck<number[]>('number');
  request.after?.forEach((label, i) => {
    if (known.map(String).includes(numbers[i] ?? '')) return;
    complaints.push({ field: `after[${i}]`, message: `there is no change ${label}` });
  });
  if (request.kind !== 'release') return complaints;
  const [noApplication] = await missing('application', 'name', [request.application]);
  if (noApplication !== undefined) {
    complaints.push({
      field: 'application',
      message: `there is no application "${noApplication}"; register it first: ctc application apply -f application.yaml`,
    });
    return complaints;
  }
  const release = await database('release')
    .where({ application: request.application, version: request.release })
    .first<{ version: string } | undefined>('version');
  if (release === undefined) {
    complaints.push({
      field: 'release',
      message: `${request.application} has no release "${request.release}"; register it first: ctc release register -f release.yaml`,
    });
  }
  return complaints;
}

/** People and teams that steps of a runbook are assigned to, and that nothing known answers to. */
async function unknownAssignees(
  runbook: Runbook,
  missing: (table: string, column: string, ids: readonly string[]) => Promise<string[]>,
): Promise<Complaint[]> {
  const assigned = runbookGroups.flatMap((group) =>
    runbook[group].flatMap(({ id, assignee }, i) =>
      assignee === undefined
        ? []
        : [{ field: `runbook.${group}[${i}].assignee`, step: id, ...assignee }],
    ),
  );
  const people = assigned.flatMap((one) => ('person' in one ? [one.person] : []));
  const teams = assigned.flatMap((one) => ('team' in one ? [one.team] : []));
  const nobody = await missing('principal', 'id', people);
  const noTeam = await missing('team', 'id', teams);
  return assigned.flatMap((one): Complaint[] => {
    const { field, step } = one;
    if ('person' in one) {
      if (!nobody.includes(one.person)) return [];
      return [{ field, message: `step "${step}": there is nobody with the id "${one.person}"` }];
    }
    if (!noTeam.includes(one.team)) return [];
    return [{ field, message: `step "${step}": there is no team "${one.team}"` }];
  });
}
