import { describe, expect, it } from 'vitest';
import { createFakeDatacentres } from '../../test/fakes/fake-driver.ts';
import { applicationDefinitionSchema } from '../../domain/application/application-definition.ts';
import { guardianPolicySchema } from '../../domain/guardian/policy.ts';
import type { GuardedApplication } from '../../domain/guardian/ports.ts';
import type { Offer } from '../../domain/placement/simulation.ts';
import { measureFigures } from './measure-figures.ts';
import { measureRound } from './measure-round.ts';

const definition = applicationDefinitionSchema.parse({
  name: 'shop',
  title: 'Shop',
  department: 'web',
  components: [
    {
      name: 'web',
      entry: true,
      calls: ['store'],
      needs: { cores: 1, memoryMb: 512, storageGb: 1 },
      serviceTimeP95Ms: 20,
    },
    { name: 'store', needs: { cores: 1, memoryMb: 512, storageGb: 1 }, serviceTimeP95Ms: 20 },
  ],
  nfrs: {
    availability: { minPercent: 99 },
    monthlyCost: { max: 20, currency: 'EUR' },
    responseTime: { p95MaxMs: 100 },
    location: { countries: ['ES'] },
    throughput: { minPerSecond: 20 },
  },
});
const assignments = ['mad', 'bcn'].flatMap((datacentre) =>
  ['web', 'store'].map((component) => ({ component, datacentre, offer: `${datacentre}-small` })),
);
const guarded: GuardedApplication = {
  definition,
  definitionVersion: 1,
  planned: definition,
  changeId: 'c',
  label: 'CHG-1',
  attempt: 1,
  release: '1',
  placement: { assignments },
  endpoints: [],
  verifiedAt: '2026-11-25T12:00:00Z',
  byRollBack: false,
  otherChange: null,
  isChanging: false,
};
const offers = ['mad', 'bcn'].map((datacentre): Offer => ({
  id: `${datacentre}-small`,
  datacentre,
  cores: 1,
  memoryMb: 1024,
  storageGb: 10,
  monthlyPrice: 5,
  currency: 'EUR',
  available: 9,
}));
const { signal } = new AbortController();

async function running(): Promise<{
  datacentres: ReturnType<typeof createFakeDatacentres>;
  measure: (changes?: {
    offers?: Offer[];
    country?: string;
    tolerance?: number;
  }) => Promise<string[]>;
  ports: Parameters<typeof measureRound>[0];
}> {
  const datacentres = createFakeDatacentres();
  for (const datacentre of ['mad', 'bcn']) {
    await datacentres.driver.apply(
      {
        application: 'shop',
        datacentre,
        release: '1',
        releaseDigest: 'd',
        components: ['web', 'store'].map((name) => ({ name, bindings: {} }) as never),
      },
      { token: 1, change: 'c', attempt: 1 },
    );
  }
  const ports = {
    driverFor: () => Promise.resolve(datacentres.driver),
    offers: () => Promise.resolve(offers),
    datacentres: () => Promise.resolve([]),
  };
  return {
    datacentres,
    ports,
    async measure({ offers: sold = offers, country = 'ES', tolerance = 0 } = {}) {
      const candidates = ['mad', 'bcn'].map((id) => ({
        id,
        country,
        availabilityPercent: 99,
        userLatencyMs: 1,
      }));
      const samples = await measureRound(
        {
          ...ports,
          offers: () => Promise.resolve(sold),
          datacentres: () => Promise.resolve(candidates),
        },
        guarded,
        guardianPolicySchema.parse({ tolerancePercent: tolerance }),
        signal,
      );
      return samples.map(
        ({ sli, component, datacentre, good, total }) =>
          `${sli} ${component === '' ? '' : `${component}@${datacentre} `}${good}/${total}`,
      );
    },
  };
}

describe('a measurement of what runs', () => {
  it('asks every entry replica, and checks the application as a whole', async () => {
    const { measure } = await running();
    expect(await measure()).toEqual([
      'availability web@mad 5/5',
      'responseTime web@mad 5/5',
      'availability web@bcn 5/5',
      'responseTime web@bcn 5/5',
      'throughput 1/1',
      'monthlyCost 1/1',
      'location 1/1',
    ]);
  });

  it('counts what is not answered, answered late, too dear, or abroad', async () => {
    const { measure, datacentres } = await running();
    datacentres.let({ component: 'web', datacentre: 'mad' }, { state: 'failed' });
    datacentres.let({ component: 'web', datacentre: 'bcn' }, { durationMs: 110 });
    const dear = offers.map((offer) => ({ ...offer, monthlyPrice: 5.5 }));
    expect(await measure({ offers: dear, country: 'FR' })).toEqual([
      'availability web@mad 0/5',
      'availability web@bcn 5/5',
      'responseTime web@bcn 0/5',
      'throughput 0/1',
      'monthlyCost 0/1',
      'location 0/1',
    ]);
    expect(await measure({ offers: dear, tolerance: 10 })).toEqual(
      expect.arrayContaining(['responseTime web@bcn 5/5', 'monthlyCost 1/1']),
    );
  });

  it('has no sample of what nobody can look at or does not know', async () => {
    const { measure, datacentres } = await running();
    datacentres.setReachable('mad', false);
    expect(await measure({ offers: [] })).toEqual([
      'availability web@bcn 5/5',
      'responseTime web@bcn 5/5',
      'location 1/1',
    ]);
  });

  it('takes a replica that cannot be asked for one that could not be deployed to either', async () => {
    const { ports, datacentres } = await running();
    datacentres.setReachable('mad', false);
    const now = (): string => '2026-11-25T12:00:00.000Z';
    const figures = await measureFigures(ports.driverFor, guarded, now, signal);
    expect(
      figures.map(({ component, datacentre, availabilityPercent }) => [
        component,
        datacentre,
        availabilityPercent,
      ]),
    ).toEqual([
      ['web', 'mad', 0],
      ['store', 'mad', 0],
      ['web', 'bcn', 100],
      ['store', 'bcn', 100],
    ]);
  });
});
