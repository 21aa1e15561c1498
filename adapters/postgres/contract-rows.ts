import type { Knex } from 'knex';
import { contractState, type Contract } from '../../domain/acsmi/contract.ts';
import type { LabelledContract } from '../../domain/acsmi/covering-contract.ts';
import type { StoredContract } from '../../domain/acsmi/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { byIdOrLabel } from './id-or-label.ts';
import { uuidPattern } from './uuid-pattern.ts';

export interface ContractRow {
  readonly id: string;
  readonly number: number;
  readonly definition: Contract;
  readonly version: number;
  readonly registered_by: string;
  readonly registered_at: string;
}

export const contractColumns = [
  'id',
  'number',
  'definition',
  'version',
  'registered_by',
  'registered_at',
] as const;

export const labelOf = (number: number): string => `CON-${number}`;

export function toStored(row: ContractRow, nowMs: number): StoredContract {
  return {
    id: row.id,
    label: labelOf(row.number),
    contract: row.definition,
    state: contractState(row.definition, nowMs),
    version: row.version,
    registeredBy: row.registered_by,
    registeredAt: row.registered_at,
  };
}

/** @throws DomainError `not-found`. */
export async function findContract(
  trx: Knex,
  idOrLabel: string,
  { forUpdate = false } = {},
): Promise<ContractRow> {
  const where = byIdOrLabel(idOrLabel, { letters: 'con', id: uuidPattern });
  const row =
    where === undefined
      ? undefined
      : await trx('contract')
          .where(where)
          .modify((query) => {
            if (forUpdate) void query.forUpdate();
          })
          .first<ContractRow | undefined>(contractColumns);
  if (row !== undefined) return row;
  throw new DomainError('not-found', `There is no contract "${idOrLabel}".`, {
    code: 'no-such-contract',
    remedy: 'Use its label, such as CON-3, or its id; ctc acsmi contract list shows them.',
  });
}

/** Contracts with time on or after a day of UTC; those that count are chosen by the domain. */
export async function contractsFrom(
  trx: Knex,
  day: string,
): Promise<(LabelledContract & { readonly id: string })[]> {
  const rows = await trx('contract').where('ends', '>', day).select<ContractRow[]>(contractColumns);
  return rows.map(({ id, number, definition }) => ({ ...definition, id, label: labelOf(number) }));
}
