import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AffectedKind } from '../../domain/impact/snapshot-ports.ts';
import {
  addPrincipal,
  importCsv,
  insertChange,
  manualRequest,
  smallestCompany,
} from '../../test/support/company-database.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { createInventoryEngine } from '../inventory-engine/create-inventory-engine.ts';
import { storeAssessment } from './assessment-store.ts';
import { createDatabase } from './database.ts';
import { createImpactSnapshots } from './impact-snapshots.ts';
import { watchImpact } from './impact-watch.ts';

let database: TestDatabase;
let db: Knex;
let engine: ReturnType<typeof createInventoryEngine>;
let change: string;
const count = 4_500;
const ids = Array.from({ length: count }, (_, i) => `s-${i}`);

beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase({ url: database.url, poolMax: 4 });
  await importCsv(db, {
    ...smallestCompany,
    items:
      'id,kind,name,datacentre,department\nhv-1,host,H1,mad,hosting\nhv-2,host,H2,mad,hosting\n',
    services: `id,name,solution,customer\n${ids.map((id, i) => `${id},${id},web,${i % 2 === 0 ? 'acme' : 'bolt'}\n`).join('')}`,
    dependencies: `dependent,group,needs,member\n${ids
      .flatMap((id, i) => (i < 10 ? [`${id},h,1,hv-1\n`, `${id},h,1,hv-2\n`] : [`${id},h,,hv-1\n`]))
      .join('')}`,
  });
  await addPrincipal(db, 'ana');
  engine = createInventoryEngine({
    databaseUrl: database.url,
    settings: { customerDistanceMs: 0 },
  });
  change = await insertChange(
    db,
    'ana',
    manualRequest({ start: '2026-12-01T01:00', end: '2026-12-01T03:00', items: ['hv-1'] }),
  );
  await assess();
});
afterAll(async () => {
  await engine.close();
  await db.destroy();
  await database.drop();
});

async function assess(): Promise<void> {
  const snapshot = await engine.snapshot([{ item: 'hv-1', effect: 'down' }], 3);
  await db.transaction((trx) =>
    storeAssessment(trx, engine, {
      changeId: change,
      revision: 1,
      snapshot,
      plan: {} as never,
      planHash: 'hash',
      approvalsNeeded: 1,
      approvalExpiresAt: new Date().toISOString(),
      at: new Date().toISOString(),
    }),
  );
}

async function affected(kind: AffectedKind, states?: ['down' | 'degraded' | 'atRisk']) {
  const rows: Record<string, unknown>[] = [];
  let batches = 0;
  for await (const batch of createImpactSnapshots(db, engine).affected(change, kind, states)) {
    batches += 1;
    rows.push(...(batch as unknown as Record<string, unknown>[]));
  }
  return { rows, batches };
}

describe('the lists that a change was assessed with', () => {
  it('hold every service and customer in its state, a batch at a time', async () => {
    const { rows, batches } = await affected('services');
    expect(rows).toHaveLength(count);
    expect(batches).toBeGreaterThan(2);
    expect(rows.filter(({ state }) => state === 'atRisk').map(({ id }) => id)).toEqual(
      ids.slice(0, 10),
    );
    expect(rows[0]).toMatchObject({
      name: 's-10',
      solution: 'web',
      customer: 'acme',
      state: 'down',
    });
    const customers = await affected('customers');
    expect(customers.rows.map(({ id, state }) => [id, state])).toEqual([
      ['acme', 'down'],
      ['bolt', 'down'],
    ]);
    expect((await affected('services', ['atRisk'])).rows).toHaveLength(10);
  });

  it('say how the impact differs when the inventory has moved, and keep what was', async () => {
    const snapshots = createImpactSnapshots(db, engine);
    expect(await snapshots.difference(change)).toMatchObject({ share: 0 });
    await importCsv(db, {
      'remove-services': 'id\ns-20\ns-21\n',
      services: 'id,name,solution,customer\nlate,Late,web,acme\n',
      dependencies: 'dependent,group,needs,member\nlate,h,,hv-1\n',
    });
    const difference = await snapshots.difference(change);
    expect(difference.services.down).toEqual({
      then: count - 10,
      now: count - 11,
      added: 1,
      gone: 2,
    });
    expect(difference.customers.down).toEqual({ then: 2, now: 2, added: 0, gone: 0 });
    expect(difference.share).toBeCloseTo(3 / count, 6);
    const watch = async (reapprovalShare: number) => {
      await db.transaction((trx) => watchImpact(trx, snapshots, { reapprovalShare }, change));
      return db('outbox').where({ topic: 'impact-moved' }).select('key', 'payload');
    };
    // Nobody is asked again for what is below the threshold, or no longer waits for anything.
    await db('change').where({ id: change }).update({ state: 'scheduled' });
    expect(await watch(0.01)).toEqual([]);
    expect(await watch(0)).toMatchObject([
      { key: `${change}/1`, payload: { changeId: change, moved: { revision: 1 } } },
    ]);
    expect(await watch(0)).toHaveLength(1);
    // What it was approved with does not change, and names what has left the inventory.
    const { rows } = await affected('services');
    expect(rows).toHaveLength(count);
    expect(rows.find(({ id }) => id === 's-20')).toMatchObject({ name: 's-20', customer: 'acme' });
    await assess();
    expect((await snapshots.difference(change)).share).toBe(0);
  });

  it('are not there before the first assessment', async () => {
    const other = await insertChange(
      db,
      'ana',
      manualRequest({ start: '2026-12-01T01:00', end: '2026-12-01T03:00' }),
    );
    await expect(createImpactSnapshots(db, engine).difference(other)).rejects.toMatchObject({
      kind: 'not-found',
      code: 'not-assessed',
    });
  });
});
