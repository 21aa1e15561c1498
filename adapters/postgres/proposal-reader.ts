import type { Knex } from 'knex';
import type { ProposalKind, ProposalReader, ProposalView } from '../../domain/acsmi/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { labelOf } from './contract-rows.ts';
import { decodeCursor, pageOf } from './cursor.ts';

interface ProposalRow {
  readonly number: number;
  readonly kind: ProposalKind;
  readonly contract_number: number | null;
  readonly offer: string | null;
  readonly application: string | null;
  readonly reason: string;
  readonly what_to_do: string;
  readonly request: object | null;
  readonly proposed_at: string;
  readonly closed_at: string | null;
}

/** What the contract watch proposed. */
export function createProposalReader(database: Knex): ProposalReader {
  const proposals = () =>
    database('acsmi_proposal as p')
      .leftJoin('contract as c', 'c.id', 'p.contract_id')
      .select<ProposalRow[]>('p.*', 'c.number as contract_number');
  return {
    async list({ application, includeClosed }, { limit, cursor }) {
      const query = proposals()
        .orderBy('p.number', 'desc')
        .limit(limit + 1);
      if (application !== undefined) void query.where('p.application', application);
      if (!includeClosed) void query.whereNull('p.closed_at');
      if (cursor !== undefined) {
        void query.where('p.number', '<', decodeCursor(cursor, /^\d{1,15}$/));
      }
      const rows = await query;
      return pageOf(rows, limit, toView, ({ number }) => number);
    },

    async get(label) {
      const number = /^pro-(\d{1,15})$/i.exec(label)?.[1];
      const [row] = number === undefined ? [] : await proposals().where('p.number', Number(number));
      if (row !== undefined) return toView(row);
      throw new DomainError('not-found', `There is no proposal "${label}".`, {
        code: 'no-such-proposal',
        remedy: 'Use its label, such as PRO-3; ctc acsmi proposals lists them.',
      });
    },
  };
}

export const proposalLabel = (number: number): string => `PRO-${number}`;

function toView(row: ProposalRow): ProposalView {
  return {
    label: proposalLabel(row.number),
    kind: row.kind,
    contract: row.contract_number === null ? null : labelOf(row.contract_number),
    offer: row.offer,
    application: row.application,
    reason: row.reason,
    whatToDo: row.what_to_do,
    request: row.request,
    proposedAt: row.proposed_at,
    closedAt: row.closed_at,
  };
}
