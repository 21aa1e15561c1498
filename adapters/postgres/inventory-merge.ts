import type { Knex } from 'knex';
import {
  hoursPerMonth,
  inventoryColumns,
  type InventoryKind,
} from '../../domain/inventory/inventory-kinds.ts';
import type { ImportCounts } from '../../domain/inventory/ports.ts';
import { stagingTable } from './inventory-staging.ts';
import { storedKinds, valueColumns } from './inventory-tables.ts';

export type Changes = Omit<ImportCounts, 'rows' | 'removed' | 'kept'> & {
  readonly removed?: number;
};

export interface MergeOptions {
  readonly source: string;
  readonly version: number;
}

async function affected(
  trx: Knex.Transaction,
  sql: string,
  bindings: Record<string, Knex.Value>,
): Promise<number> {
  return (await trx.raw<{ rowCount: number | null }>(sql, bindings)).rowCount ?? 0;
}

/** Rows with an id: what differs is updated, what is new is inserted, and nothing else is touched. */
async function mergeById(
  trx: Knex.Transaction,
  kind: InventoryKind,
  options: MergeOptions,
): Promise<Changes> {
  const { table, condition } = storedKinds[kind];
  const columns = inventoryColumns(kind).join(', ');
  const values = valueColumns(kind);
  const list = (prefix: string) => values.map((column) => `${prefix}.${column}`).join(', ');
  const updated = await affected(
    trx,
    `update ${table} as stored set ${values.map((c) => `${c} = new.${c}`).join(', ')}, since = :version
     from ${stagingTable(kind)} as new
     where stored.id = new.id and ${condition} and stored.source = :source
       and (${list('stored')}) is distinct from (${list('new')})`,
    { ...options },
  );
  const inserted = await affected(
    trx,
    `insert into ${table} (${columns}, source, since)
     select ${columns}, :source, :version from ${stagingTable(kind)} as new
     where not exists (select from ${table} where id = new.id) order by id`,
    { ...options },
  );
  return { inserted, updated };
}

/** Both directions are stored; a pair is counted once. */
async function mergeLatencies(trx: Knex.Transaction, options: MergeOptions): Promise<Changes> {
  const both = `(
    select from_datacentre, to_datacentre, ms from staged_latencies
    union select to_datacentre, from_datacentre, ms from staged_latencies)`;
  const updated = await affected(
    trx,
    `update datacentre_latency as stored set ms = new.ms, since = :version from ${both} as new
     where stored.from_datacentre = new.from_datacentre and stored.to_datacentre = new.to_datacentre
       and stored.source = :source and stored.ms <> new.ms`,
    { ...options },
  );
  const inserted = await affected(
    trx,
    `insert into datacentre_latency (from_datacentre, to_datacentre, ms, source, since)
     select from_datacentre, to_datacentre, ms, :source, :version from ${both} as new
     on conflict do nothing`,
    { ...options },
  );
  return { inserted: inserted / 2, updated: updated / 2 };
}

/** Touches only what differs, so that the same import twice writes nothing the second time. */
async function replaceDependencies(trx: Knex.Transaction, options: MergeOptions): Promise<Changes> {
  const { rows } = await trx.raw<{ rows: unknown[] }>('select from requirement limit 1');
  let [removed, updated] = [0, 0];
  if (rows.length > 0) {
    await trx.raw(`
      create temporary table staged_dependents on commit drop as
      select distinct dependent from staged_dependencies`);
    await trx.raw('analyze staged_dependents');
    removed = await affected(
      trx,
      `delete from requirement as stored using staged_dependents as dependents
       where stored.dependent = dependents.dependent and stored.source = :source and not exists (
         select from staged_dependencies as new where new.dependent = stored.dependent
           and new."group" = stored.group_name and new.member = stored.member)`,
      { ...options },
    );
    updated = await affected(
      trx,
      `update requirement as stored set needs = new.needs, since = :version
       from staged_dependencies as new
       where stored.dependent = new.dependent and stored.group_name = new."group"
         and stored.member = new.member and stored.source = :source and stored.needs <> new.needs`,
      { ...options },
    );
  }
  const inserted = await affected(
    trx,
    `insert into requirement (dependent, group_name, needs, member, source, since)
     select dependent, "group", needs, member, :source, :version from staged_dependencies as new
     where not exists (
       select from requirement as stored where stored.dependent = new.dependent
         and stored.group_name = new."group" and stored.member = new.member)
     -- In the order of the keys: the index grows at its end, and what belongs together lies together.
     order by dependent, "group", member`,
    { ...options },
  );
  return { inserted, updated, removed };
}

/** An empty `needs` means the number on the group's other rows, or every member. */
export async function completeNeeds(trx: Knex.Transaction): Promise<void> {
  await trx.raw(`
    update staged_dependencies as row set needs = whole.needs
    from (
      select dependent, "group", coalesce(max(needs), count(*)::integer) as needs
      from staged_dependencies group by dependent, "group" having count(*) > count(needs)
    ) as whole
    where row.needs is null and row.dependent = whole.dependent and row."group" = whole."group"`);
}

/** An empty `monthly_price` is computed from the price by the hour. */
export async function completePrices(trx: Knex.Transaction): Promise<void> {
  await trx.raw(
    `update staged_offers set monthly_price = hourly_price * ${hoursPerMonth} where monthly_price is null`,
  );
}

/** Brings the staged rows of a kind, which passed every check, into the inventory. */
export function mergeStagedRows(
  trx: Knex.Transaction,
  kind: InventoryKind,
  options: MergeOptions,
): Promise<Changes> {
  switch (kind) {
    case 'latencies':
      return mergeLatencies(trx, options);
    case 'dependencies':
      return replaceDependencies(trx, options);
    default:
      return mergeById(trx, kind, options);
  }
}
