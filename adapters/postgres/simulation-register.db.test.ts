import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulationResult } from '../../domain/placement/simulation.ts';
import { addPeople } from '../../test/support/company-database.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { storeRunningApplication } from '../../test/support/running-application.ts';
import { createDatabase } from './database.ts';
import { createInventoryReadModel } from './inventory-read-model.ts';
import { createSimulationRegister } from './simulation-register.ts';

const nowMs = Date.UTC(2026, 10, 27, 12);
const at = new Date(nowMs).toISOString();
const result: SimulationResult = {
  engine: { name: 'engine', version: '7' },
  inputsHash: 'a'.repeat(64),
  status: 'infeasible',
  placements: [],
  rejectedDatacentres: [],
  contradictions: ['No.'],
};
const difference = {
  monthlyCost: null,
  availabilityPercent: null,
  responseTimeP95Ms: null,
  appears: [],
  disappears: ['web@mad'],
};

describe('the register of simulations', () => {
  let test: TestDatabase;
  let database: Knex;
  beforeAll(async () => {
    test = await createTestDatabase();
    database = createDatabase({ url: test.url });
    await database('department').insert({ id: 'web', name: 'Web' });
    await addPeople(database, { ana: ['deployment-engineer'] });
    for (const id of ['mad', 'bcn']) {
      await database('datacentre').insert({
        id,
        name: id,
        country: 'ES',
        time_zone: 'Europe/Madrid',
        driver: 'local',
        availability_percent: 99,
        user_latency_ms: 5,
      });
      await database('offer').insert({
        id: `${id}-small`,
        datacentre: id,
        cores: 4,
        memory_mb: 64,
        storage_gb: 10,
        monthly_price: 10,
        currency: 'EUR',
        available: 5,
      });
    }
  });
  afterAll(async () => {
    await database.destroy();
    await test.drop();
  });
  const register = () =>
    createSimulationRegister({
      database,
      inventory: createInventoryReadModel(database),
      now: () => at,
    });
  const inMadrid = (...machines: (string | undefined)[]) => ({
    assignments: machines.map((machine) => ({
      component: 'web',
      datacentre: 'mad',
      offer: 'mad-small',
      ...(machine === undefined ? {} : { machine }),
    })),
  });

  it('asks with where it runs and what moving counts, only where its policy says so', async () => {
    const silent = await storeRunningApplication(database, {
      nowMs,
      placement: inMadrid(undefined),
      guardian: {},
    });
    const placement = inMadrid('m1', 'm1', 'm2', undefined);
    const { name, changeId } = await storeRunningApplication(database, {
      nowMs,
      placement,
      guardian: { moving: { aim: 'least-disruption', costPerStart: 12 } },
    });
    expect(await register().inputNow(silent.name)).not.toHaveProperty('current');
    expect((await register().inputNow(name)).current).toEqual({
      placement,
      aim: 'least-disruption',
      costPerStart: 12,
      lossPerFailure: 0,
      overMonths: 12,
      failurePercent: 0,
    });
    // One of four deployments to datacentres failed; what could not be reached says nothing.
    const outcomes = ['verified', 'verified', 'applied', 'failed', 'unreachable'];
    await database('site_outcome').insert(
      outcomes.map((outcome, index) => ({
        change_id: changeId,
        attempt: 1,
        datacentre: `dc${index}`,
        outcome,
        detail: '',
        decided_at: at,
      })),
    );
    expect((await register().inputNow(name)).current?.failurePercent).toBe(25);
  });

  it('counts machines that others hold, a shared one once', async () => {
    const input = await register().inputNow(
      (await storeRunningApplication(database, { nowMs, placement: inMadrid(), guardian: {} }))
        .name,
    );
    // Of the two applications before: one, and m1, m2 and one more.
    const available = input.offers.map((offer) => [offer.id, offer.available]);
    expect(Object.fromEntries(available)).toEqual({ 'mad-small': 1, 'bcn-small': 5 });
    expect((await register().inputNow(input.application.name, ['bcn'])).datacentres).toHaveLength(
      1,
    );
  });

  it('refuses applications, datacentres and simulations that it does not know', async () => {
    await expect(register().inputNow('nothing')).rejects.toMatchObject({ kind: 'not-found' });
    const [known] = await database('application').limit(1).select<{ name: string }[]>('name');
    const name = known?.name ?? '';
    await expect(register().inputNow(name, ['atlantis'])).rejects.toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('atlantis'),
    });
    for (const id of ['no-uuid', '00000000-0000-7000-8000-000000000000']) {
      await expect(register().get(id)).rejects.toMatchObject({ kind: 'not-found' });
      await expect(register().inputOf(id)).rejects.toMatchObject({ kind: 'not-found' });
    }
  });

  it('keeps what was asked and answered, and its replays, newest first and by pages', async () => {
    const { name } = await storeRunningApplication(database, {
      nowMs,
      placement: inMadrid(undefined),
      guardian: {},
    });
    const input = await register().inputNow(name);
    const assumptions = [{ kind: 'datacentre-fails', datacentre: 'mad' }] as const;
    const whatIf = { application: name, assumptions, askedBy: 'ana', input, result, difference };
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.push(await register().storeWhatIf(whatIf));
    const first = await register().list(name, { limit: 2 });
    expect(first.rows.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const second = await register().list(name, { limit: 2, cursor: first.nextCursor });
    expect(second.rows.map(({ id }) => id)).toEqual([ids[0]]);
    expect(second.nextCursor).toBeUndefined();

    const [id = ''] = ids;
    expect(await register().inputOf(id)).toEqual(input);
    const older = await register().storeReplay(id, { result, unlike: [], by: 'ana' });
    const newer = await register().storeReplay(id, { result, unlike: ['placements'], by: 'ana' });
    expect(await register().get(id)).toMatchObject({
      purpose: 'what-if',
      askedFor: 'ana',
      engine: 'engine 7',
      monthlyCost: null,
      assumptions,
      difference,
      result,
      replays: [
        { id: newer.id, unlike: ['placements'] },
        { id: older.id, unlike: [] },
      ],
    });
  });
});
