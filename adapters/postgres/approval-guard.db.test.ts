import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDomainError } from '../../domain/errors.ts';
import {
  addPrincipal,
  importCsv,
  insertChange,
  manualRequest,
  smallestCompany,
} from '../../test/support/company-database.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { createInventoryEngine } from '../inventory-engine/create-inventory-engine.ts';
import { guardApproval, reserveItems, type ApprovalEngine } from './approval-guard.ts';
import { lockConflicts, renumberIntervention } from './conflict-store.ts';
import { createDatabase } from './database.ts';

let database: TestDatabase;
let db: Knex;
let engine: ReturnType<typeof createInventoryEngine>;

/** Pairs of hosts with one service each that needs one of the two, and clusters of four that need two. */
const pairs = 20;
const ids = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
const hosts = [...ids('pair', pairs * 2), ...ids('quad', 40)];
beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase({ url: database.url, poolMax: 40 });
  const dependencies = [
    ...ids('s', pairs).flatMap((id, i) =>
      [2 * i, 2 * i + 1].map((host) => `${id},hosts,1,pair-${host}`),
    ),
    ...ids('q', 10).flatMap((id, i) => [0, 1, 2, 3].map((n) => `${id},hosts,2,quad-${4 * i + n}`)),
  ];
  await importCsv(db, {
    ...smallestCompany,
    items: `id,kind,name,datacentre,department\n${hosts.map((id) => `${id},host,${id},mad,hosting\n`).join('')}`,
    services: `id,name,solution,customer\n${[...ids('s', pairs), ...ids('q', 10)].map((id) => `${id},${id},web,acme\n`).join('')}`,
    dependencies: `dependent,group,needs,member\n${dependencies.join('\n')}\n`,
  });
  await addPrincipal(db, 'ana');
  await addPrincipal(db, 'olga');
  engine = createInventoryEngine({
    databaseUrl: database.url,
    settings: { customerDistanceMs: 0 },
    waitMs: 60_000,
  });
});
afterAll(async () => {
  await engine.close();
  await db.destroy();
  await database.drop();
});

/** Changes that wait for approval, known to every engine. */
async function propose(
  ...given: readonly Parameters<typeof manualRequest>[0][]
): Promise<string[]> {
  return db.transaction(async (trx) => {
    await lockConflicts(trx);
    const changes: string[] = [];
    for (const each of given) {
      const id = await insertChange(trx, 'ana', manualRequest(each));
      await trx('change')
        .where({ id })
        .update({ state: 'awaiting-approval', plan: '{}', plan_hash: 'plan' });
      await renumberIntervention(trx, id);
      changes.push(id);
    }
    return changes;
  });
}

/** Approves as the record does: guard, state and reservation in one transaction. */
async function approve(
  id: string,
  using: ApprovalEngine = engine,
  override?: Parameters<typeof guardApproval>[2]['override'],
): Promise<boolean> {
  try {
    await db.transaction(async (trx) => {
      const { overridden } = await guardApproval(trx, using, {
        ...{ changeId: id, planHash: 'plan', by: 'olga', at: new Date().toISOString() },
        override,
      });
      await trx('approval').insert({
        change_id: id,
        plan_hash: 'plan',
        decided_by: 'olga',
        decision: 'approved',
        reason: 'as planned',
        decided_at: new Date(),
      });
      await trx('change').where({ id }).update({ state: 'scheduled' });
      await reserveItems(trx, id, overridden);
    });
    return true;
  } catch (error) {
    if (isDomainError(error) && error.code === 'blocking-conflict') return false;
    throw error;
  }
}

let day = 0;
const nextDay = () => {
  day += 1;
  return new Date(Date.UTC(2027, 0, day)).toISOString().slice(0, 10);
};

/** Approvals of one round: what each takes down, all at the same time or nearly. */
async function round(size: number, seed: number, using?: ApprovalEngine) {
  const date = nextDay();
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  const changes = await propose(
    ...Array.from({ length: size }, () => ({
      start: `${date}T0${random(3)}:00`,
      end: `${date}T0${4 + random(3)}:00`,
      items: [hosts[random(hosts.length)]!],
    })),
  );
  // Only now, so that all come at once.
  const accepted = await Promise.all(changes.map((id) => approve(id, using)));
  const approved = changes.filter((_, i) => accepted[i]);
  return { approved, refused: size - approved.length };
}

/** Blocking conflicts among those that were approved, found by a computation of its own. */
async function conflictsAmong(approved: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const id of approved) {
    for (const conflict of await engine.conflictsAmong(id, approved)) {
      if (conflict.severity === 'blocking') found.add(conflict.evidence.explanation);
    }
  }
  return [...found];
}

describe('approvals at the same time', () => {
  it('never accept two that conflict: 50 rounds of 200 at once', async () => {
    let refused = 0;
    for (let n = 0; n < 50; n += 1) {
      const result = await round(200, n + 1);
      refused += result.refused;
      expect(result.approved.length).toBeGreaterThan(0);
      expect(await conflictsAmong(result.approved)).toEqual([]);
    }
    expect(refused).toBeGreaterThan(1000);
  }, 600_000);

  it('would accept them without the locks and the constraint', async () => {
    const unguarded: ApprovalEngine = {
      conflictsAmong: (...args) => engine.conflictsAmong(...args),
      locksOf: () => Promise.resolve([]),
    };
    await db.raw('alter table reservation drop constraint reservation_apart');
    try {
      const { approved } = await round(60, 4711, unguarded);
      expect(await conflictsAmong(approved)).not.toEqual([]);
    } finally {
      await db('reservation').delete();
      await db.raw(
        `alter table reservation add constraint reservation_apart
           exclude using gist (item with =, during with &&) where (not overridden)`,
      );
    }
  });

  it('are kept apart on one item by the constraint alone', async () => {
    const blind: ApprovalEngine = {
      conflictsAmong: () => Promise.resolve([]),
      locksOf: () => Promise.resolve([]),
    };
    const date = nextDay();
    const window = { start: `${date}T01:00`, end: `${date}T03:00`, items: ['pair-0'] };
    const changes = await propose(window, window, window);
    const accepted = await Promise.all(changes.map((id) => approve(id, blind)));
    expect(accepted.filter(Boolean)).toHaveLength(1);
  });

  it('may be overridden with a reason, which is kept with what it stepped over', async () => {
    const date = nextDay();
    const window = { start: `${date}T01:00`, end: `${date}T03:00`, items: ['pair-2'] };
    const [one = '', two = ''] = await propose(window, window);
    expect(await approve(one)).toBe(true);
    expect(await approve(two)).toBe(false);
    const reason = 'both are done by the same person, one after the other';
    expect(await approve(two, engine, { reason, conflicts: false, freezes: true })).toBe(false);
    expect(await approve(two, engine, { reason, conflicts: true, freezes: false })).toBe(true);
    expect(
      await db('conflict_override').where({ change_id: two }).select('kind', 'reason'),
    ).toEqual([{ kind: 'same-item', reason }]);
  });
});
