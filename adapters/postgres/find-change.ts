import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import { byIdOrLabel } from './id-or-label.ts';
import { uuidInAnyCase } from './uuid-pattern.ts';

/** Columns of a change by its id or label. @throws DomainError `not-found`. */
export async function findChange<Row extends object>(
  database: Knex,
  idOrLabel: string,
  columns: readonly (string | Knex.Raw)[],
): Promise<Row> {
  const where = byIdOrLabel(idOrLabel, { letters: 'chg', id: uuidInAnyCase });
  const row =
    where === undefined
      ? undefined
      : ((await database('change')
          .where(where)
          .first(...columns)) as Row | undefined);
  if (row !== undefined) return row;
  throw new DomainError('not-found', `There is no change "${idOrLabel}".`, {
    code: 'no-such-change',
    remedy: 'Use its label, such as CHG-12, or its id; ctc change list shows both.',
  });
}
