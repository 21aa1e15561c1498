import { DomainError } from '../../domain/errors.ts';

/** A page's end as an opaque text: where the next page begins. */
export function encodeCursor(position: string | number): string {
  return Buffer.from(String(position)).toString('base64url');
}

/** A page of rows of which one more than `limit` was asked for, to see whether there is a next page. */
export function pageOf<Row, Shown>(
  rows: readonly Row[],
  limit: number,
  show: (row: Row) => Shown,
  positionOf: (last: Row) => string | number,
): { rows: Shown[]; nextCursor?: string } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    rows: page.map(show),
    ...(rows.length > limit && last !== undefined
      ? { nextCursor: encodeCursor(positionOf(last)) }
      : {}),
  };
}

/** @throws DomainError `invalid` for a cursor that no page gave. */
export function decodeCursor(cursor: string, looksRight: RegExp): string {
  const position = Buffer.from(cursor, 'base64url').toString();
  if (looksRight.test(position) && encodeCursor(position) === cursor) return position;
  throw new DomainError('invalid', 'The cursor is not one that this list gave.', {
    code: 'invalid-cursor',
    complaints: [{ field: 'cursor', message: 'use the cursor of the previous page’s Link header' }],
  });
}
