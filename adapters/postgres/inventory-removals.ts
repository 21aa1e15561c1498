import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import {
  inventoryKinds,
  keyColumns,
  type InventoryKind,
} from '../../domain/inventory/inventory-kinds.ts';
import { badLinesKept, type BadLine } from '../../domain/inventory/ports.ts';
import { findReferences } from './inventory-references.ts';
import { removalTable, stagingTable } from './inventory-staging.ts';
import { countedRows, storedKinds } from './inventory-tables.ts';

/** Up to here nobody is asked. */
const fewRows = 100;
/** Of a kind's rows, one in this many may go without a question. */
const guardedShare = 20;

/** What the rows of two tables must have in common to be the same; a pair of sites has no direction. */
function sameKey(kind: InventoryKind, left: string, right: string): string {
  if (kind === 'latencies') {
    // In a form that can be hashed, which an "or" cannot.
    return ['least', 'greatest']
      .map((end) => {
        const of = (row: string) => `${end}(${row}.from_datacentre, ${row}.to_datacentre)`;
        return `${of(left)} = ${of(right)}`;
      })
      .join(' and ');
  }
  return keyColumns(kind)
    .map((column) => `${left}.${column} = ${right}.${column}`)
    .join(' and ');
}

/** Puts what the source brought earlier, and the complete files no longer have, among what is to go. */
export async function stageMissingRows(
  trx: Knex.Transaction,
  kind: InventoryKind,
  source: string,
): Promise<void> {
  const keys = keyColumns(kind);
  await trx.raw(
    `insert into ${removalTable(kind)} (line, ${keys.join(', ')})
     select distinct 0, ${keys.map((column) => `stored.${column}`).join(', ')}
     from ${storedKinds[kind].table} as stored
     where stored.source = :source and ${countedRows(kind)}
       and not exists (select from ${stagingTable(kind)} as new where ${sameKey(kind, 'new', 'stored')})
       and not exists (select from ${removalTable(kind)} as named where ${sameKey(kind, 'named', 'stored')})`,
    { source },
  );
  await trx.raw(`analyze ${removalTable(kind)}`);
}

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
  // Line 0 is what a complete file leaves out: looked up among the source's own rows, in no file.
  const { rows } = await trx.raw<{ rows: { line: string; message: string; total: string }[] }>(
    `select line, message, count(*) over () as total from (
       select gone.line, format('there is no "%s" to remove', ${named}) as message
       from ${removalTable(kind)} as gone
       where gone.line > 0
         and not exists (select from ${table} as stored where ${sameKey(kind, 'stored', 'gone')} and ${condition})
       union all
       select gone.line, format('"%s" belongs to the source "%s"; remove it there', ${named}, min(stored.source))
       from ${removalTable(kind)} as gone
         join ${table} as stored on ${sameKey(kind, 'stored', 'gone')} and ${condition}
       where gone.line > 0 and stored.source <> :source group by gone.line, ${named}
       ${
         isStaged
           ? `union all
              select gone.line, format('"%s" stands in the same import, line %s; keep one of the two', ${named}, min(new.line))
              from ${removalTable(kind)} as gone join ${stagingTable(kind)} as new on ${sameKey(kind, 'new', 'gone')}
              where gone.line > 0 group by gone.line, ${named}`
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
    const stored = `from ${storedKinds[kind].table} as stored where ${countedRows(kind)}`;
    // "exists" in the "where": as a filter of the count it would be looked up row by row.
    const { rows } = await trx.raw<{ rows: { going: number; there: number }[] }>(
      `select (select count(*)::integer ${stored}) as there, (select count(*)::integer ${stored}
         and exists (select from ${removalTable(kind)} as gone where ${sameKey(kind, 'gone', 'stored')})) as going`,
    );
    const [{ going, there } = { going: 0, there: 0 }] = rows;
    total += going;
    if (going > fewRows && going * guardedShare > there) {
      excessive.push(`${going} of ${there} ${kind}`);
    }
  }
  if (excessive.length === 0 || (confirmed !== undefined && total <= confirmed)) return;
  throw new DomainError('refused', `The import would remove ${excessive.join(', ')}.`, {
    code: 'removal-guard',
    remedy: `If that is meant, import again and confirm ${total} removals; otherwise look whether a file was cut short.`,
  });
}

export interface Removed {
  /** By kind, the groups that removed nodes took along included. */
  readonly removed: Partial<Record<InventoryKind, number>>;
  readonly badLines: readonly BadLine[];
  readonly badLineCount: number;
}

/** Removes the staged keys, those that refer to others first, or says what still refers to them. */
export async function removeRows(
  trx: Knex.Transaction,
  kinds: readonly InventoryKind[],
): Promise<Removed> {
  const going = new Set(kinds);
  const removed: Partial<Record<InventoryKind, number>> = {};
  const found = await findReferences(trx, going);
  if (found.badLineCount > 0) return { removed, ...found };

  const remove = async (kind: InventoryKind, sql: string) => {
    const { rowCount } = await trx.raw<{ rowCount: number | null }>(sql);
    // Both directions of a latency are stored, and a pair is counted once.
    const count = (rowCount ?? 0) / (kind === 'latencies' ? 2 : 1);
    if (count > 0 || going.has(kind)) removed[kind] = (removed[kind] ?? 0) + count;
  };
  for (const kind of [...inventoryKinds].reverse()) {
    if (going.has(kind)) {
      const { table, condition } = storedKinds[kind];
      await remove(
        kind,
        `delete from ${table} as stored using ${removalTable(kind)} as gone
         where ${condition} and ${sameKey(kind, 'stored', 'gone')}`,
      );
    }
    if (kind !== 'dependencies') continue;
    // Nothing refers to a group: what its dependent needed goes with it.
    for (const nodes of (['services', 'items'] as const).filter((each) => going.has(each))) {
      await remove(
        'dependencies',
        `delete from requirement as stored using ${removalTable(nodes)} as gone
         where stored.dependent = gone.id`,
      );
    }
  }
  return { removed, ...found };
}
