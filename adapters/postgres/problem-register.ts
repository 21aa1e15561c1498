import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { DomainError } from '../../domain/errors.ts';
import {
  openForClosingProblem,
  problemEvents,
  problemTransition,
  type ProblemEvent,
  type ProblemRegister,
} from '../../domain/problems/problem.ts';
import { actionsOf } from './action-rows.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import type { RegisterDeps } from './incident-plan-store.ts';
import { appendToLedger } from './ledger-append.ts';
import { linkProblem, linksOfProblem, unlinkProblem } from './problem-links.ts';
import {
  findOpenProblem,
  findProblem,
  problemLabel,
  toProblem,
  type ProblemRow,
} from './problem-rows.ts';

/** Problems: each step a transaction, with its line in the problem's log and in the log of all. */
export function createProblemRegister({ database, now }: RegisterDeps): ProblemRegister {
  const note = async (
    trx: Knex,
    problem: string,
    action: string,
    given: {
      readonly by: string;
      readonly message: string;
      readonly details?: Readonly<Record<string, unknown>>;
    },
  ): Promise<void> => {
    const { by: actor, message, details = {} } = given;
    await trx('problem_log').insert({ problem_id: problem, at: now(), actor, message });
    await appendToLedger(trx, {
      ...{ at: now(), actor, action: `problem.${action}`, details: { message, ...details } },
      subject: { kind: 'problem', id: problem },
    });
  };
  /** Moves it on where the table leads. */
  const moveOn = async (
    trx: Knex,
    row: ProblemRow,
    event: ProblemEvent,
    columns: Readonly<Record<string, unknown>>,
  ): Promise<void> => {
    const to = problemTransition(row.state, event)?.to;
    if (to === undefined) {
      const possible = problemEvents.filter((one) => problemTransition(row.state, one));
      throw new DomainError(
        'refused',
        `${problemLabel(row.number)} is ${row.state}: what can be done is ${possible.join(', ')}.`,
        { code: 'step-not-possible' },
      );
    }
    await trx('problem')
      .where({ id: row.id })
      .update({
        ...{ state: to, ...columns },
        ended_at: to === 'closed' || to === 'dismissed' ? now() : null,
      });
  };
  /** @throws DomainError naming what is open. */
  const demandDone = async (
    trx: Knex,
    row: ProblemRow,
    uncorrected: string | null,
    { onlyActions = false } = {},
  ): Promise<void> => {
    const label = problemLabel(row.number);
    const open = openForClosingProblem({
      ...{ label, uncorrected },
      links: onlyActions ? [] : await linksOfProblem(trx, row.id),
      actions: await actionsOf(trx, { problem_id: row.id }, now()),
    });
    if (open.length === 0) return;
    throw new DomainError('refused', `${label} cannot end yet.`, {
      code: 'problem-not-done',
      complaints: open.map((message) => ({ field: label, message })),
    });
  };

  const register: ProblemRegister = {
    async open({ title, description, links }, by) {
      const id = uuidv7();
      await database.transaction(async (trx) => {
        const [row] = await trx('problem')
          .insert({ ...{ id, title, description, state: 'open' }, opened_by: by, opened_at: now() })
          .returning<{ number: number }[]>('number');
        const label = problemLabel(row?.number ?? 0);
        await note(trx, id, 'opened', { by, message: title, details: { description } });
        for (const link of links) {
          const to = await linkProblem(trx, { id, label }, link, { by, at: now() });
          await note(trx, id, 'linked', { by, message: `${link.kind} ${to}: ${link.reason}` });
        }
      });
      return register.get(id);
    },

    diagnose: (idOrLabel, { rootCause, workaround }, by) =>
      database.transaction(async (trx) => {
        const row = await findProblem(trx, idOrLabel, { forUpdate: true });
        await moveOn(trx, row, 'diagnose', { root_cause: rootCause, workaround });
        const message = `Root cause: ${rootCause} Until it is corrected: ${workaround}`;
        await note(trx, row.id, 'diagnosed', { by, message, details: { rootCause, workaround } });
      }),

    link: (idOrLabel, link, by) =>
      database.transaction(async (trx) => {
        const { id, number } = await findOpenProblem(trx, idOrLabel);
        const problem = { id, label: problemLabel(number) };
        const to = await linkProblem(trx, problem, link, { by, at: now() });
        const message = `${link.kind} ${to}: ${link.reason}`;
        await note(trx, id, 'linked', { by, message, details: { kind: link.kind, to } });
      }),

    unlink: (idOrLabel, link, by) =>
      database.transaction(async (trx) => {
        const { id, number } = await findOpenProblem(trx, idOrLabel);
        const problem = { id, label: problemLabel(number) };
        const to = await unlinkProblem(trx, problem, link, { by, at: now() });
        const message = `not ${link.kind} ${to}: ${link.reason}`;
        await note(trx, id, 'unlinked', { by, message, details: { kind: link.kind, to } });
      }),

    close: (idOrLabel, { reason, uncorrected }, by) =>
      database.transaction(async (trx) => {
        const row = await findProblem(trx, idOrLabel, { forUpdate: true });
        if (problemTransition(row.state, 'close') !== undefined) {
          await demandDone(trx, row, uncorrected);
        }
        await moveOn(trx, row, 'close', { uncorrected });
        await note(trx, row.id, 'closed', { by, message: reason, details: { uncorrected } });
      }),

    dismiss: (idOrLabel, reason, by) =>
      database.transaction(async (trx) => {
        const row = await findOpenProblem(trx, idOrLabel);
        await demandDone(trx, row, reason, { onlyActions: true });
        await moveOn(trx, row, 'dismiss', {});
        await note(trx, row.id, 'dismissed', { by, message: reason });
      }),

    reopen: (idOrLabel, reason, by) =>
      database.transaction(async (trx) => {
        const row = await findProblem(trx, idOrLabel, { forUpdate: true });
        await moveOn(trx, row, 'reopen', { uncorrected: null });
        await note(trx, row.id, 'reopened', { by, message: reason });
      }),

    async get(idOrLabel) {
      const row = await findProblem(database, idOrLabel);
      const [links, actions, log] = await Promise.all([
        linksOfProblem(database, row.id),
        actionsOf(database, { problem_id: row.id }, now()),
        database('problem_log')
          .where({ problem_id: row.id })
          .orderBy('id')
          .select<{ at: string; actor: string; message: string }[]>('at', 'actor', 'message'),
      ]);
      const { label, ...problem } = toProblem(row);
      const openForClosing =
        row.ended_at === null
          ? openForClosingProblem({ label, links, actions, uncorrected: null })
          : [];
      return { ...problem, label, links, actions, openForClosing, log };
    },

    async list({ states, text }, { limit, cursor }) {
      const query = database('problem')
        .orderBy('number', 'desc')
        .limit(limit + 1);
      if (states !== undefined) void query.whereIn('state', [...states]);
      if (text !== undefined) {
        const pattern = `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
        void query.whereRaw(
          `concat_ws(' ', title, description, root_cause, workaround) ilike :pattern`,
          { pattern },
        );
      }
      if (cursor !== undefined) {
        void query.where('number', '<', decodeCursor(cursor, /^\d{1,15}$/));
      }
      const rows = await query.select<ProblemRow[]>();
      return pageOf(rows, limit, toProblem, ({ number }) => number);
    },
  };
  return register;
}
