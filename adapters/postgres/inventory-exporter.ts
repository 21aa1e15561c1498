import { once } from 'node:events';
import { finished } from 'node:stream';
import type { Knex } from 'knex';
import type { ClientBase } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { DomainError } from '../../domain/errors.ts';
import type { InventoryExporter } from '../../domain/inventory/export-ports.ts';
import {
  inventoryColumns,
  keyColumns,
  type InventoryFormat,
  type InventoryKind,
} from '../../domain/inventory/inventory-kinds.ts';
import { countedRows, storedColumn, storedKinds } from './inventory-tables.ts';

/** Each holds a connection for as long as its reader takes. */
const exportsAtOnce = 4;

type PoolClient = ClientBase & { end(): Promise<void> };
/** What knex's types leave out. */
interface Pool {
  acquireConnection(): Promise<PoolClient>;
  releaseConnection(client: PoolClient): Promise<void>;
}

/** Streams kinds by COPY, each from one snapshot. */
export function createInventoryExporter(db: Knex): InventoryExporter {
  const pool = db.client as Pool;
  let running = 0;
  return {
    async export(kind, { format, source }) {
      if (running >= exportsAtOnce) {
        throw new DomainError('unavailable', `${exportsAtOnce} exports are running already.`, {
          code: 'too-many-exports',
          remedy: 'Try again when one of them has ended.',
        });
      }
      running += 1;
      let client: PoolClient | undefined;
      const release = async (isDone: boolean) => {
        running -= 1;
        if (client === undefined) return;
        try {
          if (isDone) await client.query('commit');
          // In the middle of a COPY it is good for nothing else: the pool makes another.
          else await client.end();
        } finally {
          await pool.releaseConnection(client);
        }
      };
      try {
        client = await pool.acquireConnection();
        await client.query('begin isolation level repeatable read read only');
        const { rows } = await client.query<{ version: number }>(
          'select coalesce(max(version), 0)::integer as version from inventory_import',
        );
        const owned = source === undefined ? 'true' : `source = ${client.escapeLiteral(source)}`;
        const stream = client.query(copyTo(copyStatement(kind, format, owned)));
        // What is wrong with the statement shows here, before anybody was promised a file.
        await once(stream, 'readable');
        finished(stream, (error) => {
          // Nobody waits for it; a connection that was lost is the pool's to replace.
          release(error === undefined || error === null).catch(() => undefined);
        });
        return { version: rows[0]?.version ?? 0, stream };
      } catch (error) {
        await release(false).catch(() => undefined);
        throw error;
      }
    },
  };
}

/** Written with all their digits and without exponent, which an import would not take. */
const decimals = new Set(['availability_percent', 'user_latency_ms', 'ms', 'cores', 'sla_percent']);
const prices = new Set(['monthly_price', 'hourly_price']);

function selectedColumn(column: string): string {
  // Through text: the shortest that reads as the same number again, where a cast alone would round it.
  if (decimals.has(column)) return `${column}::text::numeric as ${column}`;
  if (prices.has(column)) return `trim_scale(${column}) as ${column}`;
  return `${storedColumn(column)} as "${column}"`;
}

function copyStatement(kind: InventoryKind, format: InventoryFormat, owned: string): string {
  const key = kind === 'dependencies' ? ['dependent', 'group_name', 'member'] : keyColumns(kind);
  const rows = `
    select ${inventoryColumns(kind).map(selectedColumn).join(', ')}
    from ${storedKinds[kind].table} as stored where ${countedRows(kind)} and ${owned}
    order by ${key.map((column) => `stored.${column}`).join(', ')}`;
  if (format === 'csv') return `copy (${rows}) to stdout (format csv, header true)`;
  // JSON holds no control character as such: with two of them as quote and delimiter COPY leaves it as it is,
  // where its text format would double every backslash.
  return `copy (select row_to_json(line)::text from (${rows}) as line)
    to stdout (format csv, quote E'\\x01', delimiter E'\\x02')`;
}
