import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import {
  inventoryKinds,
  keyColumns,
  type InventoryKind,
} from '../../domain/inventory/inventory-kinds.ts';
import { badLinesKept, type BadLine } from '../../domain/inventory/ports.ts';
import { removalTable, stagingTable } from './inventory-staging.ts';
import { storedKinds } from './inventory-tables.ts';

/** Up to here nobody is asked. */
const fewRows = 100;
const guardedShare = 0.05;

const sameKey = (kind: InventoryKind, left: string, right: string): string =>
  keyColumns(kind)
    .map((column) => `${left}.${column} = ${right}.${column}`)
    .join(' and ');

/** Puts what the source brought earlier, and the complete files no longer have, among what is to go. */
export async function stageMissingRows(
  trx: Knex.Transaction,
  kind: InventoryKind,
  source: string,
): Promise<void> {
  const { table, condition } = storedKinds[kind];
  const keys = keyColumns(kind).join(', ');
  await trx.raw(
    `insert into ${removalTable(kind)} (line, ${keys})
     select distinct 0, ${keysOf(kind, 'stored')} from ${table} as stored
     where stored.source = :source and ${condition}
       ${kind === 'latencies' ? 'and stored.from_datacentre < stored.to_datacentre' : ''}
       and not exists (select from ${stagingTable(kind)} as new where ${
         kind === 'latencies'
           ? `(new.from_datacentre, new.to_datacentre) in (
               (stored.from_datacentre, stored.to_datacentre), (stored.to_datacentre, stored.from_datacentre))`
           : sameKey(kind, 'new', 'stored')
       })
       and not exists (select from ${removalTable(kind)} as named where ${sameKey(kind, 'named', 'stored')})`,
    { source },
  );
}

const keysOf = (kind: InventoryKind, prefix: string): string =>
  keyColumns(kind)
    .map((column) => `${prefix}.${column}`)
    .join(', ');

/** Rows to be removed that are not there, belong to another source, or stand in the import as well. */
export async function checkRemovals(
  trx: Knex.Transaction,
  kind: InventoryKind,
  source: string,
  isStaged: boolean,
): Promise<{ badLines: BadLine[]; badLineCount: number }> {
  const { table, condition } = storedKinds[kind];
  const named = keyColumns(kind)
    .map((column) => `gone.${column}`)
    .join(` || ' ' || `);
  const { rows } = await trx.raw<{ rows: { line: string; message: string; total: string }[] }>(
    `select line, message, count(*) over () as total from (
       select gone.line, format('there is no "%s" to remove', ${named}) as message
       from ${removalTable(kind)} as gone
       where not exists (select from ${table} as stored where ${sameKey(kind, 'stored', 'gone')} and ${condition})
       union all
       select gone.line, format('"%s" belongs to the source "%s"; remove it there', ${named}, min(stored.source))
       from ${removalTable(kind)} as gone
         join ${table} as stored on ${sameKey(kind, 'stored', 'gone')} and ${condition}
       where stored.source <> :source group by gone.line, ${named}
       ${
         isStaged
           ? `union all
              select gone.line, format('"%s" stands in the same import, line %s; keep one of the two', ${named}, min(new.line))
              from ${removalTable(kind)} as gone join ${stagingTable(kind)} as new on ${sameKey(kind, 'new', 'gone')}
              group by gone.line, ${named}`
           : ''
       }
     ) as fault order by line limit ${badLinesKept}`,
    { source },
  );
  return {
    badLines: rows.map(({ line, message }) => ({ kind, line: Number(line), message })),
    badLineCount: Number(rows[0]?.total ?? 0),
  };
}

/**
 * A file cut short must not empty the inventory.
 * @throws DomainError `refused` when more than a share of a kind is to go and nobody confirmed the number.
 */
