import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ImportProgress } from '../../domain/inventory/ports.ts';
import {
  createTestInventory,
  csv,
  manyRows,
  smallCompany,
  type TestInventory,
} from '../../test/support/inventory-imports.ts';
import { createDatabase } from './database.ts';
import { createInventoryImporter } from './inventory-importer.ts';

const customerColumns = 'id,name,country,contract_level';

let inventory: TestInventory;
/** Looks on from another process, as it were. */
let other: pg.Client;
beforeAll(async () => {
  inventory = await createTestInventory();
  other = new pg.Client({ connectionString: inventory.url });
  await other.connect();
});
afterAll(async () => {
  await other.end();
  await inventory.drop();
});
beforeEach(async () => {
  await inventory.empty();
  await inventory.run(smallCompany);
});

async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (const deadline = Date.now() + 45_000; Date.now() < deadline;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    await delay(20);
  }
  throw new Error('waited in vain');
}

/** A file that goes on row by row until it is told to end. */
function endlessCustomers(pauseMs = 20) {
  let ending: { error?: Error } | undefined;
  const stream = Readable.from(
    (async function* () {
      yield Buffer.from(`${customerColumns}\n`);
      for (let i = 0; ending === undefined; i += 1) {
        yield Buffer.from(`c-${i},Customer ${i},ES,gold\n`);
        await delay(pauseMs);
      }
      if (ending.error !== undefined) throw ending.error;
    })(),
  );
  return {
    stream,
    end: (error?: Error) => {
      ending = error === undefined ? {} : { error };
    },
  };
}

const progressOf = async (id: string): Promise<Record<string, unknown> | undefined> =>
  (
    await other.query<Record<string, unknown>>(
      'select * from inventory_progress where import_id = $1',
      [id],
    )
  ).rows[0];

describe('the progress of an import', () => {
  it('can be seen from another connection while the file still streams', async () => {
    const importId = randomUUID();
    const { stream, end } = endlessCustomers();
    const done = inventory.run({ customers: stream }, { importId, importedBy: 'ben' });
    const seen = await until(async () => {
      const row = await progressOf(importId);
      return Number(row?.rows) > 0 && row;
    });
    expect(seen).toMatchObject({
      phase: 'reading',
      kind: 'customers',
      outcome: null,
      started_by: 'ben',
    });
    const later = await until(async () => {
      const row = await progressOf(importId);
      return Number(row?.rows) > Number(seen.rows) && row;
    });
    expect(later.updated_at).not.toEqual(seen.updated_at);
    end();
    const report = await done;
    expect(await inventory.importer.progress(importId)).toMatchObject<Partial<ImportProgress>>({
      id: importId,
      phase: 'done',
      kind: null,
      rows: report.counts.customers!.rows,
      outcome: 'imported',
      startedBy: 'ben',
    });
  });

  it('ends with what became of the import, and the rows of all its files', async () => {
    const outcomeOf = async (run: (importId: string) => Promise<unknown>) => {
      const importId = randomUUID();
      await run(importId).catch(() => undefined);
      const { phase, outcome, rows } = await inventory.importer.progress(importId);
      return { phase, outcome, rows };
    };
    const bad = csv(customerColumns, 'a,A,ES,gold', 'b,B,Spain,gold');
    const broken = endlessCustomers();
    broken.end(new Error('connection reset'));
    expect(await outcomeOf((importId) => inventory.run(smallCompany, { importId }))).toEqual({
      phase: 'done',
      outcome: 'imported',
      rows: 17,
    });
    expect(
      await outcomeOf((importId) => inventory.run(smallCompany, { importId, dryRun: true })),
    ).toMatchObject({ outcome: 'dry-run' });
    for (const dryRun of [true, false]) {
      expect(
        await outcomeOf((importId) => inventory.run({ customers: bad }, { importId, dryRun })),
      ).toMatchObject({ outcome: 'refused', rows: 1 });
    }
    expect(
      await outcomeOf((importId) => inventory.run({ customers: broken.stream }, { importId })),
    ).toMatchObject({ phase: 'done', outcome: 'failed' });
    const many = manyRows(customerColumns, 300, (i) => `c-${i},C,ES,gold`);
    await inventory.run({ customers: many });
    expect(
      await outcomeOf((importId) =>
        inventory.run({ 'remove-customers': manyRows('id', 300, (i) => `c-${i}`) }, { importId }),
      ),
    ).toMatchObject({ outcome: 'refused', rows: 300 });
  });

  it('is of one import only, and of none that is unknown', async () => {
    const importId = randomUUID();
    await inventory.run(smallCompany, { importId });
    await expect(inventory.run(smallCompany, { importId })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'import-id-taken',
    });
    await expect(inventory.importer.progress(randomUUID())).rejects.toMatchObject({
      kind: 'not-found',
    });
  });
});

