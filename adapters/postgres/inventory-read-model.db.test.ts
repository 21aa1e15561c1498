import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDomainError } from '../../domain/errors.ts';
import { inventoryKinds } from '../../domain/inventory/inventory-kinds.ts';
import type { InventoryPart, InventoryReader } from '../../domain/inventory/ports.ts';
import {
  candidateDatacentreSchema,
  latencySchema,
  offerSchema,
} from '../../domain/placement/simulation.ts';
import { createTestDatabase } from '../../test/support/postgres.ts';
import { createDatabase } from './database.ts';
import { createInventoryImporter } from './inventory-importer.ts';
import { createInventoryReadModel } from './inventory-read-model.ts';

async function* exampleParts(): AsyncGenerator<InventoryPart> {
  for (const kind of inventoryKinds) {
    const file = new URL(`../../examples/inventory/${kind}.csv`, import.meta.url);
    yield await Promise.resolve({ kind, format: 'csv', stream: createReadStream(file) });
  }
}

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Knex;
let reader: InventoryReader;
beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase({ url: database.url, poolMax: 4 });
  reader = createInventoryReadModel(db);
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

it('is empty, at version 0, before the first import', async () => {
  expect(await reader.version()).toBe(0);
  expect(await reader.version()).toBe(0);
  expect(await reader.list('items', { limit: 10 })).toEqual({ rows: [] });
});

describe('reading the example company', () => {
  beforeAll(async () => {
    const importer = createInventoryImporter(db);
    const report = await importer.import(exampleParts(), { importedBy: 'ana' });
    expect(report.badLines).toEqual([]);
    expect(report.imported).toBe(true);
  });

  it.each(inventoryKinds)('pages through all %s, each row once and in one order', async (kind) => {
    const all: unknown[] = (await reader.list(kind, { limit: 200 })).rows.slice(0, 60);
    const paged: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await reader.list(kind, {
        limit: 7,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.rows.length).toBeLessThanOrEqual(7);
      paged.push(...page.rows);
      cursor = page.nextCursor;
    } while (cursor !== undefined && paged.length < 60);
    expect(all.length).toBeGreaterThan(0);
    expect(paged.slice(0, all.length)).toEqual(all);
  });

  it('finds text in any case, and takes % and _ as they are', async () => {
    const { rows } = await reader.list('datacentres', { limit: 10, text: 'MADR' });
    expect(rows).toEqual([
      { id: 'mad', name: 'Madrid', country: 'ES', timeZone: 'Europe/Madrid', driver: 'local' },
    ]);
    expect((await reader.list('customers', { limit: 10, text: '%' })).rows).toEqual([]);
    expect((await reader.list('customers', { limit: 10, text: '_' })).rows).toEqual([]);
  });

  it.each([0, 201, 1.5])('refuses a limit of %d', async (limit) => {
    await expect(reader.list('items', { limit })).rejects.toSatisfy(
      (error) => isDomainError(error) && error.kind === 'invalid',
    );
  });

  it.each(['x', '', 'W10', Buffer.from('["a","b"]').toString('base64url')])(
    'refuses a cursor it never gave (%s)',
    async (cursor) => {
      await expect(reader.list('items', { limit: 5, cursor })).rejects.toSatisfy(
        (error) => isDomainError(error) && error.code === 'page-cursor-invalid',
      );
    },
  );

  it('gives Optimus its inputs in the shapes it validates', async () => {
    const all = await reader.candidateDatacentres();
    expect(all.map(({ id }) => id)).toEqual(['bcn', 'mad', 'par']);
    for (const row of all) expect(candidateDatacentreSchema.parse(row)).toEqual(row);
    const offers = await reader.offers(['par']);
    expect(offers.length).toBeGreaterThan(0);
    for (const row of offers) {
      expect(offerSchema.parse(row)).toEqual(row);
      expect(row.datacentre).toBe('par');
    }
    const latencies = await reader.latencies(['mad', 'bcn']);
    expect(latencies.map(({ from, to }) => `${from}-${to}`)).toEqual(['bcn-mad', 'mad-bcn']);
    for (const row of latencies) expect(latencySchema.parse(row)).toEqual(row);
    expect(await reader.latencies()).toHaveLength(6);
  });

  it('gives Optimus what datacentres have in common, and what leaving them costs', async () => {
    expect(await reader.failureDomains()).toEqual([]);
    const columns =
      'id,name,country,time_zone,driver,availability_percent,user_latency_ms,egress_price_per_gb,failure_domains';
    const importLines = (...lines: string[]) =>
      createInventoryImporter(db).import(
        (async function* () {
          const stream = Readable.from([Buffer.from([columns, ...lines, ''].join('\n'))]);
          yield await Promise.resolve({ kind: 'datacentres', format: 'csv', stream } as const);
        })(),
        { importedBy: 'ana' },
      );
    const bad = await importLines('mad,Madrid,ES,Europe/Madrid,local,99.5,10,-1,Grid=99 x=101');
    expect(bad.badLines.map(({ column }) => column)).toEqual([
      'egress_price_per_gb',
      'failure_domains',
    ]);
    await importLines(
      'mad,Madrid,ES,Europe/Madrid,local,99.5,10,0.05,grid-south=99.9 fibre=99.5',
      'bcn,Barcelona,ES,Europe/Madrid,local,99.5,10,,grid-south=99.95',
    );
    // The lowest figure that is said of one counts.
    expect(await reader.failureDomains()).toEqual([
      { id: 'fibre', datacentres: ['mad'], availabilityPercent: 99.5 },
      { id: 'grid-south', datacentres: ['bcn', 'mad'], availabilityPercent: 99.9 },
    ]);
    expect(await reader.failureDomains(['bcn'])).toEqual([
      { id: 'grid-south', datacentres: ['bcn'], availabilityPercent: 99.95 },
    ]);
    const [bcn, mad] = await reader.candidateDatacentres(['bcn', 'mad']);
    expect(mad).toMatchObject({ egressPricePerGb: 0.05 });
    expect(bcn).not.toHaveProperty('egressPricePerGb');
  });

  it('gives datacentres in the order asked for and names all that are unknown', async () => {
    expect((await reader.datacentres(['par', 'bcn'])).map(({ id }) => id)).toEqual(['par', 'bcn']);
    await expect(reader.datacentres(['par', 'lon', 'ber'])).rejects.toThrow(/"lon", "ber"/);
    await expect(reader.candidateDatacentres(['lon'])).rejects.toThrow(/"lon"/);
  });

  it('knows which ids are no node, and the customers asked for', async () => {
    expect(await reader.unknownNodes(['nothing', 'app-shop', 'none'])).toEqual(['nothing', 'none']);
    const [first] = (await reader.list('customers', { limit: 1 })).rows;
    expect(await reader.customers([first!.id, 'nobody'])).toEqual([first]);
  });
});
