import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addPeople } from '../../test/support/company-database.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { storeRunningApplication } from '../../test/support/running-application.ts';
import { decideCorrection } from '../../domain/guardian/decide-correction.ts';
import type { Evaluation } from '../../domain/guardian/evaluate.ts';
import type { EvacuationRate } from '../../domain/guardian/policy.ts';
import type { GuardianRegister } from '../../domain/guardian/ports.ts';
import type { SimulationResult } from '../../domain/placement/simulation.ts';
import { createDatabase } from './database.ts';
import { createGuardianReader } from './guardian-reader.ts';
import { createGuardianRecordSteps } from './guardian-record.ts';
import { createGuardianRegister } from './guardian-register.ts';
import { createSampleStore } from './guardian-samples.ts';
import { createIncidentReader } from './incident-reader.ts';
import { createInventoryReadModel } from './inventory-read-model.ts';
import { enqueueGuard } from './outbox.ts';

const nowMs = Date.UTC(2026, 10, 25, 12);
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const at = (ms = nowMs): string => new Date(ms).toISOString();

const violated: Evaluation = {
  verdict: 'violated',
  summary: 'Violated: availability at least 99 % answered: 40 %.',
  slos: [
    {
      sli: 'availability',
      target: 'at least 99 % answered',
      objectivePercent: 99,
      verdict: 'violated',
      budgetLeftPercent: -100,
      burnRates: [],
      measured: 'web@mad 40 % of 40 good',
      offenders: ['web@mad'],
    },
  ],
};
const placement = (datacentre: string) => ({
  assignments: [{ component: 'web', datacentre, offer: `${datacentre}-small` }],
});
const simulated: SimulationResult = {
  engine: { name: 'optimus', version: '1' },
  inputsHash: 'a'.repeat(64),
  status: 'optimal',
  placements: ['bcn', 'par'].map((datacentre, index) => ({
    rank: index + 1,
    placement: placement(datacentre),
    predicted: {
      availabilityPercent: 99.9,
      monthlyCost: 10 + index,
      currency: 'EUR',
      responseTimeP95Ms: 50,
      countries: ['ES'],
    },
  })),
  rejectedDatacentres: [],
  contradictions: [],
};

