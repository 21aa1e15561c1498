import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import type { ProblemState, ProblemSummary } from '../../domain/problems/problem.ts';
import { byIdOrLabel } from './id-or-label.ts';
import { uuidInAnyCase } from './uuid-pattern.ts';

export interface ProblemRow {
  readonly id: string;
  readonly number: number;
  readonly state: ProblemState;
  readonly title: string;
  readonly description: string;
  readonly root_cause: string | null;
  readonly workaround: string | null;
  readonly uncorrected: string | null;
  readonly opened_by: string;
  readonly opened_at: string;
  readonly ended_at: string | null;
}

export const problemLabel = (number: number): string => `PRB-${number}`;

/** By id or label, in any case. @throws DomainError `not-found`. */
export async function findProblem(
  trx: Knex,
  idOrLabel: string,
  { forUpdate = false } = {},
): Promise<ProblemRow> {
  const where = byIdOrLabel(idOrLabel, { letters: 'prb', id: uuidInAnyCase });
  const row =
    where === undefined
      ? undefined
      : await trx('problem')
          .where(where)
          .modify((query) => {
            if (forUpdate) void query.forUpdate();
          })
          .first<ProblemRow | undefined>();
  if (row !== undefined) return row;
  throw new DomainError('not-found', `There is no problem "${idOrLabel}".`, {
    code: 'no-such-problem',
    remedy: 'Use its label, such as PRB-3, or its id; ctc problem list shows both.',
  });
}

/** Locked, and neither closed nor dismissed. */
export async function findOpenProblem(trx: Knex, idOrLabel: string): Promise<ProblemRow> {
  const row = await findProblem(trx, idOrLabel, { forUpdate: true });
  if (row.ended_at === null) return row;
  throw new DomainError('refused', `${problemLabel(row.number)} is ${row.state}.`, {
    code: 'problem-ended',
    remedy: 'Reopen it first: ctc problem reopen.',
  });
}

export function toProblem(row: ProblemRow): ProblemSummary {
  return {
    id: row.id,
    label: problemLabel(row.number),
    state: row.state,
    title: row.title,
    description: row.description,
    rootCause: row.root_cause,
    workaround: row.workaround,
    uncorrected: row.uncorrected,
    openedBy: row.opened_by,
    openedAt: row.opened_at,
    endedAt: row.ended_at,
  };
}
