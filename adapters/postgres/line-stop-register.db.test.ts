import type { Knex } from 'knex';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeState } from '../../domain/change/life-cycle.ts';
import type { LineScope } from '../../domain/line/line-stop.ts';
import type { StoredLineStop } from '../../domain/line/ports.ts';
import {
  addPrincipal,
  importCsv,
  insertChange,
  manualRequest,
  smallestCompany,
} from '../../test/support/company-database.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { createDatabase } from './database.ts';
import { createLineSteps } from './line-steps.ts';
import { createLineStopRegister } from './line-stop-register.ts';
import { createOutbox } from './outbox.ts';

let database: TestDatabase;
let db: Knex;
const now = () => '2026-11-24T12:00:00.000Z';
const register = () => createLineStopRegister({ database: db, now });
const steps = () => createLineSteps({ database: db, now });
let keys = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase({ url: database.url, poolMax: 10 });
  await importCsv(db, {
    ...smallestCompany,
    departments: 'id,name\nhosting,Hosting\nshops,Shops\n',
    datacentres:
      'id,name,country,time_zone,driver,availability_percent,user_latency_ms\n' +
      'mad,Madrid,ES,Europe/Madrid,local,99.9,10\nbcn,Barcelona,ES,Europe/Madrid,local,99.9,10\n',
    items:
      'id,kind,name,datacentre,department\nhv-1,host,H1,mad,hosting\nhv-2,host,H2,bcn,hosting\n',
  });
  await addPrincipal(db, 'ana');
  await addPrincipal(db, 'olga');
});
beforeEach(async () => {
  await db('outbox').delete();
  await db('line_stop_change').delete();
  await db('line_stop').delete();
  await db('change').update({ state: 'closed' });
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

/** Assessed as disturbing an item, and of a solution and departments that it reaches. */
async function change(
  given: {
    readonly item?: string;
    readonly state?: ChangeState;
    readonly reaches?: { readonly solution?: string; readonly department?: string };
  } = {},
): Promise<string> {
  const { item = 'hv-1', state = 'deploying', reaches = {} } = given;
  const id = await insertChange(
    db,
    'ana',
    manualRequest({ start: '2026-12-01T01:00', end: '2026-12-01T03:00', items: [item] }),
  );
  await db('change').where({ id }).update({ state });
  const keyed = (key?: string) => (key === undefined ? [] : [{ key, down: 1 }]);
  await db('impact_assessment').insert({
    change_id: id,
    revision: 1,
    inventory_version: 1,
    impact: JSON.stringify({
      disturbances: [{ item, effect: 'down' }],
      summary: { bySolution: keyed(reaches.solution), byDepartment: keyed(reaches.department) },
    }),
    assessed_at: now(),
  });
  return id;
}
const stop = (scope: LineScope, requestKey?: string): Promise<StoredLineStop> => {
  keys += 1;
  const reason = 'smoke in the machine room';
  return register().stop({ scope, reason, by: 'ana', requestKey: requestKey ?? `key-${keys}` });
};
const standing = async (changeId: string, datacentres?: string[]): Promise<string[]> => {
  const asked = { changeId, known: [], ...(datacentres === undefined ? {} : { datacentres }) };
  return (await steps().lookAtLine(asked)).standing.map(({ id }) => id);
};
const news = async (): Promise<string[]> => {
  const told: string[] = [];
  await createOutbox(db).dispatch(100, ({ topic, payload }) => {
    told.push(`${topic} ${payload.changeId}`);
    return Promise.resolve();
  });
  return told;
};

describe('a stop of the line', () => {
  it('covers what its scope names, and nothing else', async () => {
    const mad = await change({ reaches: { solution: 'web', department: 'shops' } });
    const bcn = await change({ item: 'hv-2' });
    const coveredBy = async (scope: LineScope): Promise<string[]> => {
      const { id } = await stop(scope);
      const rows = await db('line_stop_change').where({ stop_id: id }).pluck('change_id');
      return (rows as string[]).sort();
    };
    expect(await coveredBy({ kind: 'all' })).toEqual([mad, bcn].sort());
    expect(await coveredBy({ kind: 'datacentre', id: 'bcn' })).toEqual([bcn]);
    expect(await coveredBy({ kind: 'solution', id: 'web' })).toEqual([mad]);
    expect(await coveredBy({ kind: 'department', id: 'shops' })).toEqual([mad]);
    expect(await coveredBy({ kind: 'department', id: 'hosting' })).toEqual([mad, bcn].sort());
  });

  it('tells each change once, in the transaction that declares or lifts it', async () => {
    const running = await change();
    await change({ state: 'awaiting-approval' });
    const { id } = await stop({ kind: 'all' });
    expect(await news()).toEqual([`line-stopped ${running}`]);
    await register().resume(id, 'olga', 'the smoke is gone');
    expect(await news()).toEqual([`line-resumed ${running}`]);
    expect(await news()).toEqual([]);
  });

  it('leaves neither stop nor news behind when it cannot be recorded whole', async () => {
    await change();
    await db.raw(
      'alter table outbox add constraint outbox_refuses check (topic is null) not valid',
    );
    try {
      await expect(stop({ kind: 'all' })).rejects.toThrow(/outbox_refuses/);
    } finally {
      await db.raw('alter table outbox drop constraint outbox_refuses');
    }
    expect(await db('line_stop').count()).toEqual([{ count: 0 }]);
    expect(await news()).toEqual([]);
  });

  it('holds a change that comes to it later, and tells it of its end', async () => {
    const { id } = await stop({ kind: 'all' });
    const later = await change({ state: 'scheduled' });
    expect(await standing(later)).toEqual([id]);
    expect(await news()).toEqual([]);
    await register().resume(id, 'olga', 'the smoke is gone');
    expect(await news()).toEqual([`line-resumed ${later}`]);
    expect(await steps().lookAtLine({ changeId: later, known: [id] })).toMatchObject({
      standing: [],
      lifted: [{ id, by: 'olga', reason: 'the smoke is gone' }],
    });
  });

  it('stands beside others until each is lifted', async () => {
    const running = await change();
    const all = await stop({ kind: 'all' });
    const mad = await stop({ kind: 'datacentre', id: 'mad' });
    expect(await standing(running)).toEqual([all.id, mad.id]);
    await register().resume(all.id, 'olga', 'the smoke is gone');
    expect(await standing(running)).toEqual([mad.id]);
  });

  it('of a datacentre holds what is done there', async () => {
    const running = await change();
    const mad = await stop({ kind: 'datacentre', id: 'mad' });
    expect(await standing(running, ['bcn'])).toEqual([]);
    expect(await standing(running, ['bcn', 'mad'])).toEqual([mad.id]);
  });

  it('is declared once for a key, and lifted once', async () => {
    const [one, same] = [await stop({ kind: 'all' }, 'once'), await stop({ kind: 'all' }, 'once')];
    expect(same.id).toBe(one.id);
    const lifts = await Promise.allSettled(
      ['ana', 'olga'].map((by) => register().resume(one.id, by, 'the smoke is gone')),
    );
    expect(lifts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(register().resume(one.id, 'ana', 'once more')).rejects.toMatchObject({
      code: 'line-stop-lifted',
    });
  });

  it('is never missed by a change that looks while it is lifted', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => change()));
    await db('change').update({ state: 'scheduled' });
    const { id } = await stop({ kind: 'all' });
    await db('line_stop_change').delete();
    await db('outbox').delete();
    const looks = ids.map(async (changeId) => [changeId, await standing(changeId)] as const);
    const lifting = register().resume(id, 'olga', 'the smoke is gone');
    const held = (await Promise.all(looks)).filter(([, stops]) => stops.length > 0);
    await lifting;
    // Whoever saw it standing is told of its end; nobody else needs to be.
    expect((await news()).sort()).toEqual(held.map(([each]) => `line-resumed ${each}`).sort());
  });

  it('is refused for what the inventory does not have, and not found by a wrong id', async () => {
    await expect(stop({ kind: 'solution', id: 'nothing' })).rejects.toMatchObject({
      kind: 'invalid',
    });
    await expect(register().get('nonsense')).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('is listed, newest first, until it is lifted or all are asked for', async () => {
    const [first, second] = [await stop({ kind: 'all' }), await stop({ kind: 'all' })];
    await register().resume(first.id, 'olga', 'the smoke is gone');
    const ids = async (includeResumed: boolean) =>
      (await register().list({ includeResumed, limit: 10 })).rows.map(({ id }) => id);
    expect(await ids(false)).toEqual([second.id]);
    expect(await ids(true)).toEqual([second.id, first.id]);
    const page = await register().list({ includeResumed: true, limit: 1 });
    const next = { includeResumed: true, limit: 1, cursor: page.nextCursor ?? '' };
    expect((await register().list(next)).rows.map(({ id }) => id)).toEqual([first.id]);
  });
});
