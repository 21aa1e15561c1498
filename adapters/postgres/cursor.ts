import { DomainError } from '../../domain/errors.ts';

/** A page's end as an opaque text: where the next page begins. */
export function encodeCursor(position: string | number): string {
  return Buffer.from(String(position)).toString('base64url');
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