describe('an import that is interrupted', () => {
  /** Backends that copy, so that no other connection of the test is hit. */
  const copying = async () =>
    until(async () => {
      const { rows } = await other.query<{ pid: number }>(
        `select pid from pg_stat_activity
         where datname = current_database() and state = 'active' and query like 'copy staged_%'`,
      );
      return rows[0]?.pid;
    });

  it('leaves everything as it was when its backend is killed while it reads', async () => {
    const before = await inventory.everything();
    const importId = randomUUID();
    const { stream, end } = endlessCustomers();
    const done = inventory.run(
      { departments: 'id,name\nweb,Other\n', customers: stream },
      { importId },
    );
    const failed = expect(done).rejects.toThrow(/terminat|connection|ECONNRESET/i);
    await other.query('select pg_terminate_backend($1)', [await copying()]);
    await failed;
    end();
    expect(await inventory.everything()).toEqual(before);
    expect(await inventory.importer.progress(importId)).toMatchObject({ outcome: 'failed' });
    // The pool has got over it.
    expect((await inventory.run(smallCompany)).imported).toBe(true);
  });

  it('leaves everything as it was when its backend is killed while it stores', async () => {
    const before = await inventory.everything();
    // Holds the import up in the middle of what it stores: departments are in, customers are not.
    const holder = new pg.Client({ connectionString: inventory.url });
    await holder.connect();
    await holder.query('begin; lock table customer in exclusive mode');
    const importId = randomUUID();
    const done = inventory.run(
      {
        departments: 'id,name\nweb,Other\n',
        customers: manyRows(customerColumns, 1000, (i) => `c-${i},C,ES,gold`),
      },
      { importId },
    );
    const failed = expect(done).rejects.toThrow(/terminat|connection|ECONNRESET/i);
    const pid = await until(async () => {
      const { rows } = await other.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database()
         and wait_event_type = 'Lock' and query like '%customer%'`,
      );
      return rows[0]?.pid;
    });
    await other.query('select pg_terminate_backend($1)', [pid]);
    await failed;
    await holder.end();
    expect(await inventory.everything()).toEqual(before);
    expect(await inventory.importer.progress(importId)).toMatchObject({ outcome: 'failed' });
    expect((await inventory.run(smallCompany)).imported).toBe(true);
  });

  it('leaves everything as it was when its file breaks off in the middle', async () => {
    const before = await inventory.everything();
    const { stream, end } = endlessCustomers(0);
    const importId = randomUUID();
    const done = inventory.run(
      { departments: 'id,name\nweb,Other\n', customers: stream },
      { importId },
    );
    await copying();
    end(new Error('the upload was aborted'));
    await expect(done).rejects.toThrow('the upload was aborted');
    expect(await inventory.everything()).toEqual(before);
    expect(await inventory.importer.progress(importId)).toMatchObject({ outcome: 'failed' });
  });

  it('tells nobody of a new version', async () => {
    const heard: string[] = [];
    other.on('notification', ({ payload }) => heard.push(payload ?? ''));
    await other.query('listen ctc_inventory');
    await inventory.run({ customers: csv(customerColumns, 'x,X,Spain,gold') });
    await inventory.run(smallCompany, { dryRun: true });
    const { version } = await inventory.run(smallCompany);
    await until(async () => {
      await other.query('select 1');
      return heard.length > 0;
    });
    expect(heard).toEqual([String(version)]);
    await other.query('unlisten ctc_inventory');
  });
});

describe('imports at the same time', () => {
  it('do not wait for one whose file is slow', async () => {
    const slow = endlessCustomers();
    const first = inventory.run({ customers: slow.stream });
    const second = await inventory.run({ customers: csv(customerColumns, 'z,Z,ES,gold') });
    slow.end();
    expect((await first).version).toBe(second.version! + 1);
  });

  it('each see what the one before stored', async () => {
    // Each checks against the other: of two that give one id to both kinds of node, one is refused.
    const reports = await Promise.all([
      inventory.run({ items: csv('id,kind,name,datacentre,department', 'n-1,switch,N,mad,web') }),
      inventory.run({ services: csv('id,name,solution,customer', 'n-1,N,hosting,acme') }),
    ]);
    expect(reports.map(({ imported }) => imported).sort()).toEqual([false, true]);
    expect(await inventory.db('node').where({ id: 'n-1' }).count('*')).toEqual([{ count: 1 }]);
  });

  it('of which one removes what the other makes needed: one is refused', async () => {
    const reports = await Promise.all([
      inventory.run({
        'remove-dependencies': csv('dependent', 'hv-1'),
        'remove-items': csv('id', 'sw-2'),
      }),
      inventory.run({ dependencies: csv('dependent,group,needs,member', 'site-1,net,1,sw-2') }),
    ]);
    expect(reports.map(({ imported }) => imported).sort()).toEqual([false, true]);
    const dangling = await inventory.db.raw(
      'select * from requirement where member not in (select id from node)',
    );
    expect(dangling.rows).toEqual([]);
  });

  it('come to an end also when they take every connection there is', async () => {
    const narrow = createDatabase({ url: inventory.url, poolMax: 2 });
    try {
      const importer = createInventoryImporter(narrow);
      const reports = await Promise.all(
        Array.from({ length: 6 }, async (_, i) => {
          async function* parts() {
            yield await Promise.resolve({
              kind: 'customers' as const,
              format: 'csv' as const,
              stream: Readable.from([Buffer.from(csv(customerColumns, `p-${i},P,ES,gold`))]),
            });
          }
          return importer.import(parts(), { importedBy: 'ana' });
        }),
      );
      expect(new Set(reports.map(({ version }) => version)).size).toBe(6);
    } finally {
      await narrow.destroy();
    }
  });
});
