import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import {
  inventoryColumns,
  keyColumns,
  type InventoryKind,
} from '../../domain/inventory/inventory-kinds.ts';
import type { InventoryPart } from '../../domain/inventory/ports.ts';
import { copyLinesOf, type PlainLines } from './inventory-plain-lines.ts';
import type { InventoryRow } from './inventory-rows.ts';

const columnTypes: Readonly<Record<string, string>> = {
  availability_percent: 'double precision',
  user_latency_ms: 'double precision',
  egress_price_per_gb: 'double precision',
  ms: 'double precision',
  cores: 'double precision',
  memory_mb: 'integer',
  storage_gb: 'integer',
  monthly_price: 'numeric(14, 4)',
  available: 'integer',
  financial_risk: 'integer',
  technological_risk: 'integer',
  gpus: 'integer',
  security_level: 'integer',
  hourly_price: 'numeric(16, 6)',
  sla_percent: 'double precision',
  valid_from: 'date',
  valid_to: 'date',
  needs: 'integer',
};

/** The temporary table that a kind's rows wait in, with the line each came from. */
export const stagingTable = (kind: InventoryKind): string => `staged_${kind}`;
/** As `stagingTable`, of the rows that are to go. */
export const removalTable = (kind: InventoryKind): string => `removed_${kind}`;

const columnsOf = ({ kind, removes = false }: Pick<InventoryPart, 'kind' | 'removes'>) =>
  removes ? keyColumns(kind) : inventoryColumns(kind);
export const tableOf = ({ kind, removes = false }: Pick<InventoryPart, 'kind' | 'removes'>) =>
  removes ? removalTable(kind) : stagingTable(kind);

/** An empty staging table for a part, gone with the transaction. */
export async function createStagingTable(
  trx: Knex.Transaction,
  part: Pick<InventoryPart, 'kind' | 'removes'>,
): Promise<void> {
  const columns = columnsOf(part).map((name) => `"${name}" ${columnTypes[name] ?? 'text'}`);
  await trx.raw(
    `create temporary table ${tableOf(part)} (line bigint not null, ${columns.join(', ')}) on commit drop`,
  );
}

/** Streams a part's rows into its staging table by COPY and returns how many there were. */
export async function copyToStaging(
  trx: Knex.Transaction,
  part: Pick<InventoryPart, 'kind' | 'removes'>,
  batches: AsyncIterable<readonly InventoryRow[] | PlainLines>,
  onRows: (count: number) => void,
): Promise<number> {
  const columns = columnsOf(part);
  let count = 0;
  async function* lines() {
    for await (const batch of batches) {
      const isPlain = 'lines' in batch;
      const size = isPlain ? batch.lines.length : batch.length;
      count += size;
      onRows(count);
      // What has arrived already would be read in one go, while everybody else in this process waits.
      await nextTurn();
      if (size === 0) continue;
      yield isPlain ? copyLinesOf(batch) : batch.map((row) => copyLine(row, columns)).join('');
    }
  }
  // Within a transaction knex hands out the transaction's own connection, and takes none back.
  const pool = trx.client as { acquireConnection(): Promise<ClientBase> };
  const client = await pool.acquireConnection();
  const names = columns.map((name) => `"${name}"`).join(', ');
  await pipeline(
    lines(),
    client.query(copyFrom(`copy ${tableOf(part)} (line, ${names}) from stdin`)),
  );
  await trx.raw(`analyze ${tableOf(part)}`);
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
