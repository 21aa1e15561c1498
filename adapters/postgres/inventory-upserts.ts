import type { Knex } from 'knex';
import { inventoryColumns, type InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import type { ImportCounts } from '../../domain/inventory/ports.ts';
import { stagingTable } from './inventory-staging.ts';

type Changes = Omit<ImportCounts, 'rows'>;

const tables = {
  departments: 'department',
  datacentres: 'datacentre',
  offers: 'offer',
  solutions: 'solution',
  customers: 'customer',
  items: 'item',
  services: 'service',
} as const;

async function changesOf(trx: Knex.Transaction, statement: string): Promise<Changes> {
  const { rows } = await trx.raw<{ rows: { inserted: string; updated: string }[] }>(`
    with changed as (${statement})
    select count(*) filter (where is_new) as inserted, count(*) filter (where not is_new) as updated
    from changed`);
  return { inserted: Number(rows[0]?.inserted), updated: Number(rows[0]?.updated), removed: 0 };
}

// A row version that no transaction has locked or replaced has xmax 0: it was just inserted.
const isNew = '(xmax = 0) as is_new';

function upsertTable(trx: Knex.Transaction, kind: keyof typeof tables): Promise<Changes> {
  const table = tables[kind];
  const columns = inventoryColumns(kind);
  const others = columns.filter((column) => column !== 'id');
  const list = (prefix: string) => others.map((column) => `${prefix}.${column}`).join(', ');
  return changesOf(
    trx,
    `insert into ${table} (${columns.join(', ')})
     select ${columns.join(', ')} from ${stagingTable(kind)} order by line
     on conflict (id) do update set ${others.map((c) => `${c} = excluded.${c}`).join(', ')}
     where (${list(table)}) is distinct from (${list('excluded')})
     returning ${isNew}`,
  );
}

async function upsertNodes(trx: Knex.Transaction, kind: 'items' | 'services', type: string) {
  await trx.raw(
    `insert into node (id, type) select id, '${type}' from ${stagingTable(kind)} order by line
     on conflict (id) do nothing`,
  );
  return upsertTable(trx, kind);
}

/** Both directions are stored; a pair is counted once. */
function upsertLatencies(trx: Knex.Transaction): Promise<Changes> {
  return changesOf(
    trx,
    `insert into datacentre_latency (from_datacentre, to_datacentre, ms)
     select from_datacentre, to_datacentre, ms from staged_latencies
     union select to_datacentre, from_datacentre, ms from staged_latencies
     on conflict (from_datacentre, to_datacentre) do update set ms = excluded.ms
     where datacentre_latency.ms is distinct from excluded.ms
     returning case when from_datacentre < to_datacentre then xmax = 0 end as is_new`,
  );
}

/** Touches only what differs, so that the same import twice writes nothing the second time. */
async function replaceDependencies(trx: Knex.Transaction): Promise<Changes> {
  await trx.raw(`
    create temporary table staged_groups on commit drop as
    select dependent, "group" as name, coalesce(max(needs), count(*)::integer) as needs
    from staged_dependencies group by dependent, "group"`);
  await trx.raw('analyze staged_groups');
  const removed = await trx.raw<{ rows: { count: string }[] }>(`
    with gone as (
      delete from requirement_member as old
      where exists (select from staged_groups where dependent = old.dependent)
        and not exists (
          select from staged_dependencies as new
          where new.dependent = old.dependent and new."group" = old.group_name
            and new.member = old.member
        )
      returning 1
    ) select count(*) from gone`);
  await trx.raw(`
    delete from requirement_group as old
    where exists (select from staged_groups where dependent = old.dependent)
      and not exists (
        select from staged_groups as new where new.dependent = old.dependent and new.name = old.name
      )`);
  const updated = await trx.raw<{ rows: { count: string }[] }>(`
    with changed as (
      update requirement_group as old set needs = new.needs from staged_groups as new
      where old.dependent = new.dependent and old.name = new.name and old.needs <> new.needs
      returning old.dependent, old.name
    )
    select count(*) from changed join requirement_member as member
      on member.dependent = changed.dependent and member.group_name = changed.name`);
  await trx.raw(`
    insert into requirement_group (dependent, name, needs)
    select dependent, name, needs from staged_groups on conflict do nothing`);
  const { inserted } = await changesOf(
    trx,
    `insert into requirement_member (dependent, group_name, member)
     select dependent, "group", member from staged_dependencies order by line
     on conflict do nothing returning ${isNew}`,
  );
  return {
    inserted,
    updated: Number(updated.rows[0]?.count),
    removed: Number(removed.rows[0]?.count),
  };
}

/** Brings the staged rows of a kind, which passed every check, into the inventory. */
export function storeStagedRows(trx: Knex.Transaction, kind: InventoryKind): Promise<Changes> {
  switch (kind) {
    case 'items':
      return upsertNodes(trx, kind, 'item');
    case 'services':
      return upsertNodes(trx, kind, 'service');
    case 'latencies':
      return upsertLatencies(trx);
    case 'dependencies':
      return replaceDependencies(trx);
    default:
      return upsertTable(trx, kind);
  }
}
