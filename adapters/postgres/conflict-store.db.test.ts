import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Conflict } from '../../domain/conflicts/conflict.ts';
import { conflictKey } from '../../domain/conflicts/diff-conflicts.ts';
import type { FreezePeriod } from '../../domain/windows/freeze.ts';
import {
  addPrincipal,
  importCsv,
  insertChange,
  manualRequest,
  smallestCompany,
} from '../../test/support/company-database.ts';
import { createTestDatabase } from '../../test/support/postgres.ts';
import { createInventoryEngine } from '../inventory-engine/create-inventory-engine.ts';
import { keepConflictsCurrent } from './conflict-keeper.ts';
import { keepConflicts, lockConflicts, renumberIntervention } from './conflict-store.ts';
import { createDatabase } from './database.ts';
import { createFreezeRegister } from './freeze-register.ts';

const customerDistanceMs = 3_600_000;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Knex;
let engine: ReturnType<typeof createInventoryEngine>;

const hosts = Array.from({ length: 8 }, (_, i) => `hv-${i}`);
beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase({ url: database.url, poolMax: 6 });
  await importCsv(db, {
    ...smallestCompany,
    items: `id,kind,name,datacentre,department\n${hosts.map((id) => `${id},host,${id},mad,hosting\n`).join('')}`,
    services:
      'id,name,solution,customer\ns1,S1,web,acme\ns2,S2,web,acme\ns3,S3,web,bolt\ns4,S4,web,bolt\n',
    dependencies:
      'dependent,group,needs,member\ns1,g,1,hv-0\ns1,g,1,hv-1\ns2,g,2,hv-1\ns2,g,2,hv-2\ns2,g,2,hv-3\ns2,g,2,hv-4\ns3,g,,hv-5\ns4,g,1,hv-5\ns4,g,1,hv-6\n',
  });
  await addPrincipal(db, 'ana');
  await addPrincipal(db, 'dario');
  engine = createInventoryEngine({ databaseUrl: database.url, settings: { customerDistanceMs } });
});
afterAll(async () => {
  await engine.close();
  await db.destroy();
  await database.drop();
});

const freezeScopes: readonly FreezePeriod['scope'][] = [
  { kind: 'company' },
  { kind: 'datacentre', id: 'mad' },
  { kind: 'department', id: 'hosting' },
  { kind: 'solution', id: 'web' },
  { kind: 'customer', id: 'acme' },
  { kind: 'customer', id: 'bolt' },
];

/** 2026-12-01, hour and half hour. */
const at = (halfHours: number) =>
  `2026-12-01T${String(Math.floor(halfHours / 2)).padStart(2, '0')}:${halfHours % 2 === 0 ? '00' : '30'}`;
const now = () => new Date().toISOString();

const edited = (
  change: string,
  edit: (trx: Knex) => PromiseLike<unknown> = () => Promise.resolve(),
) =>
  db.transaction(async (trx) => {
    await lockConflicts(trx);
    const before = await trx('change')
      .where({ id: change })
      .first<{ window_opens_at: string; window_closes_at: string }>();
    await edit(trx);
    await renumberIntervention(trx, change);
    await keepConflicts(trx, engine, change, now(), {
      opensAtMs: Date.parse(before.window_opens_at),
      closesAtMs: Date.parse(before.window_closes_at),
    });
  });
const add = async (requester: string, request: Parameters<typeof manualRequest>[0]) => {
  const id = await insertChange(db, requester, manualRequest(request));
  await edited(id);
  return id;
};
const move = (change: string, start: number, end: number) =>
  edited(change, (trx) =>
    trx('change')
      .where({ id: change })
      .update({ window_opens_at: `${at(start)}Z`, window_closes_at: `${at(end)}Z` }),
  );
const end = (change: string) =>
  edited(change, (trx) => trx('change').where({ id: change }).update({ ended_at: now() }));

