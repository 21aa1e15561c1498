import { pipeline } from 'node:stream/promises';
import type { Knex } from 'knex';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { inventoryColumns, type InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import type { InventoryRow } from './inventory-rows.ts';

const columnTypes: Readonly<Record<string, string>> = {
  availability_percent: 'double precision',
  user_latency_ms: 'double precision',
  ms: 'double precision',
  cores: 'double precision',
  memory_mb: 'integer',
  storage_gb: 'integer',
  monthly_price: 'numeric(14, 4)',
  available: 'integer',
  needs: 'integer',
};

/** The temporary table that a kind's rows wait in, with the line each came from. */
export const stagingTable = (kind: InventoryKind): string => `staged_${kind}`;

/** Empty staging tables for the kinds, gone with the transaction. */
export async function createStagingTables(
  trx: Knex.Transaction,
  kinds: readonly InventoryKind[],
): Promise<void> {
  for (const kind of kinds) {
    const columns = inventoryColumns(kind).map(
      (name) => `"${name}" ${columnTypes[name] ?? 'text'}`,
    );
    await trx.raw(
      `create temporary table ${stagingTable(kind)} (line bigint not null, ${columns.join(', ')}) on commit drop`,
    );
  }
}

/** Streams rows into the kind's staging table by COPY and returns how many there were. */
export async function copyToStaging(
  trx: Knex.Transaction,
  kind: InventoryKind,
  batches: AsyncIterable<readonly InventoryRow[]>,
): Promise<number> {
  const columns = inventoryColumns(kind);
  let count = 0;
  async function* lines() {
    for await (const rows of batches) {
      count += rows.length;
      if (rows.length > 0) yield rows.map((row) => copyLine(row, columns)).join('');
    }
  }
  // Within a transaction knex hands out the transaction's own connection, and takes none back.
  const pool = trx.client as { acquireConnection(): Promise<ClientBase> };
  const client = await pool.acquireConnection();
  const names = columns.map((name) => `"${name}"`).join(', ');
  await pipeline(
    lines(),
    client.query(copyFrom(`copy ${stagingTable(kind)} (line, ${names}) from stdin`)),
  );
  await trx.raw(`analyze ${stagingTable(kind)}`);
  return count;
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function copyLine({ line, values }: InventoryRow, columns: readonly string[]): string {
  let text = String(line);
  for (const column of columns) {
    const value = values[column];
    text +=
      value === null || value === undefined
        ? '\t\\N'
        : `\t${String(value).replace(/[\\\n\r\t]/g, (character) => escapes[character] ?? '')}`;
  }
  return `${text}\n`;
}
