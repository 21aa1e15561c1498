import type { Knex } from 'knex';
import type { IdempotencyStore, StoredAnswer } from '../../domain/access/ports.ts';

const kept = '24 hours';
/** A claim that nobody renews for this long belongs to a process that died. */
const lease = '30 seconds';

/** How often a claim must be renewed while its request is worked on. */
export const renewEveryMs = 10_000;

interface ClaimRow {
  readonly request_hash: string;
  readonly state: 'in-progress' | 'done';
  readonly status: number | null;
  readonly headers: Record<string, string> | null;
  readonly body: string | null;
}

export function createIdempotencyStore(database: Knex): IdempotencyStore {
  return {
    async begin({ principal, key, requestHash }) {
      // One statement claims a key that is new, too old to count, or abandoned by the same request.
      const { rows: claimed } = await database.raw<{ rows: unknown[] }>(
        `
          insert into idempotency_key (principal, key, request_hash, state, locked_until, created_at)
          values (:principal, :key, :requestHash, 'in-progress', now() + interval '${lease}', now())
          on conflict (principal, key) do update
            set request_hash = excluded.request_hash, state = 'in-progress', status = null, headers = null,
              body = null, locked_until = excluded.locked_until, created_at = now()
            where idempotency_key.created_at < now() - interval '${kept}'
              or (idempotency_key.state = 'in-progress' and idempotency_key.locked_until < now()
                and idempotency_key.request_hash = excluded.request_hash)
          returning key
        `,
        { principal, key, requestHash },
      );
      if (claimed.length > 0) return { outcome: 'proceed' };
      const row = await database('idempotency_key')
        .where({ principal, key })
        .first<ClaimRow | undefined>('request_hash', 'state', 'status', 'headers', 'body');
      // Released in between: the other request came to nothing, and this one may be tried again.
      if (row === undefined) return { outcome: 'in-progress' };
      if (row.request_hash !== requestHash) return { outcome: 'other-request' };
      if (row.state === 'in-progress') return { outcome: 'in-progress' };
      return {
        outcome: 'replay',
        answer: { status: row.status ?? 200, headers: row.headers ?? {}, body: row.body ?? '' },
      };
    },

    async renew(principal, key) {
      await database('idempotency_key')
        .where({ principal, key, state: 'in-progress' })
        .update({ locked_until: database.raw(`now() + interval '${lease}'`) });
    },

    async finish(principal, key, { status, headers, body }: StoredAnswer) {
      await database('idempotency_key')
        .where({ principal, key, state: 'in-progress' })
        .update({ state: 'done', status, headers: JSON.stringify(headers), body });
    },

    async release(principal, key) {
      await database('idempotency_key').where({ principal, key, state: 'in-progress' }).delete();
    },
  };
}

/** Deletes keys that no longer count. Returns how many. */
export async function purgeIdempotencyKeys(database: Knex): Promise<number> {
  return database('idempotency_key').whereRaw(`created_at < now() - interval '${kept}'`).delete();
}
