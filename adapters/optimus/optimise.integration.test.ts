import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { predictNfrs } from '../../domain/placement/predict-nfrs.ts';
import type { Assignment, SimulationInput } from '../../domain/placement/simulation.ts';
import { createHighsSolver } from './highs-solver.ts';
import { bestPlacements, type SolveLp } from './optimise.ts';
import { fits } from './placement-problem.ts';

const datacentreIds = ['a', 'b', 'c'];
const close = 1e-6;

/** Small enough for exhaustive search, rich enough for every kind of requirement to bite. */
const inputs = fc
  .record({
    components: fc.array(
      fc.record({
        cores: fc.integer({ min: 1, max: 4 }),
        min: fc.integer({ min: 1, max: 2 }),
        max: fc.integer({ min: 2, max: 3 }),
        ms: fc.integer({ min: 1, max: 60 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    sites: fc.array(
      fc.record({
        availability: fc.constantFrom(90, 95, 99, 99.5),
        latency: fc.integer({ min: 0, max: 40 }),
        country: fc.constantFrom('ES', 'FR', 'PT'),
        offers: fc.array(
          fc.record({
            cores: fc.integer({ min: 1, max: 4 }),
            price: fc.integer({ min: 1, max: 30 }),
            available: fc.integer({ min: 0, max: 4 }),
          }),
          { minLength: 1, maxLength: 2 },
        ),
      }),
      { minLength: 3, maxLength: 3 },
    ),
    links: fc.array(fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined, freq: 6 }), {
      minLength: 3,
      maxLength: 3,
    }),
    minPercent: fc.constantFrom(0, 50, 90, 98, 99.5),
    maxCost: fc.integer({ min: 20, max: 300 }),
    p95MaxMs: fc.integer({ min: 60, max: 600 }),
    slow: fc.option(
      fc.record({
        component: fc.nat(2),
        site: fc.nat(2),
        ms: fc.constantFrom(80, 400),
        up: fc.constantFrom(0, 50, 100),
      }),
    ),
  })
  .map(({ components, sites, links, minPercent, maxCost, p95MaxMs, slow }): SimulationInput => {
    const name = (index: number): string => `c${index}`;
    const pairs = [
      ['a', 'b'],
      ['a', 'c'],
      ['b', 'c'],
    ] as const;
    return {
      application: {
        name: 'random',
        title: 'Random',
        department: 'tests',
        components: components.map(({ cores, min, max, ms }, index) => ({
          name: name(index),
          needs: { cores, memoryMb: 1, storageGb: 0 },
          replicas: { min, max },
          calls: index + 1 < components.length ? [name(index + 1)] : [],
          entry: index === 0,
          serviceTimeP95Ms: ms,
        })),
        nfrs: {
          availability: { minPercent },
          monthlyCost: { max: maxCost, currency: 'EUR' },
          responseTime: { p95MaxMs },
          location: { countries: ['ES', 'FR'] },
        },
        verification: { path: '/', samples: 5, intervalMs: 10, timeoutMs: 100 },
      },
      datacentres: sites.map(({ availability, latency, country }, index) => ({
        id: datacentreIds[index]!,
        country,
        availabilityPercent: availability,
        userLatencyMs: latency,
      })),
      offers: sites.flatMap(({ offers }, site) =>
        offers.map(({ cores, price, available }, index) => ({
          id: `${datacentreIds[site]!}${index}`,
          datacentre: datacentreIds[site]!,
          cores,
          memoryMb: 1,
          storageGb: 0,
          monthlyPrice: price,
          currency: 'EUR',
          available,
        })),
      ),
      latencies: links.flatMap((ms, index) =>
        ms === undefined ? [] : [{ from: pairs[index]![0], to: pairs[index]![1], ms }],
      ),
      measurements:
        slow === null || slow.component >= components.length
          ? []
          : [
              {
                component: name(slow.component),
                datacentre: datacentreIds[slow.site]!,
                serviceTimeP95Ms: slow.ms,
                availabilityPercent: slow.up,
                samples: 10,
                measuredAt: '2026-11-24T12:00:00.000Z',
              },
            ],
    };
  });

/** The cheapest cost of every set of pairs that meets all requirements, rising: by trying everything. */
function exhaustively(input: SimulationInput): number[] {
  const { components, nfrs } = input.application;
  const dead = (component: string, datacentre: string): boolean =>
    input.measurements.some(
      (one) =>
        one.component === component &&
        one.datacentre === datacentre &&
        one.availabilityPercent === 0,
    );
  const country = new Map(input.datacentres.map((one) => [one.id, one.country]));
  let partial: Assignment[][] = [[]];
  for (const component of components) {
    const bySite = input.datacentres.map(({ id }) => [
      undefined,
      ...input.offers.filter(
        (offer) =>
          offer.datacentre === id &&
          fits(component.needs, offer) &&
          nfrs.location.countries.includes(country.get(id)!) &&
          !dead(component.name, id),
      ),
    ]);
    const choices = bySite.reduce<Assignment[][]>(
      (sets, offers) =>
        sets.flatMap((set) =>
          offers.map((offer) =>
            offer === undefined
              ? set
              : [
                  ...set,
                  { component: component.name, datacentre: offer.datacentre, offer: offer.id },
                ],
          ),
        ),
      [[]],
    );
    const allowed = choices.filter(
      ({ length }) => length >= component.replicas.min && length <= component.replicas.max,
    );
    partial = partial.flatMap((set) => allowed.map((choice) => [...set, ...choice]));
  }
  const cheapest = new Map<string, number>();
  for (const assignments of partial) {
    const within = input.offers.every(
      ({ id, available }) => assignments.filter(({ offer }) => offer === id).length <= available,
    );
    if (!within) continue;
    const predicted = predictNfrs(input, { assignments });
    const meets =
      predicted.availabilityPercent >= nfrs.availability.minPercent - close &&
      predicted.responseTimeP95Ms <= nfrs.responseTime.p95MaxMs + close &&
      predicted.monthlyCost <= nfrs.monthlyCost.max + close;
    if (!meets) continue;
    const key = assignments
      .map(({ component, datacentre }) => `${component}@${datacentre}`)
      .join(' ');
    cheapest.set(key, Math.min(cheapest.get(key) ?? Infinity, predicted.monthlyCost));
  }
  return [...cheapest.values()].sort((a, b) => a - b);
}

describe('the search for placements', () => {
  let solve: SolveLp;
  beforeAll(async () => {
    solve = await createHighsSolver();
  });

  it('finds the five best that exhaustive search finds, or none where there is none', () => {
    let feasible = 0;
    fc.assert(
      fc.property(inputs, (input) => {
        const expected = exhaustively(input).slice(0, 5);
        const found = bestPlacements(input, solve, 5).map(({ predicted }) => predicted.monthlyCost);
        if (expected.length > 0) feasible += 1;
        expect(found).toHaveLength(expected.length);
        found.forEach((cost, rank) => expect(cost).toBeCloseTo(expected[rank]!, 6));
      }),
      { numRuns: 500, seed: 20261124 },
    );
    // Instances without any placement alone would show little.
    expect(feasible).toBeGreaterThan(100);
  });
});
