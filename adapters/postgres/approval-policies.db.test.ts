import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approvalPolicySchema } from '../../domain/approvals/policy.ts';
import { addPrincipal, insertChange, manualRequest } from '../../test/support/company-database.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { createDatabase } from './database.ts';
import { createPolicyRegister } from './policy-register.ts';

let database: TestDatabase;
let db: Knex;

beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase({ url: database.url, poolMax: 20 });
  for (const id of ['ana', 'olga', 'marta']) await addPrincipal(db, id);
  await db('department').insert({ id: 'network', name: 'Network' }).onConflict().ignore();
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

async function awaitingApproval(): Promise<string> {
  const request = manualRequest({ start: '2027-05-01T01:00', end: '2027-05-01T02:00', items: [] });
  await db('department').insert({ id: request.department, name: 'Any' }).onConflict().ignore();
  const id = await insertChange(db, 'ana', request);
  await db('change')
    .where({ id })
    .update({ state: 'awaiting-approval', plan: '{}', plan_hash: 'plan', approvals_needed: 1 });
  return id;
}

const approval = (change: string, by: string, more: object = {}) => ({
  change_id: change,
  plan_hash: 'plan',
  decided_by: by,
  decision: 'approved',
  reason: 'because I can',
  decided_at: new Date(),
  ...more,
});
const schedule = (id: string) => db('change').where({ id }).update({ state: 'scheduled' });
const refused = { code: '42501' };

describe('separation of duties, by the application’s own role in the database', () => {
  it('lets nobody approve what they requested, in no capacity', async () => {
    const id = await awaitingApproval();
    await expect(db('approval').insert(approval(id, 'ana'))).rejects.toMatchObject(refused);
    await expect(
      db('approval').insert(approval(id, 'olga', { on_behalf_of: 'ana' })),
    ).rejects.toMatchObject(refused);
    await expect(schedule(id)).rejects.toMatchObject(refused);
    await expect(db('change').where({ id }).update({ requester: 'marta' })).rejects.toMatchObject(
      refused,
    );
  });

  it('schedules nothing that lacks approvals of the plan as it is', async () => {
    const id = await awaitingApproval();
    await db('change').where({ id }).update({ approvals_needed: 2 });
    await db('approval').insert(approval(id, 'olga'));
    await expect(schedule(id)).rejects.toMatchObject(refused);
    await expect(
      db('approval').insert(approval(id, 'marta', { plan_hash: 'an older plan' })),
    ).rejects.toMatchObject(refused);
    // In the place of somebody who has signed is no second signature.
    await expect(
      db('approval').insert(approval(id, 'marta', { on_behalf_of: 'olga' })),
    ).rejects.toMatchObject({ constraint: 'approval_signature_key' });
    await db('approval').insert(approval(id, 'marta'));
    expect(await schedule(id)).toBe(1);
  });

  it('keeps decisions as they were given', async () => {
    const id = await awaitingApproval();
    await db('approval').insert(approval(id, 'olga'));
    const given = db('approval').where({ change_id: id });
    await expect(given.clone().update({ reason: 'another' })).rejects.toMatchObject(refused);
    await expect(given.clone().delete()).rejects.toMatchObject(refused);
  });
});

describe('policies', () => {
  const policies = () =>
    createPolicyRegister({ database: db, now: () => new Date().toISOString() });
  const wording = (title: string) =>
    approvalPolicySchema.parse({
      id: 'night',
      title,
      steps: [{ name: 'one', anyOf: [{ people: ['olga'] }] }],
    });

  it('are in force when somebody else has approved them, one version at a time', async () => {
    const register = policies();
    const first = await register.propose(wording('Nights'), 'nights are quiet', 'olga');
    expect(first).toMatchObject({ version: 1, state: 'proposed', approvedBy: null });
    await expect(register.approve('night', 1, 'yes', 'olga')).rejects.toMatchObject({
      code: 'own-policy',
    });
    await register.approve('night', 1, 'yes', 'marta');
    await register.propose(wording('Late nights'), 'later', 'marta');
    expect((await register.inForce()).find(({ policy }) => policy.id === 'night')).toMatchObject({
      version: 1,
    });
    await register.approve('night', 2, 'yes', 'olga');
    expect((await register.versions('night')).map(({ state }) => state)).toEqual([
      'in-force',
      'superseded',
    ]);
    await expect(register.approve('night', 1, 'again', 'olga')).rejects.toMatchObject({
      code: 'policy-not-proposed',
    });
    await register.retire('night', 'no longer', 'olga');
    expect((await register.inForce()).map(({ policy }) => policy.id)).not.toContain('night');
    await expect(register.retire('night', 'again', 'olga')).rejects.toMatchObject({
      code: 'policy-not-in-force',
    });
  });

  it('get each a version of their own when many are proposed at once', async () => {
    const register = policies();
    const proposed = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        register.propose({ ...wording(`Wording ${n}`), id: 'crowd' }, 'at once', 'olga'),
      ),
    );
    expect(proposed.map(({ version }) => version).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, n) => n + 1),
    );
  });

  it('are never rewritten, not even by the database’s role', async () => {
    const row = db('approval_policy').where({ id: 'every-change', version: 1 });
    await expect(row.clone().update({ definition: '{}' })).rejects.toMatchObject(refused);
    await expect(row.clone().update({ approved_by: 'ana' })).rejects.toMatchObject(refused);
    await expect(row.clone().delete()).rejects.toMatchObject(refused);
  });
});
