import type { Knex } from 'knex';
import type { DriftReport } from '../../domain/deployment/comparison.ts';
import {
  changeDetector,
  driftEvent,
  driftOf,
  inventoryEvent,
  type TouchedItem,
} from '../../domain/incidents/unauthorised.ts';
import { canonicalHash } from '../canonical-hash.ts';
import { insertEvent } from './report-event.ts';

/**
 * Reports a drift for review, once for as long as it stands; one that has gone is forgotten, and told again when it
 * comes back. Where a datacentre could not tell, what is known stands. In the caller's transaction.
 */
export async function noteDrift(trx: Knex, report: DriftReport): Promise<void> {
  const { application, verdict, at } = report;
  // Two may look at once: the one that comes second sees what the first has reported.
  await trx.raw(`select pg_advisory_xact_lock(hashtextextended('ctc-drift/' || ?, 0))`, [
    application,
  ]);
  if (verdict === 'unknown') return;
  if (verdict === 'in-step') {
    await trx('drift_episode').where({ application }).delete();
    return;
  }
  const fingerprint = canonicalHash(driftOf(report));
  const known = await trx('drift_episode')
    .where({ application })
    .first<{ fingerprint: string } | undefined>('fingerprint');
  if (known?.fingerprint === fingerprint) return;
  const event = await insertEvent(trx, driftEvent(report), {
    by: changeDetector,
    key: `${changeDetector}/drift/${application}/${fingerprint}/${at}`,
    at,
  });
  if (event === undefined) return;
  const episode = { application, fingerprint, since: at, event_id: event };
  await trx('drift_episode').insert(episode).onConflict('application').merge(episode);
}

/**
 * Reports items that an import has added, changed or removed and that no change was to touch. A change covers what it
 * names, its application's item, and by people what is of its department in its datacentres; it counts when its
 * window meets the time since the source was imported before, and it was carried out. The first import of a source
 * is where one begins from. In the import's transaction.
 */
export async function noteUnplannedItems(
  trx: Knex,
  {
    version,
    source,
    by,
  }: { readonly version: number; readonly source: string; readonly by: string },
): Promise<void> {
  const before = await trx('inventory_import')
    .where({ source })
    .where('version', '<', version)
    .orderBy('version', 'desc')
    .first<{ imported_at: string } | undefined>('imported_at');
  if (before === undefined) return;
  const since = before.imported_at;
  const { rows: items } = await trx.raw<{ rows: TouchedItem[] }>(unplannedItems, {
    version,
    since,
    carriedOut,
  });
  if (items.length === 0) return;
  const at = new Date().toISOString();
  await insertEvent(trx, inventoryEvent({ version, source, by, since, at, items }), {
    by: changeDetector,
    key: `${changeDetector}/inventory/${version}`,
    at,
  });
}

/** Events of the log by which a change begins to touch something. */
const carriedOut = ['simulate', 'deploy', 'start-implementing'];

const unplannedItems = `
  with gone as (
    select distinct on (key) key as id, row ->> 'datacentre' as datacentre, row ->> 'department' as department
    from inventory_history
    where kind = 'nodes' and until = :version and row ->> 'customer' is null
    order by key, since desc
  ),
  touched as (
    select n.id, case when g.id is null then 'added' else 'changed' end as how, n.datacentre, n.department
    from node n left join gone g on g.id = n.id
    where n.since = :version and n.datacentre is not null
    union all
    select g.id, 'removed', g.datacentre, g.department from gone g
    where not exists (select from node n where n.id = g.id)
  ),
  at_work as (
    select c.definition -> 'request' as request, c.plan #>> '{application,item}' as item from change c
    where c.window_closes_at > cast(:since as timestamptz) and c.window_opens_at <= now()
      and exists (select from change_log l where l.change_id = c.id and l.event = any (cast(:carriedOut as text[])))
  )
  select t.id, t.how, t.datacentre, t.department from touched t
  where not exists (
    select from at_work w
    where w.item = t.id
      or w.request -> 'affects' @> jsonb_build_array(jsonb_build_object('item', t.id))
      or (w.request ->> 'kind' <> 'release' and w.request ->> 'department' = t.department
        and w.request -> 'datacentres' \\? t.datacentre)
  )
  order by t.how, t.id`;
