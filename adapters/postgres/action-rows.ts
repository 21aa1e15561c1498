import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import {
  isOverdue,
  type Action,
  type ActionState,
  type ActionSubject,
} from '../../domain/actions/action.ts';
import type { NewAction } from '../../domain/actions/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { raiseAlert } from './alerts.ts';
import { appendToLedger } from './ledger-append.ts';
import { explainingConstraints } from './postgres-errors.ts';

export interface ActionRow {
  readonly id: string;
  readonly number: number;
  readonly subject: ActionSubject;
  readonly subject_number: number;
  readonly title: string;
  readonly owner: string;
  readonly due_day: string;
  readonly state: ActionState;
  readonly created_by: string;
  readonly created_at: string;
  readonly settled_by: string | null;
  readonly settled_at: string | null;
  readonly outcome: string | null;
}

/** Each kind of subject: its column, its table and the letters of its labels. */
export const actionSubjectColumns = {
  incident: { column: 'incident_id', table: 'incident', letters: 'INC' },
  risk: { column: 'risk_id', table: 'risk', letters: 'RSK' },
  problem: { column: 'problem_id', table: 'problem', letters: 'PRB' },
} as const;
const subjects = Object.entries(actionSubjectColumns);

export function actionRows(trx: Knex): Knex.QueryBuilder {
  const query = trx('register_action as a').select('a.*', trx.raw('a.due_on::text as due_day'));
  for (const [kind, { column, table }] of subjects) {
    void query.leftJoin(`${table} as ${kind}`, `${kind}.id`, `a.${column}`);
  }
  return query.select(
    trx.raw(
      `case ${subjects.map(([kind, { column }]) => `when a.${column} is not null then '${kind}'`).join(' ')} end as subject`,
    ),
    trx.raw(`coalesce(${subjects.map(([kind]) => `${kind}.number`).join(', ')}) as subject_number`),
  );
}

type SubjectColumn = (typeof actionSubjectColumns)[keyof typeof actionSubjectColumns]['column'];

/** Of one subject, in the order in which they were added. */
export async function actionsOf(
  trx: Knex,
  subject: Partial<Record<SubjectColumn, string>>,
  now: string,
): Promise<Action[]> {
  const [[column, id] = []] = Object.entries(subject);
  return column === undefined || id === undefined
    ? []
    : actionsOfMany(trx, column as SubjectColumn, [id], now);
}

export async function actionsOfMany(
  trx: Knex,
  column: SubjectColumn,
  ids: readonly string[],
  now: string,
): Promise<Action[]> {
  const rows = (await actionRows(trx)
    .whereIn(`a.${column}`, [...ids])
    .orderBy('a.number')) as ActionRow[];
  return rows.map((row) => toAction(row, now));
}

/** Adds one, and tells its owner. @returns its id. */
export async function addAction(
  trx: Knex,
  subject: { readonly column: string; readonly id: string; readonly label: string },
  { title, owner, dueOn }: NewAction,
  { by, at }: { readonly by: string; readonly at: string },
): Promise<string> {
  const unknown = () =>
    new DomainError('invalid', `There is nobody called "${owner}".`, {
      code: 'no-such-principal',
      complaints: [{ field: 'owner', message: 'use the id of somebody who may sign in' }],
    });
  const [row] = await explainingConstraints({ register_action_owner_fkey: unknown }, async () =>
    trx('register_action')
      .insert({
        ...{ id: uuidv7(), [subject.column]: subject.id, title, owner, due_on: dueOn },
        state: 'open',
        created_by: by,
        created_at: at,
      })
      .returning<{ id: string; number: number }[]>(['id', 'number']),
  );
  if (row === undefined) throw new Error('the action was not stored');
  await appendToLedger(trx, {
    at,
    actor: by,
    action: 'action.added',
    subject: { kind: 'action', id: row.id },
    details: { of: subject.label, title, owner, dueOn },
  });
  await raiseAlert(
    trx,
    [owner].filter((id) => id !== by),
    {
      key: `action/${row.id}`,
      changeId: null,
      topic: 'action',
      subject: `ACT-${row.number} of ${subject.label}: yours, due on ${dueOn}`,
      body: `${title}\nWhen it is done: ctc action done ACT-${row.number} -r '…'.`,
      at,
    },
  );
  return row.id;
}

export function toAction(row: ActionRow, now: string): Action {
  return {
    id: row.id,
    label: `ACT-${row.number}`,
    subject: row.subject,
    of: `${actionSubjectColumns[row.subject].letters}-${row.subject_number}`,
    title: row.title,
    owner: row.owner,
    dueOn: row.due_day,
    state: row.state,
    overdue: isOverdue({ state: row.state, dueOn: row.due_day }, now),
    createdBy: row.created_by,
    createdAt: row.created_at,
    settledBy: row.settled_by,
    settledAt: row.settled_at,
    outcome: row.outcome,
  };
}
