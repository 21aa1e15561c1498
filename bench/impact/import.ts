import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Knex } from 'knex';
import { from as copyFrom } from 'pg-copy-streams';
import { createInventoryImporter } from '../../adapters/postgres/inventory-importer.ts';
import { inventoryColumns, inventoryKinds } from '../../domain/inventory/inventory-kinds.ts';
import { connect, heading, seconds } from './report.ts';

const tables = {
  departments: 'department',
  teams: 'team',
  datacentres: 'datacentre',
  latencies: 'datacentre_latency',
  providers: 'provider',
  offers: 'offer',
  solutions: 'solution',
  customers: 'customer',
  items: 'node',
  services: 'node',
  dependencies: 'requirement',
} as const;

/** The same tables again, with their keys, indexes, checks and foreign keys, in a schema of their own. */
async function createBareTables(database: Knex): Promise<void> {
  await database.raw('create schema bare');
  for (const table of new Set(Object.values(tables))) {
    await database.raw(`create table bare.${table} (like public.${table} including all)`);
  }
  const { rows } = await database.raw<{ rows: { name: string; at: string; definition: string }[] }>(
    `
    select conname as name, conrelid::regclass::text as at, pg_get_constraintdef(oid) as definition
    from pg_constraint where contype = 'f' and conrelid::regclass::text = any (:tables)`,
    {
      tables: [...new Set(Object.values(tables))],
    },
  );
  for (const { name, at, definition } of rows) {
    await database.raw(
      `alter table bare.${at} add constraint ${name} ${definition.replace('REFERENCES ', 'REFERENCES bare.')}`,
    );
  }
}

/** Our import beside a bare `\copy` of the same files into the same tables. */
export async function benchImport({
  url,
  database,
  files,
}: {
  readonly url: string;
  readonly database: Knex;
  readonly files: string;
}): Promise<{ oursSeconds: number; bareSeconds: number }> {
  heading('Import');
  await createBareTables(database);
  const open = (kind: string) =>
    createReadStream(join(files, `${kind}.csv`), { highWaterMark: 256 * 1024 });
  const client = await connect(url);
  const bareSeconds = await seconds(async () => {
    await client.query('begin');
    for (const kind of inventoryKinds) {
      const columns = inventoryColumns(kind)
        .map((column) => (column === 'group' ? 'group_name' : column))
        .join(', ');
      await pipeline(
        open(kind),
        client.query(
          copyFrom(`copy bare.${tables[kind]} (${columns}) from stdin (format csv, header true)`),
        ),
      );
    }
    await client.query('commit');
  });
  await client.query('drop schema bare cascade');
  await client.query('checkpoint');
  await client.end();

  async function* parts() {
    for (const kind of inventoryKinds) {
      yield await Promise.resolve({ kind, format: 'csv' as const, stream: open(kind) });
    }
  }
  let rows = 0;
  const oursSeconds = await seconds(async () => {
    const report = await createInventoryImporter(database).import(parts(), { importedBy: 'bench' });
    if (!report.imported) throw new Error(JSON.stringify(report.badLines.slice(0, 5)));
    rows = Object.values(report.counts).reduce((sum, count) => sum + count.rows, 0);
  });
  const rate = (taken: number): string => Math.round(rows / taken).toLocaleString('en');
  console.log(`bare \\copy   ${bareSeconds.toFixed(1)} s, ${rate(bareSeconds)} rows/s`);
  console.log(`our import   ${oursSeconds.toFixed(1)} s, ${rate(oursSeconds)} rows/s`);
  console.log(`ratio        ${(bareSeconds / oursSeconds).toFixed(2)} of the bare rate (aim: 0.5)`);
  const again = await seconds(() =>
    createInventoryImporter(database).import(parts(), { importedBy: 'bench' }),
  );
  console.log(`the same files again, nothing changed: ${again.toFixed(1)} s`);
  return { oursSeconds, bareSeconds };
}
