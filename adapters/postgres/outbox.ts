import type { Knex } from 'knex';
import type { ImpactMoved } from '../../domain/change/messages.ts';
import type { Outbox, OutboxEntry } from '../../domain/change/outbox.ts';

const longestDelaySeconds = 10;

export function createOutbox(database: Knex): Outbox {
  return {
    dispatch: (limit, deliver) =>
      database.transaction(async (trx) => {
        const { rows } = await trx.raw<{ rows: (OutboxEntry & { id: number; tries: number })[] }>(
          `
            select id, topic, key, payload, tries from outbox
            where dispatched_at is null and due_at <= now()
            order by id limit ? for update skip locked
          `,
          [limit],
        );
        const results = await Promise.allSettled(rows.map((entry) => deliver(entry)));
        for (const [index, result] of results.entries()) {
          const row = rows[index];
          if (row === undefined) continue;
          if (result.status === 'fulfilled') {
            await trx('outbox').where({ id: row.id }).update({ dispatched_at: trx.fn.now() });
          } else {
            const delay = Math.min(longestDelaySeconds, 2 ** row.tries * 0.5);
            await trx('outbox')
              .where({ id: row.id })
              .update({
                tries: row.tries + 1,
                last_error: String(result.reason),
                due_at: trx.raw(`now() + make_interval(secs => ?)`, [delay]),
              });
          }
        }
        return rows.length;
      }),
  };
}

/** Tells a change's workflow, once for each revision, in the transaction that found it out. */
export async function enqueueImpactMoved(
  trx: Knex,
  changeId: string,
  moved: ImpactMoved,
): Promise<void> {
  await trx('outbox')
    .insert({
      topic: 'impact-moved',
      key: `${changeId}/${moved.revision}`,
      payload: JSON.stringify({ changeId, moved }),
      created_at: trx.fn.now(),
      due_at: trx.fn.now(),
    })
    .onConflict(['topic', 'key'])
    .ignore();
}

/**
 * Tells every change that the stop covers, once, in the transaction that declares or lifts it; those at work in
 * production before those that only wait for their window.
 */
export async function enqueueLineNews(
  trx: Knex,
  topic: 'line-stopped' | 'line-resumed',
  stopId: string,
  news: Pick<OutboxEntry['payload'], 'stopped' | 'lifted'>,
): Promise<void> {
  await trx.raw(
    `insert into outbox (topic, key, payload, created_at, due_at)
     select cast(:topic as text), :stopId || '/' || c.id,
       jsonb_build_object('changeId', c.id) || cast(:news as jsonb), now(), now()
     from line_stop_change l join change c on c.id = l.change_id
     where l.stop_id = cast(:stopId as uuid)
     order by c.state = 'scheduled', c.number
     on conflict (topic, key) do nothing`,
    { topic, stopId, news: JSON.stringify(news) },
  );
}

/** Puts a change's start into the outbox, in the transaction that accepts the request. */
export async function enqueueStart(trx: Knex, changeId: string): Promise<void> {
  await trx('outbox')
    .insert({
      topic: 'start-change',
      key: changeId,
      payload: JSON.stringify({ changeId }),
      created_at: trx.fn.now(),
      due_at: trx.fn.now(),
    })
    .onConflict(['topic', 'key'])
    .ignore();
}

/** Has a change rehearsed, in the transaction that accepts the wish. */
export async function enqueueRehearsal(
  trx: Knex,
  changeId: string,
  rehearsalId: string,
): Promise<void> {
  await trx('outbox').insert({
    topic: 'rehearse-change',
    key: rehearsalId,
    payload: JSON.stringify({ changeId, rehearsal: rehearsalId }),
    created_at: trx.fn.now(),
    due_at: trx.fn.now(),
  });
}

/** Tells the guardian that asked for a change that it has ended, in the transaction that ends it. */
export async function enqueueCorrectionEnded(trx: Knex, changeId: string): Promise<void> {
  await trx.raw(
    `insert into outbox (topic, key, payload, created_at, due_at)
     select 'correction-ended', id, jsonb_build_object('changeId', id, 'ended',
       jsonb_build_object('application', application, 'correction', jsonb_build_object('change', id))), now(), now()
     from change where id = :changeId and origin ->> 'kind' = 'guardian'
     on conflict (topic, key) do nothing`,
    { changeId },
  );
}

/** Tells the guardian of an application what runs from now on, in the transaction that makes it so. */
export async function enqueueGuard(
  trx: Knex,
  application: string,
  verified: { readonly change: string; readonly attempt: number },
  key: string,
): Promise<void> {
  await trx('outbox')
    .insert({
      topic: 'guard-application',
      key,
      payload: JSON.stringify({ changeId: verified.change, guard: { application, verified } }),
      created_at: trx.fn.now(),
      due_at: trx.fn.now(),
    })
    .onConflict(['topic', 'key'])
    .ignore();
}
