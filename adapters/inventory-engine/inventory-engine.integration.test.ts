import { once } from 'node:events';
import { join } from 'node:path';
import { createReadStream } from 'node:fs';
import type { Knex } from 'knex';
import pg from 'pg';
import { RoaringBitmap32, SerializationFormat } from 'roaring-wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inventoryKinds } from '../../domain/inventory/inventory-kinds.ts';
import { impactStates } from '../../domain/impact/impact.ts';
import type { InventoryEngine } from '../../domain/impact/ports.ts';
import { importCsv, smallestCompany } from '../../test/support/company-database.ts';
import { createTestDatabase } from '../../test/support/postgres.ts';
import { createDatabase } from '../postgres/database.ts';
import { createInventoryImporter } from '../postgres/inventory-importer.ts';
import { createInventoryEngine } from './create-inventory-engine.ts';

const settings = { customerDistanceMs: 3_600_000 };
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Knex;
const engines: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase({ url: database.url, poolMax: 5 });
});
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.close()));
  await db.destroy();
  await database.drop();
});

function start(options: { databaseUrl?: string; waitMs?: number } = {}): InventoryEngine & {
  close(): Promise<void>;
} {
  const engine = createInventoryEngine({ databaseUrl: database.url, settings, ...options });
  engines.push(engine);
  return engine;
}

/** The fixpoint of the definition in SQL, one round a statement: for each node reached its state. */
async function fixpointInSql(item: string): Promise<Record<string, string[]>> {
  const states: Record<string, string[]> = { down: [item], degraded: [], atRisk: [] };
  for (const state of ['down', 'atRisk'] as const) {
    for (;;) {
      const worse = state === 'down' ? [] : [...states['down']!];
      const { rows } = await db.raw<{ rows: { dependent: string }[] }>(
        `select dependent from (
           select dependent, group_name, max(needs) as needs, count(*) as size,
             count(*) filter (where member = any (:lost)) as lost,
             count(*) filter (where member = any (:worse)) as worse
           from requirement group by dependent, group_name
         ) as g
         where dependent <> all (:lost)
           and (size - lost < needs or worse > 0)
         group by dependent`,
        { lost: [...worse, ...states[state]!], worse },
      );
      if (rows.length === 0) break;
      states[state]!.push(...rows.map(({ dependent }) => dependent));
    }
  }
  return states;
}