async function kept(): Promise<Conflict[]> {
  const rows = await db('conflict').whereNull('gone_at').select<
    (Omit<Conflict, 'evidence' | 'remedy'> & {
      evidence: Pick<Conflict, 'evidence' | 'remedy'>;
    })[]
  >('kind', 'severity', 'subject', 'changes', 'evidence');
  return rows.map(({ evidence, ...conflict }) => ({ ...conflict, ...evidence }));
}
const byKey = (conflicts: readonly Conflict[]) =>
  Object.fromEntries(conflicts.map((conflict) => [conflictKey(conflict), conflict]));
const alertsOf = async (recipient: string) =>
  (
    await db('alert')
      .where({ recipient })
      .orderBy('created_at')
      .select<{ topic: string }[]>('topic')
  ).map(({ topic }) => topic);

describe('the kept conflicts', () => {
  it('alert both owners once when one appears, and once when it is gone', async () => {
    const one = await add('ana', { start: at(2), end: at(6), items: ['hv-5'] });
    const two = await add('dario', { start: at(4), end: at(8), items: ['hv-5'] });
    expect((await kept()).map(({ kind }) => kind).sort()).toEqual([
      'same-item',
      'shared-customers',
      'shared-services',
    ]);
    const found = ['conflict', 'conflict', 'conflict'];
    expect(await alertsOf('ana')).toEqual(found);
    expect(await alertsOf('dario')).toEqual(found);
    // Still overlapping: other words, no news.
    await move(two, 5, 9);
    expect(await alertsOf('ana')).toEqual(found);
    const [sameItem] = (await kept()).filter(({ kind }) => kind === 'same-item');
    expect(sameItem?.evidence.overlap.from).toBe('2026-12-01T02:30:00.000Z');
    await end(one);
    expect(await kept()).toEqual([]);
    expect(await alertsOf('dario')).toEqual([
      ...found,
      'conflict-gone',
      'conflict-gone',
      'conflict-gone',
    ]);
    await end(two);
  });

  it('are what a full computation gives, after every kind of edit and after imports', async () => {
    // A process that has just started and computes everything anew.
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (seed >>> 8) % below;
    };
    // Windows and freezes are in December: whatever day the test is run on, they are ahead.
    const freezes = createFreezeRegister({ database: db, now: () => '2026-11-01T00:00:00.000Z' });
    const live: string[] = [];
    const inForce: string[] = [];
    const found = new Set<string>();
    for (let edit = 0; edit < 160; edit += 1) {
      const what = random(14);
      const start = random(20);
      const chosen = live[random(Math.max(1, live.length))];
      if (what < 4 || chosen === undefined) {
        const items = [...new Set([hosts[random(8)]!, hosts[random(8)]!])];
        live.push(await add('ana', { start: at(start), end: at(start + 1 + random(6)), items }));
      } else if (what < 6) {
        await move(chosen, start, start + 1 + random(6));
      } else if (what < 8) {
        await end(chosen);
        live.splice(live.indexOf(chosen), 1);
      } else if (what < 11) {
        // Of the services all, and one host, so that one change may take down what another works on.
        const dependent = ['s1', 's2', 's3', 's4', 'hv-7'][random(5)]!;
        const [a, b, c] = [hosts[random(7)]!, hosts[random(7)]!, hosts[random(7)]!];
        const members = [...new Set([a, b, c])];
        const needs = 1 + random(members.length);
        await importCsv(db, {
          dependencies: `dependent,group,needs,member\n${members.map((m) => `${dependent},g,${needs},${m}\n`).join('')}`,
        });
        await keepConflictsCurrent({ database: db, engine, now });
      } else if (what < 13 || inForce.length === 0) {
        const freeze = await freezes.create(
          {
            kind: 'freeze',
            scope: freezeScopes[random(freezeScopes.length)]!,
            start: at(start),
            end: at(start + 1 + random(6)),
            zone: 'UTC',
            reason: 'nothing is to be changed',
          },
          'ana',
        );
        inForce.push(freeze.id);
        await keepConflictsCurrent({ database: db, engine, now });
      } else {
        const [lifted] = inForce.splice(random(inForce.length), 1);
        await freezes.lift(lifted!, 'ana', 'called off');
        await keepConflictsCurrent({ database: db, engine, now });
      }
      for (const { kind } of await kept()) found.add(kind);
      if (edit % 10 !== 9) continue;
      const fresh = createInventoryEngine({
        databaseUrl: database.url,
        settings: { customerDistanceMs },
      });
      try {
        expect(byKey(await kept())).toEqual(byKey(await fresh.allConflicts()));
      } finally {
        await fresh.close();
      }
    }
    const crowds = await db('conflict').whereRaw('cardinality(changes) > 2').select('id');
    expect(crowds.length).toBeGreaterThan(0);
    // The edits are worth something only if they lead to every kind that these changes can have.
    expect([...found].sort()).toEqual([
      'combined-outage',
      'dependency',
      'freeze',
      'same-item',
      'shared-customers',
      'shared-services',
    ]);
    for (const id of inForce) await freezes.lift(id, 'ana', 'the end');
    await keepConflictsCurrent({ database: db, engine, now });
  }, 240_000);

  it('are computed anew after an import by whoever keeps them, even if nobody here followed it', async () => {
    await importCsv(db, {
      'remove-dependencies': 'dependent\ns1\ns2\ns3\nhv-7\n',
      dependencies: 'dependent,group,needs,member\ns4,g,1,hv-5\n',
    });
    const one = await add('ana', {
      start: '2026-12-03T01:00',
      end: '2026-12-03T03:00',
      items: ['hv-6'],
    });
    const two = await add('ana', {
      start: '2026-12-03T01:00',
      end: '2026-12-03T03:00',
      items: ['hv-7'],
    });
    const between = async () =>
      (await kept()).filter(({ changes }) => changes.includes(one) && changes.includes(two));
    expect(await between()).toEqual([]);
    await importCsv(db, {
      dependencies: 'dependent,group,needs,member\ns4,g,1,hv-6\ns4,g,1,hv-7\n',
    });
    const other = createInventoryEngine({
      databaseUrl: database.url,
      settings: { customerDistanceMs },
    });
    try {
      expect(await keepConflictsCurrent({ database: db, engine: other, now })).toBeGreaterThan(0);
      expect((await between()).map(({ kind }) => kind).sort()).toEqual([
        'combined-outage',
        'shared-services',
      ]);
      expect(await keepConflictsCurrent({ database: db, engine: other, now })).toBe(0);
    } finally {
      await other.close();
    }
  });

  it('are computed anew for a change that was being stored while the inventory moved', async () => {
    const window = { start: '2026-12-05T01:00', end: '2026-12-05T03:00' };
    await importCsv(db, { dependencies: 'dependent,group,needs,member\ns4,g,,hv-6\n' });
    await keepConflictsCurrent({ database: db, engine, now });
    const other = createInventoryEngine({
      databaseUrl: database.url,
      settings: { customerDistanceMs },
    });
    try {
      await other.touchedSince(0);
      const one = await add('ana', { ...window, items: ['hv-6'] });
      const two = await db.transaction(async (trx) => {
        const id = await insertChange(trx, 'ana', manualRequest({ ...window, items: ['hv-0'] }));
        await lockConflicts(trx);
        await renumberIntervention(trx, id);
        await keepConflicts(trx, engine, id, now());
        // The other process sees the import, and not yet the change that was computed without it.
        await importCsv(db, {
          dependencies: 'dependent,group,needs,member\ns4,g,1,hv-6\ns4,g,1,hv-0\n',
        });
        await other.touchedSince(0);
        return id;
      });
      const of = async (change: string) =>
        (await kept()).filter(({ changes }) => changes.includes(change));
      expect(await of(two)).toEqual([]);
      await keepConflictsCurrent({ database: db, engine: other, now });
      expect((await of(two)).map(({ kind }) => kind).sort()).toEqual([
        'combined-outage',
        'shared-services',
      ]);
      expect(byKey(await kept())).toEqual(byKey(await other.allConflicts()));
      await end(one);
      await end(two);
    } finally {
      await other.close();
    }
  });
});