export async function guardRemovals(
  trx: Knex.Transaction,
  kinds: readonly InventoryKind[],
  confirmed: number | undefined,
): Promise<void> {
  const excessive: string[] = [];
  let total = 0;
  for (const kind of kinds) {
    const { table, condition } = storedKinds[kind];
    const { rows } = await trx.raw<{ rows: { going: number; there: number }[] }>(
      `select count(*)::integer as there, count(*) filter (where exists (
         select from ${removalTable(kind)} as gone where ${sameKey(kind, 'gone', 'stored')}))::integer as going
       from ${table} as stored where ${condition}`,
    );
    const [{ going, there } = { going: 0, there: 0 }] = rows;
    total += going;
    if (going > fewRows && going > there * guardedShare) {
      excessive.push(`${going} of ${there} ${kind}`);
    }
  }
  if (excessive.length === 0 || (confirmed !== undefined && total <= confirmed)) return;
  throw new DomainError('refused', `The import would remove ${excessive.join(', ')}.`, {
    code: 'removal-guard',
    remedy: `If that is meant, import again and confirm ${total} removals; otherwise look whether a file was cut short.`,
  });
}

/** What still refers to a row that is to go, and how it is said; looked at after everything was merged. */
const references: Partial<Record<InventoryKind, { readonly sql: string }>> = {
  items: {
    sql: `select gone.line, format('"%s" is still needed by "%s" (group "%s"); change that first',
        gone.id, min(r.dependent), min(r.group_name)) as message
      from removed_items as gone join requirement as r on r.member = gone.id group by gone.line, gone.id`,
  },
  services: {
    sql: `select gone.line, format('"%s" is still needed by "%s" (group "%s"); change that first',
        gone.id, min(r.dependent), min(r.group_name)) as message
      from removed_services as gone join requirement as r on r.member = gone.id group by gone.line, gone.id`,
  },
  customers: {
    sql: `select gone.line, format('"%s" still has the service "%s"; remove its services first',
        gone.id, min(node.id)) as message
      from removed_customers as gone join node on node.customer = gone.id group by gone.line, gone.id`,
  },
  solutions: {
    sql: `select gone.line, format('"%s" still has the service "%s"; remove its services first',
        gone.id, min(node.id)) as message
      from removed_solutions as gone join node on node.solution = gone.id group by gone.line, gone.id`,
  },
  datacentres: {
    sql: `select gone.line, format('"%s" still has the item "%s"; remove its items first',
        gone.id, min(node.id)) as message
      from removed_datacentres as gone join node on node.datacentre = gone.id group by gone.line, gone.id`,
  },
};

/** Removes the staged keys, those that refer to others first, or says what still refers to them. */
export async function removeRows(
  trx: Knex.Transaction,
  kinds: readonly InventoryKind[],
): Promise<{ removed: Partial<Record<InventoryKind, number>>; badLines: BadLine[] }> {
  const removed: Partial<Record<InventoryKind, number>> = {};
  const badLines: BadLine[] = [];
  const inOrder = inventoryKinds.filter((kind) => kinds.includes(kind)).reverse();
  // What is removed needs nothing any more: nodes that need each other can go together.
  for (const kind of ['items', 'services'] as const) {
    if (!kinds.includes(kind)) continue;
    await trx.raw(
      `delete from requirement using ${removalTable(kind)} as gone where requirement.dependent = gone.id`,
    );
  }
  for (const kind of inOrder) {
    const { table, condition } = storedKinds[kind];
    const still = references[kind];
    if (still !== undefined) {
      const { rows } = await trx.raw<{ rows: { line: string; message: string }[] }>(
        `${still.sql} order by line limit ${badLinesKept}`,
      );
      badLines.push(...rows.map(({ line, message }) => ({ kind, line: Number(line), message })));
      if (rows.length > 0) continue;
    }
    if (badLines.length > 0) continue;
    const { rowCount } = await trx.raw<{ rowCount: number | null }>(
      `delete from ${table} as stored using ${removalTable(kind)} as gone
       where ${condition} and ${
         kind === 'latencies'
           ? `(stored.from_datacentre, stored.to_datacentre) in (
               (gone.from_datacentre, gone.to_datacentre), (gone.to_datacentre, gone.from_datacentre))`
           : sameKey(kind, 'stored', 'gone')
       }`,
    );
    removed[kind] = kind === 'latencies' ? (rowCount ?? 0) / 2 : (rowCount ?? 0);
  }
  return { removed, badLines };
}
