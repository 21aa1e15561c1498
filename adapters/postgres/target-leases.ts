import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';

/**
 * Takes an application's lease in each datacentre for an attempt, in the caller's transaction, and answers
 * the fencing token of each: one higher than any before it, so that whoever held it is shut out for good.
 * @throws DomainError `unavailable` naming the change that holds a lease and has not ended.
 */
export async function acquireLeases(
  trx: Knex,
  attempt: { readonly changeId: string; readonly attempt: number; readonly application: string },
  datacentres: readonly string[],
  at: string,
): Promise<Record<string, number>> {
  const tokens: Record<string, number> = {};
  // Always in the same order: two attempts that want the same targets wait for each other, no deadlock.
  for (const datacentre of [...datacentres].sort()) {
    const { rows } = await trx.raw<{ rows: { token: number }[] }>(
      `
        insert into target_lease (application, datacentre, token, change_id, attempt, acquired_at)
        values (:application, :datacentre, 1, :changeId, :attempt, :at)
        on conflict (application, datacentre) do update
          set token = target_lease.token + 1, change_id = excluded.change_id, attempt = excluded.attempt,
            acquired_at = excluded.acquired_at, released_at = null
          where target_lease.released_at is not null or target_lease.change_id = excluded.change_id
        returning token
      `,
      { ...attempt, datacentre, at },
    );
    const token = rows[0]?.token;
    if (token === undefined) throw await heldBySomebody(trx, attempt.application, datacentre);
    tokens[datacentre] = token;
  }
  return tokens;
}

async function heldBySomebody(
  trx: Knex,
  application: string,
  datacentre: string,
): Promise<DomainError> {
  const holder = await trx('target_lease as l')
    .join('change as c', 'c.id', 'l.change_id')
    .where({ 'l.application': application, 'l.datacentre': datacentre })
    .first<{ number: number; state: string } | undefined>('c.number', 'c.state');
  return new DomainError(
    'unavailable',
    `${application} in ${datacentre} is held by CHG-${holder?.number ?? '?'} (${holder?.state ?? 'unknown'}).`,
    { code: 'target-held', remedy: 'It goes on as soon as that change has ended.' },
  );
}