describe('the inventory engine', () => {
  it('is empty and says so while nothing was imported', async () => {
    const engine = start();
    await expect(engine.assess([{ item: 'hv-1', effect: 'down' }], 10)).rejects.toMatchObject({
      kind: 'not-found',
      code: 'item-not-found',
    });
    expect(await engine.status()).toMatchObject({ state: 'ready', version: 0, nodes: 0 });
  });

  it('sees an import that has just committed, in every process, without loading again', async () => {
    const [one, two] = [start(), start()];
    await one.touchedSince(0);
    await two.touchedSince(0);
    await importCsv(db, {
      ...smallestCompany,
      items:
        'id,kind,name,datacentre,department\nhv-1,host,H1,mad,hosting\nhv-2,host,H2,mad,hosting\n',
      services: 'id,name,solution,customer\nshop,Shop,web,acme\nblog,Blog,web,bolt\n',
      dependencies:
        'dependent,group,needs,member\nshop,hosts,1,hv-1\nshop,hosts,1,hv-2\nblog,hosts,,hv-1\n',
    });
    for (const engine of [one, two]) {
      const impact = await engine.assess([{ item: 'hv-1', effect: 'down' }], 10);
      expect(impact.services).toEqual({ down: ['blog'], degraded: [], atRisk: ['shop'] });
      expect(impact.summary.total.customers).toEqual({ down: 1, degraded: 0, atRisk: 1 });
      expect((await engine.status()).loads).toBe(1);
    }
    // The spare is gone: one member is needed and one there.
    await importCsv(db, { dependencies: 'dependent,group,needs,member\nshop,hosts,1,hv-1\n' });
    const impact = await two.assess([{ item: 'hv-1', effect: 'down' }], 10);
    expect([...impact.services.down].sort()).toEqual(['blog', 'shop']);
    const [why] = await two.explain([{ item: 'hv-1', effect: 'down' }], ['shop']);
    expect(why).toMatchObject({ node: 'shop', state: 'down', disturbed: { item: 'hv-1' } });
  });

  it('follows removals, and ids that come back as something else', async () => {
    const engine = start();
    await engine.status();
    await importCsv(db, { 'remove-services': 'id\nblog\n' });
    const gone = await engine.assess([{ item: 'hv-1', effect: 'down' }], 10);
    expect(gone.services.down).toEqual(['shop']);
    await importCsv(db, {
      items: 'id,kind,name,datacentre,department\nblog,host,B,mad,hosting\n',
      dependencies: 'dependent,group,needs,member\nshop,blog,,blog\n',
    });
    const back = await engine.assess([{ item: 'blog', effect: 'down' }], 10);
    expect(back.items.down).toEqual(['blog']);
    expect(back.services.down).toEqual(['shop']);
  });

  it('keeps the exact sets of an impact as bitmaps of the numbers in the database', async () => {
    const engine = start();
    const { services, customers } = await engine.snapshot([{ item: 'blog', effect: 'down' }], 0);
    const numbersIn = (bytes: Uint8Array) => {
      const bitmap = RoaringBitmap32.deserialize(SerializationFormat.portable, bytes);
      const numbers = [...bitmap.toUint32Array()];
      bitmap.dispose();
      return numbers;
    };
    const shop = await db('node').where({ id: 'shop' }).first<{ nr: number }>('nr');
    const acme = await db('customer').where({ id: 'acme' }).first<{ nr: number }>('nr');
    expect(numbersIn(services.down)).toEqual([shop.nr]);
    expect(numbersIn(customers.down)).toEqual([acme.nr]);
    expect(numbersIn(services.atRisk)).toEqual([]);
  });

  it('says that it loads when asked for longer than a caller may wait, and answers afterwards', async () => {
    const lock = new pg.Client({ connectionString: database.url });
    await lock.connect();
    await lock.query('begin; lock table node in access exclusive mode');
    const engine = start({ waitMs: 300 });
    await expect(engine.assess([{ item: 'blog', effect: 'down' }], 1)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('being loaded') as string,
    });
    await lock.query('rollback');
    await lock.end();
    await expect
      .poll(() => engine.assess([{ item: 'blog', effect: 'down' }], 1).catch(() => null))
      .toMatchObject({ counts: { services: { down: 1 } } });
  });

  it('goes on when its connection is cut in the middle', async () => {
    const engine = start();
    await engine.assess([{ item: 'blog', effect: 'down' }], 1);
    await db.raw(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'ctc-inventory-engine' and datname = current_database()`,
    );
    await expect
      .poll(() => engine.assess([{ item: 'blog', effect: 'down' }], 1).catch(() => null))
      .toMatchObject({ counts: { services: { down: 1 } } });
    expect((await engine.status()).loads).toBe(1);
  });
});

describe('the inventory engine on the example company', () => {
  let example: Awaited<ReturnType<typeof createTestDatabase>>;
  beforeAll(async () => {
    await db.destroy();
    example = await createTestDatabase();
    db = createDatabase({ url: example.url, poolMax: 5 });
    async function* parts() {
      for (const kind of inventoryKinds) {
        const stream = createReadStream(
          join(import.meta.dirname, `../../examples/inventory/${kind}.csv`),
        );
        await once(stream, 'open');
        yield { kind, format: 'csv' as const, stream };
      }
    }
    await createInventoryImporter(db).import(parts(), { importedBy: 'test' });
  });
  afterAll(() => example.drop());

  it('gives the states that the definition gives in SQL, for every item', async () => {
    const engine = start({ databaseUrl: example.url });
    const { rows: items } = await db.raw<{ rows: { id: string }[] }>(
      'select id from item order by id',
    );
    for (const { id } of items) {
      const impact = await engine.assess([{ item: id, effect: 'down' }], 1000);
      const expected = await fixpointInSql(id);
      for (const state of impactStates) {
        const found = [...impact.items[state], ...impact.services[state]].sort();
        expect(found).toEqual(expected[state]!.sort());
      }
    }
  });
});
