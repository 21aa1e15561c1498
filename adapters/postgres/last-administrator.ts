import type { Knex } from 'knex';
import { company } from '../../domain/access/grants.ts';
import { DomainError } from '../../domain/errors.ts';
import { mayCondition, permissionBindings } from './grants.ts';

/** Whoever takes something away holds it: two administrators cannot remove each other at once. */
const administratorLock = 7_205_931_171n;

/**
 * Takes something away from a principal in a transaction of the caller's.
 * @throws DomainError `refused` when nobody would be left who can manage principals.
 */
export async function keepingAnAdministrator<T>(trx: Knex, take: () => Promise<T>): Promise<T> {
  await trx.raw('select pg_advisory_xact_lock(?)', [String(administratorLock)]);
  const before = await administrators(trx);
  const taken = await take();
  if (before > 0 && (await administrators(trx)) === 0) {
    throw new DomainError('refused', 'Nobody would be left who can manage principals.', {
      code: 'last-administrator',
      remedy: 'Make somebody else an administrator first: ctc access grant ID administrator.',
    });
  }
  return taken;
}

/** People only: a service cannot sign in to repair anything. */
async function administrators(trx: Knex): Promise<number> {
  const { rows } = await trx.raw<{ rows: { count: number }[] }>(
    `select count(*)::integer as count from principal p where p.kind = 'person' and ${mayCondition}`,
    permissionBindings('principal.manage', company),
  );
  return rows[0]?.count ?? 0;
}
