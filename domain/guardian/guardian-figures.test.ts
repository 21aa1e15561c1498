import { describe, expect, it } from 'vitest';
import { applicationDefinitionSchema } from '../application/application-definition.ts';
import type { Measurement, Offer } from '../placement/simulation.ts';
import { assumeElsewhere, deadDatacentres } from './assume-elsewhere.ts';
import { evaluate, type SampledBucket } from './evaluate.ts';
import { measuredCost } from './measured-cost.ts';
import { guardianPolicyOf } from './policy.ts';
import { seriesOf, slosOf, wholeApplication } from './slo.ts';

const nowMs = Date.UTC(2026, 10, 25, 12);
const application = applicationDefinitionSchema.parse({
  name: 'shop',
  title: 'Shop',
  department: 'web',
  components: [
    {
      name: 'web',
      entry: true,
      needs: { cores: 1, memoryMb: 512, storageGb: 1 },
      serviceTimeP95Ms: 20,
    },
  ],
  nfrs: {
    availability: { minPercent: 99 },
    monthlyCost: { max: 100, currency: 'EUR' },
    responseTime: { p95MaxMs: 100 },
    location: { countries: ['ES'] },
  },
});
const assignments = [
  { component: 'web', datacentre: 'mad', offer: 'mad-small' },
  { component: 'web', datacentre: 'bcn', offer: 'bcn-small' },
];
const figure = (datacentre: string, more: Partial<Measurement>): Measurement => ({
  component: 'web',
  datacentre,
  samples: 25,
  measuredAt: '2026-11-25T12:00:00.000Z',
  ...more,
});

describe('the requirements as objectives', () => {
  const policy = guardianPolicyOf(application);
  const slos = slosOf(application.nfrs, policy).map((slo) => ({
    ...slo,
    series: seriesOf(slo, application, assignments),
  }));
  const sampled = (good: Record<string, number>): SampledBucket[] =>
    slos.flatMap(({ sli, series }) =>
      series.map((key) => {
        const name = `${sli} ${key.datacentre}`.trim();
        const bucket = { startMs: nowMs - 60_000, widthMs: 60_000, total: 40, current: true };
        return { sli, ...key, ...bucket, good: good[name] ?? 40 };
      }),
    );

  it('hold when every series of each has good samples', () => {
    expect(evaluate(slos, sampled({}), nowMs)).toMatchObject({ verdict: 'holding' });
  });

  it('name the replica that violates one, though the others are well', () => {
    const { verdict, slos: statuses } = evaluate(slos, sampled({ 'availability bcn': 0 }), nowMs);
    expect(verdict).toBe('violated');
    expect(statuses.filter((slo) => slo.verdict === 'violated')).toMatchObject([
      { sli: 'availability', offenders: ['web@bcn'] },
    ]);
  });

  it('have no data when one series has none, and none when nothing runs', () => {
    const silent = sampled({}).filter(({ datacentre }) => datacentre !== 'bcn');
    expect(evaluate(slos, silent, nowMs).verdict).toBe('no-data');
    const nothing = slos.map((slo) => ({ ...slo, series: [] }));
    expect(evaluate(nothing, sampled({}), nowMs).verdict).toBe('no-data');
    expect(evaluate(slos, [], nowMs).verdict).toBe('no-data');
  });

  it('count samples of an earlier deployment against the budget, not against what runs now', () => {
    const bad = sampled({ 'availability bcn': 0 }).map((one) => ({ ...one, current: false }));
    const { verdict, slos: statuses } = evaluate(slos, [...bad, ...sampled({})], nowMs);
    expect(verdict).toBe('holding');
    expect(statuses[0]?.budgetLeftPercent).toBeLessThan(0);
  });

  it('measure cost and location of the application as a whole', () => {
    expect(slos.find(({ sli }) => sli === 'location')?.series).toEqual([wholeApplication]);
    expect(evaluate(slos, sampled({ monthlyCost: 0 }), nowMs).slos).toContainEqual(
      expect.objectContaining({ sli: 'monthlyCost', verdict: 'violated' }),
    );
  });
});

describe('what an application costs', () => {
  const offer = (id: string, monthlyPrice: number, memoryMb = 1024): Offer => ({
    id,
    datacentre: id.slice(0, 3),
    cores: 1,
    memoryMb,
    storageGb: 10,
    monthlyPrice,
    currency: 'EUR',
    available: 1,
  });
  const offers = [offer('mad-small', 8), offer('mad-large', 30, 8192), offer('bcn-small', 9)];

  it('is the price of its machines today', () => {
    expect(measuredCost(assignments, offers, [], application).monthlyCost).toBe(17);
  });

  it('is that of the machine it would need where it uses more than was rented', () => {
    const use = [{ component: 'web', datacentre: 'mad', memoryBytes: 3 * 2 ** 30 }];
    const { monthlyCost, notes } = measuredCost(assignments, offers, use, application);
    expect(monthlyCost).toBe(39);
    expect(notes).toEqual(['web@mad uses 3072 MB of 1024 MB: it needs mad-large']);
  });

  it('is not known when an offer is gone', () => {
    expect(measuredCost(assignments, offers.slice(0, 1), [], application).monthlyCost).toBeNull();
  });
});

describe('what is expected where nothing was measured', () => {
  const elsewhere = (...figures: Measurement[]): Measurement[] =>
    assumeElsewhere(figures, application, ['mad', 'bcn', 'par']);

  it('is no better than the best of several places: slow everywhere is slow anywhere', () => {
    const assumed = elsewhere(
      figure('mad', { serviceTimeP95Ms: 400, availabilityPercent: 100 }),
      figure('bcn', { serviceTimeP95Ms: 300, availabilityPercent: 98 }),
    );
    expect(assumed).toMatchObject([
      { datacentre: 'par', serviceTimeP95Ms: 300, availabilityPercent: 100 },
    ]);
  });

  it('is what the definition says where the fault may be the place', () => {
    expect(elsewhere(figure('mad', { serviceTimeP95Ms: 400 }))).toEqual([]);
    const oneDies = [
      figure('mad', { availabilityPercent: 0 }),
      figure('bcn', { availabilityPercent: 100, serviceTimeP95Ms: 10 }),
    ];
    expect(elsewhere(...oneDies)).toEqual([]);
    expect(deadDatacentres(oneDies)).toEqual(['mad']);
  });

  it('is nothing good where nothing answers in any of several places: what runs is the fault', () => {
    const allDie = ['mad', 'bcn'].map((place) => figure(place, { availabilityPercent: 0 }));
    expect(deadDatacentres(allDie)).toEqual([]);
    expect(elsewhere(...allDie)).toMatchObject([{ datacentre: 'par', availabilityPercent: 0 }]);
    expect(deadDatacentres(allDie.slice(0, 1))).toEqual(['mad']);
  });
});
