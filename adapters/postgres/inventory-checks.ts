import type { Knex } from 'knex';
import type { InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import { badLinesKept, type BadLine } from '../../domain/inventory/ports.ts';
import { stagingTable } from './inventory-staging.ts';

interface Check {
  readonly kind: InventoryKind;
  readonly column: string;
  /** Kinds that must be staged for the check to make sense. */
  readonly staged?: readonly InventoryKind[];
  /** Kinds referred to: with a bad line among them, what looks unknown may only be misspelt there. */
  readonly refersTo?: readonly InventoryKind[];
  /** Yields `line` and `message` for each fault. */
  readonly sql: (isStaged: (kind: InventoryKind) => boolean) => string;
}

function duplicates(kind: InventoryKind, ...columns: string[]): Check {
  const key = columns.map((column) => `"${column}"`).join(', ');
  const shown = columns.map((column) => `"${column}"`).join(` || ' ' || `);
  return {
    kind,
    column: columns.at(-1) ?? '',
    sql: () => `
      select line, format('"%s" stands in line %s already; keep one of the two', ${shown}, earlier) as message
      from ${stagingTable(kind)} join (
        select ${key}, min(line) as earlier from ${stagingTable(kind)} group by ${key} having count(*) > 1
      ) as twice using (${key})
      where line > earlier`,
  };
}

function reference(kind: InventoryKind, column: string, to: InventoryKind, table: string): Check {
  return {
    kind,
    column,
    refersTo: [to],
    sql: (isStaged) => `
      select line, format(
        'there is no ${table} "%s"; correct the id, or add it to ${to}', "${column}") as message
      from ${stagingTable(kind)} as new
      where new."${column}" is not null
      and not exists (select from ${table} where id = new."${column}")
      ${isStaged(to) ? `and not exists (select from ${stagingTable(to)} where id = new."${column}")` : ''}`,
  };
}

function nodeReference(column: string): Check {
  return {
    kind: 'dependencies',
    column,
    refersTo: ['items', 'services'],
    // One set to look into, hashed once: three anti-joins were planned as loops over millions of rows.
    sql: (isStaged) => `
      select line, format(
        'there is no item or service "%s"; correct the id, or add it to items or services', "${column}"
      ) as message
      from staged_dependencies as new left join (
        select id from node
        ${isStaged('items') ? 'union all select id from staged_items' : ''}
        ${isStaged('services') ? 'union all select id from staged_services' : ''}
      ) as known on known.id = new."${column}"
      where known.id is null`,
  };
}

function storedAs(kind: 'items' | 'services', type: string, other: string): Check {
  return {
    kind,
    column: 'id',
    sql: () => `
      select line, format('"%s" is already the id of ${other}; give the ${type} another id', id) as message
      from ${stagingTable(kind)} join node using (id)
      where node.customer is ${type === 'item' ? 'not' : ''} null`,
  };
}

const checks: readonly Check[] = [
  duplicates('departments', 'id'),
  duplicates('teams', 'id'),
  duplicates('datacentres', 'id'),
  duplicates('providers', 'id'),
  duplicates('offers', 'id'),
  duplicates('solutions', 'id'),
  duplicates('customers', 'id'),
  duplicates('items', 'id'),
  duplicates('services', 'id'),
  duplicates('dependencies', 'dependent', 'group', 'member'),
  {
    kind: 'latencies',
    column: 'ms',
    // The opposite direction may be given too, as long as it says the same.
    sql: () => `
      select line, format(
        'the latency between "%s" and "%s" stands in line %s already%s; keep one of the two',
        from_datacentre, to_datacentre, earlier,
        case when ms <> earlier_ms then format(' as %s ms', earlier_ms) else '' end
      ) as message
      from (
        select *, first_value(line) over pair as earlier, first_value(ms) over pair as earlier_ms,
          first_value(from_datacentre) over pair as earlier_from
        from staged_latencies
        window pair as (
          partition by least(from_datacentre, to_datacentre), greatest(from_datacentre, to_datacentre)
          order by line
        )
      ) as numbered
      where line > earlier and (ms <> earlier_ms or from_datacentre = earlier_from)`,
  },
  reference('latencies', 'from_datacentre', 'datacentres', 'datacentre'),
  reference('latencies', 'to_datacentre', 'datacentres', 'datacentre'),
  reference('offers', 'datacentre', 'datacentres', 'datacentre'),
  reference('offers', 'provider', 'providers', 'provider'),
  reference('teams', 'department', 'departments', 'department'),
  reference('solutions', 'department', 'departments', 'department'),
  reference('items', 'datacentre', 'datacentres', 'datacentre'),
  reference('items', 'department', 'departments', 'department'),
  reference('services', 'solution', 'solutions', 'solution'),
  reference('services', 'customer', 'customers', 'customer'),
  storedAs('items', 'item', 'a service'),
  storedAs('services', 'service', 'an item'),
  {
    kind: 'services',
    column: 'id',
    staged: ['items'],
    sql: () => `
      select staged_services.line, format(
        '"%s" is the id of an item too (items, line %s); give one of them another id',
        id, staged_items.line
      ) as message
      from staged_services join staged_items using (id)`,
  },
  nodeReference('dependent'),
  nodeReference('member'),
  {
    kind: 'dependencies',
    column: 'needs',
    sql: () => `
      select line, format(
        'group "%s" of "%s" needs %s here and %s in line %s; give the whole group one number',
        "group", dependent, needs, first_needs, first_line
      ) as message
      from (
        select *, first_value(needs) over same_group as first_needs,
          first_value(line) over same_group as first_line
        from staged_dependencies
        -- Of two numbers that differ one is more than one, and that few groups have.
        where needs is not null
          and (dependent, "group") in (select dependent, "group" from staged_dependencies where needs > 1)
        window same_group as (partition by dependent, "group" order by line)
      ) as numbered
      where needs <> first_needs`,
  },
  {
    kind: 'dependencies',
    column: 'needs',
    // A member on a bad line is missing here only.
    refersTo: ['dependencies'],
    sql: () => `
      select min(line) as line, format(
        'group "%s" of "%s" needs %s of its %s members; add members or lower needs',
        "group", dependent, max(needs), count(distinct member)
      ) as message
      from staged_dependencies
      -- Nearly all groups need one, which every group has.
      where (dependent, "group") in (select dependent, "group" from staged_dependencies where needs > 1)
      group by dependent, "group" having max(needs) > count(distinct member)`,
  },
];

/**
 * What only the rows together can show. Says at most `badLinesKept` faults of each check, and how many
 * there are in all.
 */
export async function checkStagedRows(
  trx: Knex.Transaction,
  staged: ReadonlySet<InventoryKind>,
  kindsWithBadLines: ReadonlySet<InventoryKind>,
): Promise<{ badLines: BadLine[]; badLineCount: number }> {
  const badLines: BadLine[] = [];
  let badLineCount = 0;
  for (const { kind, column, sql, ...needs } of checks) {
    if (![kind, ...(needs.staged ?? [])].every((each) => staged.has(each))) continue;
    if (needs.refersTo?.some((each) => kindsWithBadLines.has(each)) === true) continue;
    const { rows } = await trx.raw<{ rows: { line: string; message: string; total: string }[] }>(
      `select line, message, count(*) over () as total
       from (${sql((each) => staged.has(each))}) as fault order by line limit ${badLinesKept}`,
    );
    badLineCount += Number(rows[0]?.total ?? 0);
    for (const { line, message } of rows)
      badLines.push({ kind, line: Number(line), column, message });
  }
  return { badLines, badLineCount };
}