describe('the record of guardians', () => {
  let test: TestDatabase;
  let database: Knex;

  beforeAll(async () => {
    test = await createTestDatabase();
    database = createDatabase({ url: test.url });
    await database('department').insert({ id: 'web', name: 'Web' });
    await addPeople(database, { ana: ['deployment-engineer'], olga: ['operator'] });
  });
  afterAll(async () => {
    await database.destroy();
    await test.drop();
  });

  /** An application with a verified release in Madrid, whose guardian has seen a violation. */
  const runningApplication = (policy: object = {}): Promise<{ name: string; changeId: string }> =>
    storeRunningApplication(database, {
      nowMs,
      placement: placement('mad'),
      guardian: { mode: 'act', maxExtraCostPercent: 1000, ...policy },
    });
  const registerWith = (evacuation: EvacuationRate): GuardianRegister =>
    createGuardianRegister({ database, inventory: createInventoryReadModel(database), evacuation });
  /** Until everything is there that a decision is made from. */
  const violatedApplication = async (
    register: GuardianRegister,
    policy: object = {},
  ): Promise<{ name: string; incident: string; label: string }> => {
    const { name } = await runningApplication(policy);
    const guarded = await register.guarded(name);
    await register.storeEvaluation(guarded!, violated, at());
    const opened = await register.openIncident(name, at());
    await simulate(register, opened.incident, 1);
    return { name, ...opened };
  };
  const simulate = async (
    register: GuardianRegister,
    incident: string,
    number: number,
  ): Promise<void> => {
    const ref = { incident, number };
    await register.storeFigures(ref, [], at());
    const order = { way: 'redeploy', release: '1', input: { datacentres: [{ id: 'bcn' }] } };
    await register.storeSimulation(ref, order as never, simulated, at());
  };
  const ask = { heldSince: null, approval: null };

  it('counts samples by the minute, adds up what comes twice, and merges old minutes into hours', async () => {
    const samples = createSampleStore(database);
    const { name, changeId } = await runningApplication();
    const deployment = { application: name, changeId, attempt: 1 };
    const key = { sli: 'availability', datacentre: 'mad', component: 'web' } as const;
    for (const agoMs of [9 * hourMs, 9 * hourMs - minuteMs, 0, 0]) {
      await samples.add(deployment, [{ ...key, total: 10, good: 9 }], at(nowMs - agoMs));
    }
    const sum = async (): Promise<number[]> => {
      const buckets = await samples.buckets(deployment, nowMs);
      return [
        buckets.length,
        ...['total', 'good'].map((what) =>
          buckets.reduce((all, one) => all + one[what as 'total'], 0),
        ),
      ];
    };
    expect(await sum()).toEqual([3, 40, 36]);
    await samples.compact(name, nowMs);
    await samples.compact(name, nowMs);
    expect(await sum()).toEqual([2, 40, 36]);
    const [hour] = await database('guardian_bucket').where({
      application: name,
      width_seconds: 3600,
    });
    expect(hour).toMatchObject({ total: 20, good: 18, starts_at: '2026-11-25T03:00:00.000Z' });
    await samples.compact(name, nowMs + 31 * 24 * hourMs);
    expect(await sum()).toEqual([0, 0, 0]);
  });

  it('has one unresolved incident of an application, and tells those who are responsible once', async () => {
    const register = registerWith({ atOnce: 5, perHour: 50 });
    const { name, incident, label } = await violatedApplication(register);
    expect(await register.openIncident(name, at())).toEqual({ incident, label });
    const alerts = await database('alert')
      .where({ key: `${incident}/open` })
      .pluck('recipient');
    expect(alerts.sort()).toEqual(['ana', 'olga']);

    const record = createGuardianRecordSteps({ database, now: at });
    const note = { incident, actor: 'guardian', message: 'It is over.' };
    await record.noteIncident({ ...note, key: 'workflow/1', to: 'mitigated' });
    await register.openIncident(name, at());
    const reader = createIncidentReader({ database, now: at });
    expect((await reader.get(label)).state).toBe('open');
    await record.noteIncident({ ...note, key: 'workflow/2', to: 'resolved' });
    await record.noteIncident({ ...note, key: 'workflow/2', to: 'resolved' });
    const shown = await reader.get(label);
    expect(shown).toMatchObject({ state: 'resolved', resolvedAt: at() });
    expect(shown.log.filter(({ message }) => message === 'It is over.')).toHaveLength(2);
    expect((await register.openIncident(name, at())).incident).not.toBe(incident);
  });

  it('never gives the company’s last free place to two guardians that ask at the same moment', async () => {
    const register = registerWith({ atOnce: 2, perHour: 50 });
    const asking = await Promise.all(
      Array.from({ length: 6 }, () => violatedApplication(register)),
    );
    const decided = await Promise.all(
      asking.map(({ incident }) =>
        register.decide({ incident, number: 1, ...ask }, decideCorrection, at()),
      ),
    );
    expect(decided.filter(({ way }) => way === 'redeploy')).toHaveLength(2);
    for (const { way, because } of decided) {
      if (way === 'wait') expect(because).toContain('the most allowed at once');
    }
    for (const { id, way } of decided) {
      if (way !== 'wait') await register.noteEnded(id, 'completed', at());
    }
  });

  it('answers a decision that is asked for again with what was decided', async () => {
    const register = registerWith({ atOnce: 5, perHour: 50 });
    const { incident } = await violatedApplication(register);
    const input = { incident, number: 1, ...ask };
    const first = await register.decide(input, decideCorrection, at());
    expect(await register.decide(input, decideCorrection, at(nowMs + hourMs))).toEqual(first);
    await register.noteEnded(first.id, 'completed', at());
  });

  it('lets an approval count for what was shown only, on figures of today', async () => {
    const register = registerWith({ atOnce: 5, perHour: 50 });
    const { name, incident } = await violatedApplication(register, { mode: 'propose' });
    const proposal = await register.decide({ incident, number: 1, ...ask }, decideCorrection, at());
    expect(proposal).toMatchObject({ way: 'redeploy', needsApproval: true });
    expect((await createGuardianReader(database).view(name)).proposal).toMatchObject({
      id: proposal.id,
      simulations: [
        {
          placements: [
            { rank: 1, chosen: true },
            { rank: 2, chosen: false },
          ],
        },
      ],
    });
    const approval = { decision: proposal.id, by: 'olga', reason: 'go' };
    const again = { incident, heldSince: null, approval };
    const laterMs = nowMs + hourMs;
    const old = await register.decide({ ...again, number: 2 }, decideCorrection, at(laterMs));
    expect(old).toMatchObject({ way: 'wait' });
    await simulate(register, incident, 3);
    const other = await register.decide(
      { ...again, number: 3 },
      (facts) => {
        const decision = decideCorrection(facts);
        return decision.way === 'wait' ? decision : { ...decision, placement: placement('par') };
      },
      at(),
    );
    expect(other).toMatchObject({ way: 'redeploy', needsApproval: true, approvedBy: null });
    await simulate(register, incident, 4);
    const same = await register.decide({ ...again, number: 4 }, decideCorrection, at());
    expect(same).toMatchObject({ needsApproval: false, approvedBy: 'olga' });
    expect(await register.correctionOrder(same.id)).toMatchObject({
      release: '1',
      datacentres: ['bcn'],
      origin: { kind: 'guardian', way: 'redeploy', corrects: { release: '1' } },
      policyApproval: { definitionVersion: 3, mode: 'propose' },
    });
  });

  it('tells a guardian once of each verified attempt', async () => {
    const { name, changeId } = await runningApplication();
    for (let n = 0; n < 2; n += 1) {
      await enqueueGuard(database, name, { change: changeId, attempt: 1 }, `${changeId}/1`);
    }
    const rows = await database('outbox').where({
      topic: 'guard-application',
      key: `${changeId}/1`,
    });
    expect(rows).toHaveLength(1);
  });
});
