import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SimulationInput } from '../../domain/placement/simulation.ts';
import { exhaustiveCosts } from '../../test/support/exhaustive-placements.ts';
import { createHighsSolver } from './highs-solver.ts';
import { bestPlacements } from './optimise.ts';
import { createDeadline, type Solver } from './solver.ts';

const datacentreIds = ['a', 'b', 'c'];

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

describe('the search for placements', () => {
  let solver: Solver;
  beforeAll(async () => {
    solver = await createHighsSolver();
  });

  it('finds the five best that exhaustive search finds, or none where there is none', () => {
    let feasible = 0;
    fc.assert(
      fc.property(inputs, (input) => {
        const expected = exhaustiveCosts(input).slice(0, 5);
        const deadline = createDeadline(60_000);
        const { ranked } = bestPlacements(input, solver, 5, { deadline });
        const found = ranked.map(({ predicted }) => predicted.monthlyCost);
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
