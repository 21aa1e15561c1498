import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freezePeriodSchema } from '../../domain/windows/freeze.ts';
import {
  addPrincipal,
  importCsv,
  insertChange,
  manualRequest,
  smallestCompany,
} from '../../test/support/company-database.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { createInventoryEngine } from '../inventory-engine/create-inventory-engine.ts';
import { keepConflictsCurrent } from './conflict-keeper.ts';
import { keepConflicts, lockConflicts, renumberIntervention } from './conflict-store.ts';
import { createDatabase } from './database.ts';
import { createFreezeRegister } from './freeze-register.ts';

let database: TestDatabase;
let db: Knex;
let engine: ReturnType<typeof createInventoryEngine>;
let change: string;
const now = () => '2026-11-24T12:00:00.000Z';

beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase({ url: database.url, poolMax: 4 });
  await importCsv(db, {
    ...smallestCompany,
    items: 'id,kind,name,datacentre,department\nhv-1,host,H1,mad,hosting\n',
    services: 'id,name,solution,customer\nshop,Shop,web,acme\n',
    dependencies: 'dependent,group,needs,member\nshop,h,,hv-1\n',
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
  await db.transaction(async (trx) => {
    await lockConflicts(trx);
    await renumberIntervention(trx, change);
    await keepConflicts(trx, engine, change, now());
  });
});
afterAll(async () => {
  await engine.close();
  await db.destroy();
  await database.drop();
});

const freeze = (more: object = {}) =>
  freezePeriodSchema.parse({
    scope: { kind: 'solution', id: 'web' },
    start: '2026-11-30T20:00',
    end: '2026-12-01T06:00',
    zone: 'Europe/Madrid',
    reason: 'the winter campaign',
    ...more,
  });
const standing = async () => {
  await keepConflictsCurrent({ database: db, engine, now });
  const rows = await db('conflict')
    .whereNull('gone_at')
    .select<{ kind: string; evidence: object }[]>();
  return rows.map(({ kind, evidence }) => [
    kind,
    (evidence as { evidence: { explanation: string } }).evidence.explanation,
  ]);
};

describe('freezes', () => {
  it('stand against planned changes from their declaration until they are lifted', async () => {
    const register = createFreezeRegister({ database: db, now });
    expect(await standing()).toEqual([]);
    const { id, next, lifted } = await register.create(freeze(), 'ana');
    expect(next).toEqual([{ from: '2026-11-30T19:00:00.000Z', to: '2026-12-01T05:00:00.000Z' }]);
    expect(lifted).toBeNull();
    expect(await standing()).toEqual([
      [
        'freeze',
        'CHG-1 disturbs solution web from 2026-12-01 01:00 UTC to 2026-12-01 03:00 UTC, in the freeze "the winter campaign".',
      ],
    ]);
    expect(await db('alert').where({ recipient: 'ana' }).select('topic')).toEqual([
      { topic: 'conflict' },
    ]);
    const after = await register.lift(id, 'ana', 'the campaign was called off');
    expect(after.lifted).toMatchObject({ by: 'ana', reason: 'the campaign was called off' });
    expect(await standing()).toEqual([]);
    await expect(register.lift(id, 'ana', 'again')).rejects.toMatchObject({ kind: 'refused' });
    expect(
      (await register.list({ includeLifted: false, ofCustomers: true, limit: 10 })).rows,
    ).toEqual([]);
    expect(
      (await register.list({ includeLifted: true, ofCustomers: true, limit: 10 })).rows,
    ).toHaveLength(1);
  });

  it('come again by their rule, and customers have their own', async () => {
    const register = createFreezeRegister({ database: db, now });
    const nightly = await register.create(
      freeze({
        kind: 'no-touch',
        scope: { kind: 'customer', id: 'acme' },
        start: '2026-11-01T02:00',
        end: '2026-11-01T05:00',
        recurrence: { rule: 'FREQ=DAILY' },
      }),
      'ana',
    );
    expect(nightly.next).toHaveLength(3);
    const [[kind, explanation] = []] = await standing();
    expect(kind).toBe('freeze');
    // Who the customer is is not for everybody who reads conflicts.
    expect(explanation).toContain('disturbs a customer');
    expect(explanation).not.toContain('acme');
    const hidden = await register.list({ includeLifted: true, ofCustomers: false, limit: 10 });
    expect(hidden.rows.map(({ id }) => id)).not.toContain(nightly.id);
    await register.lift(nightly.id, 'ana', 'agreed with the customer');
  });

  it.each([
    ['a scope that is not there', { scope: { kind: 'datacentre', id: 'atlantis' } }, 'scope.id'],
    ['a zone that is not there', { zone: 'Europe/Madird' }, 'zone'],
    ['an end before the start', { end: '2026-11-29T00:00' }, 'end'],
    ['a rule that is none', { recurrence: { rule: 'FREQ=SOMETIMES' } }, 'recurrence.rule'],
  ])('are refused for %s, and nothing is stored', async (_, more, field) => {
    const register = createFreezeRegister({ database: db, now });
    const before = await db('freeze_period').select('id');
    await expect(register.create(freeze(more), 'ana')).rejects.toMatchObject({
      kind: 'invalid',
      complaints: [expect.objectContaining({ field })],
    });
    expect(await db('freeze_period').select('id')).toEqual(before);
  });
});
