import type { Knex } from 'knex';
import type { InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import { badLinesKept, type BadLine } from '../../domain/inventory/ports.ts';
import { removalTable, stagingTable } from './inventory-staging.ts';

interface Reference {
  /** The kind whose rows are to go, and the kind that may still refer to them. */
  readonly to: InventoryKind;
  readonly from: InventoryKind;
  readonly table: string;
  /** Column of `table` that holds the id of what is to go, and the one that names the referring row. */
  readonly column: string;
  readonly name: string;
  /** What is wrong and the way out, after the id of what is to go; `%s` is the referring row. */
  readonly says: string;
}

const holds = (
  to: InventoryKind,
  from: InventoryKind,
  table: string,
  what: string,
  column = to.slice(0, -1),
  name = 'id',
): Reference => ({
  to,
  from,
  table,
  column,
  name,
  says: `still has the ${what} "%s"; remove its ${from} first`,
});

const needed = (to: 'items' | 'services'): Reference => ({
  to,
  from: 'dependencies',
  table: 'requirement',
  column: 'member',
  name: 'dependent',
  says: 'is still needed by "%s"; change that first',
});

const references: readonly Reference[] = [
  needed('items'),
  needed('services'),
  holds('customers', 'services', 'node', 'service'),
  holds('solutions', 'services', 'node', 'service'),
  holds('datacentres', 'items', 'node', 'item'),
  holds('datacentres', 'offers', 'offer', 'offer'),
  holds(
    'datacentres',
    'latencies',
    'datacentre_latency',
    'latency to',
    'from_datacentre',
    'to_datacentre',
  ),
  holds('providers', 'offers', 'offer', 'offer'),
  holds('departments', 'items', 'node', 'item'),
  holds('departments', 'solutions', 'solution', 'solution'),
  holds('departments', 'teams', 'team', 'team'),
];

/** Whether the referring row goes as well: then it is in nobody's way. */
function goesToo({ from }: Reference, going: ReadonlySet<InventoryKind>): string {
  if (from === 'latencies') {
    return going.has('latencies')
      ? `exists (select from removed_latencies as too
           where least(too.from_datacentre, too.to_datacentre) = least(stored.from_datacentre, stored.to_datacentre)
             and greatest(too.from_datacentre, too.to_datacentre) = greatest(stored.from_datacentre, stored.to_datacentre))`
      : 'false';
  }
  // A node that goes takes its groups along.
  const kinds =
    from === 'dependencies' ? (['dependencies', 'items', 'services'] as const) : ([from] as const);
  const conditions = kinds
    .filter((kind) => going.has(kind))
    .map((kind) =>
      kind === 'dependencies'
        ? `exists (select from ${removalTable(kind)} as too where too.dependent = stored.dependent)`
        : `exists (select from ${removalTable(kind)} as too where too.id = stored.${from === 'dependencies' ? 'dependent' : 'id'})`,
    );
  return conditions.length === 0 ? 'false' : conditions.join(' or ');
}

/**
 * What still refers to a row that is to go and stays itself; to be asked when everything was merged. Says at
 * most `badLinesKept` of each kind of reference, and how many there are in all.
 */
export async function findReferences(
  trx: Knex.Transaction,
  going: ReadonlySet<InventoryKind>,
): Promise<{ badLines: BadLine[]; badLineCount: number }> {
  const badLines: BadLine[] = [];
  let badLineCount = 0;
  for (const reference of references) {
    const { to, table, column, name, says } = reference;
    if (!going.has(to)) continue;
    const { rows } = await trx.raw<{ rows: { line: string; message: string; total: string }[] }>(
      `select line, format('"%s" ${says}', id, held) as message, count(*) over () as total from (
         select min(gone.line) as line, gone.id, min(stored.${name}) as held
         from ${removalTable(to)} as gone join ${table} as stored on stored.${column} = gone.id
         where not (${goesToo(reference, going)}) group by gone.id
       ) as reference order by line, id limit ${badLinesKept}`,
    );
    badLineCount += Number(rows[0]?.total ?? 0);
    badLines.push(
      ...rows.map(({ line, message }) => ({
        kind: to,
        line: Number(line),
        message: explainedLine(Number(line), message),
      })),
    );
  }
  return { badLines, badLineCount };
}

/** What a complete file leaves out stands in no line. */
const explainedLine = (line: number, message: string) =>
  line === 0 ? `not in the complete file any more: ${message}` : message;

/** Groups that the import gives to nodes that it removes. */
export async function findGroupsOfRemoved(
  trx: Knex.Transaction,
  going: ReadonlySet<InventoryKind>,
): Promise<{ badLines: BadLine[]; badLineCount: number }> {
  const badLines: BadLine[] = [];
  let badLineCount = 0;
  for (const kind of ['items', 'services'] as const) {
    if (!going.has(kind)) continue;
    const { rows } = await trx.raw<{ rows: { line: string; what: string; total: string }[] }>(
      `select new.line, new.dependent as what, count(*) over () as total
       from ${stagingTable('dependencies')} as new
       where exists (select from ${removalTable(kind)} as gone where gone.id = new.dependent)
       order by line limit ${badLinesKept}`,
    );
    badLineCount += Number(rows[0]?.total ?? 0);
    for (const { line, what } of rows) {
      badLines.push({
        kind: 'dependencies',
        line: Number(line),
        column: 'dependent',
        message: `"${what}" is removed by the same import; leave out its dependencies, or keep it`,
      });
    }
  }
  return { badLines, badLineCount };
}
