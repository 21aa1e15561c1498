import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Conflict } from '../../domain/conflicts/detect-conflicts.ts';
import { createTestDatabase } from '../../test/support/postgres.ts';
import { presentConflicts, storeConflicts } from './conflict-store.ts';
import { createDatabase } from './database.ts';

const at = '2026-11-24T12:00:00.000Z';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Knex;
let changes: [string, string];

beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase({ url: database.url, poolMax: 2 });
  await db('department').insert({ id: 'web', name: 'Web' });
  for (const id of ['ana', 'dario']) {
    await db('principal').insert({
      id,
      name: id,
      email: `${id}@example.com`,
      roles: ['requester'],
      created_at: at,
    });
  }
  changes = [uuidv7(), uuidv7()].sort() as [string, string];
  for (const [i, id] of changes.entries()) {
    await db('change').insert({
      id,
      request_key: id,
      request_hash: 'none',
      kind: 'infrastructure',
      class: 'normal',
      title: 'Replace a switch',
      department: 'web',
      requester: i === 0 ? 'ana' : 'dario',
      state: 'requested',
      revision: 1,
      version: 1,
      definition: JSON.stringify({}),
      window_opens_at: '2026-11-25T02:00:00Z',
      window_closes_at: '2026-11-25T04:00:00Z',
      created_at: at,
      updated_at: at,
    });
  }
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

const conflictFrom = (from: string, severity: Conflict['severity'] = 'blocking'): Conflict => ({
  kind: 'same-datacentre',
  severity,
  subject: 'datacentre:mad',
  changes,
  evidence: {
    overlap: { from, to: '2026-11-25T04:00:00.000Z' },
    what: ['mad'],
    count: 1,
    explanation: `CHG-1 and CHG-2 overlap from ${from}.`,
  },
  remedy: 'Move CHG-1 or CHG-2.',
});

/** Stores what was computed; gives what stands then, and how many alerts have been raised so far. */
const store = async (computed: readonly Conflict[]) =>
  db.transaction(async (trx) => {
    await storeConflicts(trx, changes[1], computed, at);
    const rows = await trx('alert').select<{ recipient: string }[]>('recipient');
    return {
      conflicts: await presentConflicts(trx, changes[0]),
      alerts: rows.map(({ recipient }) => recipient).sort(),
    };
  });

it('alerts both owners once to a conflict, keeps its words current, and alerts them when it is gone', async () => {
  const found = conflictFrom('2026-11-25T02:00:00.000Z');
  const once = ['ana', 'dario'];
  expect(await store([found])).toEqual({ conflicts: [found], alerts: once });
  expect(await store([found])).toEqual({ conflicts: [found], alerts: once });

  // The window moved and still overlaps: no news, but what people read is what is.
  const moved = conflictFrom('2026-11-25T03:00:00.000Z');
  expect(await store([moved])).toEqual({ conflicts: [moved], alerts: once });

  const twice = ['ana', 'ana', 'dario', 'dario'];
  const milder = conflictFrom('2026-11-25T03:00:00.000Z', 'warning');
  expect(await store([milder])).toEqual({ conflicts: [milder], alerts: twice });

  const thrice = [...twice, ...once].sort();
  expect(await store([])).toEqual({ conflicts: [], alerts: thrice });
  expect(await store([])).toEqual({ conflicts: [], alerts: thrice });
});
