import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createContractsDatabase,
  on,
  type ContractsDatabase,
} from '../../test/support/contracts-database.ts';
import { createSlaReader } from './sla-reader.ts';

let system: ContractsDatabase;
beforeAll(async () => {
  system = await createContractsDatabase();
});
afterAll(async () => system.drop());
beforeEach(async () => {
  await system.empty();
});

describe('the SLA of an application', () => {
  it('is by the terms of today, beside those when it was verified', async () => {
    const { contracts, contract, database, now } = system;
    await contracts.register(contract(), 'marta');
    await system.run({
      application: 'shop',
      assignments: [on('web', 'mad-iberia'), on('web', 'par-lutetia'), on('db', 'mad-iberia')],
      verifiedAt: now(),
      minPercent: 99.8,
    });
    const reader = createSlaReader({ database, now });
    const sla = await reader.sla('shop');
    expect(sla).toMatchObject({ change: 'CHG-1', release: '1.0.0', verdict: 'meets' });
    expect(sla.promisedPercent).toBeCloseTo(99.9, 9);
    expect(sla.atDeployment?.promisedPercent).toBeCloseTo(99.9, 9);

    await contracts.end('CON-1', { ends: '2026-06-16', reason: 'moved' }, 'marta');
    system.setNow('2026-06-16T00:00:00.000Z');
    const after = await reader.sla('shop');
    // What the catalogue promises of the offer is left.
    expect(after).toMatchObject({
      verdict: 'misses',
      promisedPercent: expect.closeTo(99.5, 9) as number,
    });
    expect(after.units.map(({ unit }) => unit)).toEqual([
      'mad by the catalogue (mad-iberia)',
      'par by the catalogue (par-lutetia)',
    ]);
    expect(after.atDeployment?.verdict).toBe('meets');
  });

  it('is not known where nothing is promised, and not there where nothing runs', async () => {
    const { database, now } = system;
    const reader = createSlaReader({ database, now });
    await system.run({
      application: 'blog',
      assignments: [on('web', 'bcn-iberia')],
      verifiedAt: now(),
    });
    expect(await reader.sla('blog')).toMatchObject({ verdict: 'unknown', promisedPercent: null });
    await expect(reader.sla('nothing')).rejects.toMatchObject({ code: 'no-such-application' });
    await database('deployment_terms').delete();
    await database('verified_deployment').delete();
    await expect(reader.sla('blog')).rejects.toMatchObject({ code: 'nothing-runs' });
  });
});
