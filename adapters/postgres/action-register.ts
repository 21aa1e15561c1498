import type { Knex } from 'knex';
import type { ActionSubject } from '../../domain/actions/action.ts';
import type { ActionRegister } from '../../domain/actions/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import {
  actionRows,
  actionSubjectColumns,
  addAction,
  toAction,
  type ActionRow,
} from './action-rows.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { byIdOrLabel } from './id-or-label.ts';
import type { RegisterDeps } from './incident-plan-store.ts';
import { findOpenIncident } from './incident-rows.ts';
import { appendToLedger } from './ledger-append.ts';
import { findOpenProblem } from './problem-rows.ts';
import { findOpenRisk } from './risk-rows.ts';
import { uuidInAnyCase } from './uuid-pattern.ts';

/** Locked, and open: nothing more is done about what is closed. */
const openSubject: Readonly<
  Record<ActionSubject, (trx: Knex, of: string) => Promise<{ id: string; number: number }>>
> = {
  incident: findOpenIncident,
  risk: findOpenRisk,
  problem: findOpenProblem,
};

/** Actions of all registers in one list, so that whoever owns some finds them in one place. */
export function createActionRegister({ database, now }: RegisterDeps): ActionRegister {
  const register: ActionRegister = {
    async add({ kind, of }, action, by) {
      const id = await database.transaction(async (trx) => {
        const { id: subject, number } = await openSubject[kind](trx, of);
        const { column, letters } = actionSubjectColumns[kind];
        const label = `${letters}-${number}`;
        return addAction(trx, { column, id: subject, label }, action, { by, at: now() });
      });
      return register.get(id);
    },

    async settle(idOrLabel, { state, outcome }, { id: by, manages }) {
      await database.transaction(async (trx) => {
        const row = await findAction(trx, idOrLabel, { forUpdate: true });
        const label = `ACT-${row.number}`;
        if (row.owner !== by && !manages.includes(row.subject)) {
          throw new DomainError('forbidden', `${label} belongs to ${row.owner}.`, {
            code: 'not-the-owner',
            remedy: `Ask ${row.owner}, or somebody who manages what it comes from.`,
          });
        }
        if (row.state !== 'open') {
          throw new DomainError('refused', `${label} is ${row.state} already.`, {
            code: 'action-settled',
          });
        }
        await trx('register_action')
          .where({ id: row.id })
          .update({ state, outcome, settled_by: by, settled_at: now() });
        await appendToLedger(trx, {
          at: now(),
          actor: by,
          action: `action.${state}`,
          subject: { kind: 'action', id: row.id },
          details: { outcome },
        });
      });
      return register.get(idOrLabel);
    },

    get: async (idOrLabel) => toAction(await findAction(database, idOrLabel), now()),

    async list({ states, owner, overdue, subjects }, { limit, cursor }) {
      const query = actionRows(database)
        .orderBy('a.number', 'desc')
        .limit(limit + 1);
      if (states !== undefined) void query.whereIn('a.state', [...states]);
      if (owner !== undefined) void query.where('a.owner', owner);
      if (subjects !== undefined) {
        void query.where((either) => {
          void either.whereRaw('false');
          for (const kind of subjects) {
            void either.orWhereNotNull(`a.${actionSubjectColumns[kind].column}`);
          }
        });
      }
      if (overdue === true) {
        void query.where('a.state', 'open').where('a.due_on', '<', now().slice(0, 10));
      }
      if (cursor !== undefined) {
        void query.where('a.number', '<', decodeCursor(cursor, /^\d{1,15}$/));
      }
      const rows = (await query) as ActionRow[];
      return pageOf(
        rows,
        limit,
        (row) => toAction(row, now()),
        ({ number }) => number,
      );
    },
  };
  return register;
}

async function findAction(
  trx: Knex,
  idOrLabel: string,
  { forUpdate = false } = {},
): Promise<ActionRow> {
  const where = byIdOrLabel(idOrLabel, { letters: 'act', id: uuidInAnyCase, alias: 'a.' });
  const row =
    where === undefined
      ? undefined
      : ((await actionRows(trx)
          .where(where)
          .modify((query) => {
            if (forUpdate) void query.forUpdate('a');
          })
          .first()) as ActionRow | undefined);
  if (row !== undefined) return row;
  throw new DomainError('not-found', `There is no action "${idOrLabel}".`, {
    code: 'no-such-action',
    remedy: 'Use its label, such as ACT-3, or its id; ctc action list shows both.',
  });
}
