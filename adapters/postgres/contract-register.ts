import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { contractState, type Contract } from '../../domain/acsmi/contract.ts';
import type { ContractRegister, ContractVersion } from '../../domain/acsmi/ports.ts';
import { dayOf } from '../../domain/acsmi/utc-days.ts';
import { DomainError } from '../../domain/errors.ts';
import { checkContract } from './contract-checks.ts';
import { monthsOf, settleMonth } from './contract-months.ts';
import {
  contractColumns,
  findContract,
  labelOf,
  toStored,
  type ContractRow,
} from './contract-rows.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { appendToLedger } from './ledger-append.ts';

export interface ContractRegisterDeps {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
}

/** As `contractState` has it. */
const stateOnDay = `
  case when starts > :today then 'upcoming' when ends <= :today then 'ended'
    when ends - cast(definition ->> 'noticeDays' as integer) <= :today then 'in-notice' else 'in-force' end`;

/** Contracts with providers, each with all that it ever was. */
export function createContractRegister({ database, now }: ContractRegisterDeps): ContractRegister {
  const nowMs = (): number => Date.parse(now());

  /** The next version of a contract that is locked; `contract` holds the newest of them. */
  const replace = async (
    trx: Knex,
    row: ContractRow,
    contract: Contract,
    { reason, by }: { readonly reason: string; readonly by: string },
  ): Promise<ContractRow> => {
    const version = row.version + 1;
    await trx('contract')
      .where({ id: row.id })
      .update({ ...columnsOf(contract), version });
    await addVersion(trx, row.id, { version, contract, reason, by });
    return { ...row, definition: contract, version };
  };
  const addVersion = async (
    trx: Knex,
    contractId: string,
    given: {
      readonly version: number;
      readonly contract: Contract;
      readonly reason: string;
      readonly by: string;
    },
  ): Promise<void> => {
    await trx('contract_version').insert({
      contract_id: contractId,
      version: given.version,
      definition: JSON.stringify(given.contract),
      reason: given.reason,
      changed_by: given.by,
      changed_at: now(),
    });
    await appendToLedger(trx, {
      at: now(),
      actor: given.by,
      action: given.version === 1 ? 'contract.registered' : 'contract.changed',
      subject: { kind: 'contract', id: contractId },
      details: { version: given.version, reason: given.reason, contract: given.contract },
    });
  };
  /** Locked, and still open to changes. */
  const findOpen = async (trx: Knex, idOrLabel: string): Promise<ContractRow> => {
    const row = await findContract(trx, idOrLabel, { forUpdate: true });
    if (contractState(row.definition, nowMs()) !== 'ended') return row;
    throw new DomainError(
      'refused',
      `${labelOf(row.number)} ended on ${row.definition.ends}; what was agreed stands.`,
      { code: 'contract-ended', remedy: 'Register what follows it as a new contract.' },
    );
  };

  const register: ContractRegister = {
    register: (contract, by) =>
      database.transaction(async (trx) => {
        await checkContract(trx, contract);
        const id = uuidv7();
        const [row] = await trx('contract')
          .insert({
            id,
            ...columnsOf(contract),
            version: 1,
            registered_by: by,
            registered_at: now(),
          })
          .returning<ContractRow[]>(contractColumns);
        if (row === undefined) throw new Error('the contract was not stored');
        await addVersion(trx, id, { version: 1, contract, reason: 'registered', by });
        return toStored(row, nowMs());
      }),

    change: (idOrLabel, { contract, reason, version }, by) =>
      database.transaction(async (trx) => {
        const row = await findOpen(trx, idOrLabel);
        const label = labelOf(row.number);
        if (row.version !== version) {
          throw new DomainError('conflict', `${label} is no longer at version ${version}.`, {
            code: 'version-superseded',
            remedy: 'Read it again and send the change with If-Match and its ETag.',
          });
        }
        const { provider } = row.definition;
        if (contract.provider !== provider) {
          throw new DomainError('invalid', `${label} is with ${provider}, and stays so.`, {
            code: 'invalid-contract',
            complaints: [{ field: 'provider', message: `use "${provider}"` }],
            remedy: 'Let it end, and register another one.',
          });
        }
        await checkContract(trx, contract, row);
        return toStored(await replace(trx, row, contract, { reason, by }), nowMs());
      }),

    end: (idOrLabel, { ends, reason }, by) =>
      database.transaction(async (trx) => {
        const row = await findOpen(trx, idOrLabel);
        const { definition } = row;
        const complaint =
          ends <= definition.starts
            ? `is not after the ${definition.starts} on which it starts`
            : ends > definition.ends
              ? `is after the ${definition.ends} on which it ends; change the contract to extend it`
              : undefined;
        if (complaint !== undefined) {
          throw new DomainError('invalid', `${labelOf(row.number)} cannot end then.`, {
            code: 'invalid-contract',
            complaints: [{ field: 'ends', message: complaint }],
            remedy: 'Give the first day without the contract.',
          });
        }
        const ended = { ...definition, ends };
        return toStored(await replace(trx, row, ended, { reason, by }), nowMs());
      }),

    async get(idOrLabel) {
      const row = await findContract(database, idOrLabel);
      const [history, months] = await Promise.all([
        database('contract_version')
          .where({ contract_id: row.id })
          .orderBy('version', 'desc')
          .select<VersionRow[]>(),
        monthsOf(database, row.id),
      ]);
      return { ...toStored(row, nowMs()), history: history.map(toVersion), months };
    },

    async list({ provider, application, states }, { limit, cursor }) {
      const query = database('contract')
        .orderBy('number', 'desc')
        .limit(limit + 1);
      if (provider !== undefined) void query.where({ provider });
      if (application !== undefined) void query.where({ application });
      if (states !== undefined) {
        void query.whereRaw(`${stateOnDay} = any (cast(:states as text[]))`, {
          today: dayOf(now()),
          states: [...states],
        });
      }
      if (cursor !== undefined) {
        void query.where('number', '<', decodeCursor(cursor, /^\d{1,15}$/));
      }
      const rows = await query.select<ContractRow[]>(contractColumns);
      return pageOf(
        rows,
        limit,
        (row) => toStored(row, nowMs()),
        ({ number }) => number,
      );
    },

    async settle(idOrLabel, month, { reason }, by) {
      await database.transaction(async (trx) => {
        const row = await findContract(trx, idOrLabel, { forUpdate: true });
        await settleMonth(trx, row, month, { reason, by, at: now() });
        await appendToLedger(trx, {
          at: now(),
          actor: by,
          action: 'contract.settled',
          subject: { kind: 'contract', id: row.id },
          details: { month, reason },
        });
      });
      return register.get(idOrLabel);
    },
  };
  return register;
}

function columnsOf(contract: Contract): Record<string, unknown> {
  const { provider, application = null, covers, starts, ends } = contract;
  return { provider, application, ...covers, starts, ends, definition: JSON.stringify(contract) };
}

interface VersionRow {
  readonly version: number;
  readonly definition: Contract;
  readonly reason: string;
  readonly changed_by: string;
  readonly changed_at: string;
}

function toVersion(row: VersionRow): ContractVersion {
  return {
    version: row.version,
    contract: row.definition,
    reason: row.reason,
    changedBy: row.changed_by,
    changedAt: row.changed_at,
  };
}
