import { describe, expect, it } from 'vitest';
import { exampleSimulationInput } from '../../test/support/example-simulation-input.ts';
import { compareResults, unlikeFields } from './compare-results.ts';
import { movesTo, shareOfStart } from './moving.ts';
import { predictThroughput, predictTraffic, requestsPerRequest } from './predict-load.ts';
import type { Current, SimulationInput, SimulationResult } from './simulation.ts';
import { assume } from './what-if.ts';

describe('what is assumed', () => {
  const input = exampleSimulationInput();
  const [site = '', other = ''] = input.datacentres.map(({ id }) => id);

  it('takes a datacentre out wherever it is spoken of', () => {
    const lost = assume(
      {
        ...input,
        failureDomains: [
          { id: 'grid', datacentres: [site, other], availabilityPercent: 99 },
          { id: 'own', datacentres: [site], availabilityPercent: 99 },
        ],
        measurements: [
          {
            component: 'web',
            datacentre: site,
            samples: 1,
            measuredAt: '2026-11-24T12:00:00.000Z',
          },
        ],
      },
      [{ kind: 'datacentre-fails', datacentre: site }],
    );
    expect(JSON.stringify({ ...lost, application: null })).not.toContain(`"${site}"`);
    expect(lost.failureDomains).toEqual([
      { id: 'grid', datacentres: [other], availabilityPercent: 99 },
    ]);
  });

  it('changes the prices that it names, and no others', () => {
    const [first] = input.offers;
    const dearer = assume(input, [
      { kind: 'price-changes', percent: 20, datacentre: site },
      { kind: 'price-changes', percent: -50, offer: first?.id },
    ]);
    dearer.offers.forEach((offer, index) => {
      const before = input.offers[index]?.monthlyPrice ?? 0;
      const factor = (offer.datacentre === site ? 1.2 : 1) * (offer.id === first?.id ? 0.5 : 1);
      expect(offer.monthlyPrice).toBeCloseTo(before * factor, 9);
    });
  });

  it('puts other requirements in place of those that it names', () => {
    const { application } = assume(input, [
      { kind: 'requirements', nfrs: { availability: { minPercent: 99.99 } } },
    ]);
    expect(application.nfrs).toEqual({
      ...input.application.nfrs,
      availability: { minPercent: 99.99 },
    });
  });

  it('is refused with its place when it speaks of what is not there', () => {
    expect(() =>
      assume(input, [
        { kind: 'datacentre-fails', datacentre: site },
        { kind: 'price-changes', percent: 1, provider: 'nobody', offer: 'nothing' },
      ]),
    ).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        complaints: [
          expect.objectContaining({ field: 'assume.1.offer' }),
          expect.objectContaining({ field: 'assume.1.provider' }),
        ],
      }),
    );
  });
});

describe('load and moves', () => {
  const component = (name: string, calls: string[], capacityPerSecond?: number) => ({
    name,
    calls,
    entry: name === 'a',
    needs: { cores: 1, memoryMb: 1, storageGb: 0 },
    replicas: { min: 1, max: 3 },
    serviceTimeP95Ms: 1,
    ...(capacityPerSecond === undefined ? {} : { capacityPerSecond }),
  });
  // d is called by b and by c: two requests for one of the users'.
  const components = [
    component('a', ['b', 'c']),
    component('b', ['d']),
    component('c', ['d'], 100),
    component('d', [], 30),
  ];
  const at = (...names: string[]) => ({
    assignments: names.map((name) => {
      const [one = '', datacentre = ''] = name.split('@');
      return { component: one, datacentre, offer: '-' };
    }),
  });

  it('counts the requests of every way, and is limited by the component with the least to spare', () => {
    expect([...requestsPerRequest(components).values()]).toEqual([1, 1, 1, 2]);
    expect(predictThroughput({ components }, at('a@x', 'c@x', 'd@x'))).toBe(15);
    expect(predictThroughput({ components }, at('a@x', 'c@x', 'd@x', 'd@y'))).toBe(30);
    expect(predictThroughput({ components: components.slice(0, 2) }, at('a@x'))).toBeUndefined();
  });

  it('pays for what leaves a datacentre, once for each that has no receiver', () => {
    const input = exampleSimulationInput();
    const datacentres = ['x', 'y'].map((id) => ({
      ...(input.datacentres[0] as SimulationInput['datacentres'][number]),
      id,
      egressPricePerGb: 0.5,
    }));
    const application = {
      ...input.application,
      components,
      links: [{ from: 'a', to: 'd', gbPerMonth: 10 }],
    };
    const traffic = (...names: string[]) =>
      predictTraffic({ application, datacentres }, at(...names));
    expect(traffic('a@x', 'd@x')).toEqual({ gbPerMonth: 0, monthlyCost: 0 });
    expect(traffic('a@x', 'a@y', 'd@x')).toEqual({ gbPerMonth: 10, monthlyCost: 5 });
    expect(traffic('a@x', 'a@y', 'd@z')).toEqual({ gbPerMonth: 20, monthlyCost: 10 });
    // Not deployed, because an exclusive one is.
    expect(traffic('a@x', 'a@y')).toEqual({ gbPerMonth: 0, monthlyCost: 0 });
  });

  it('counts only what has to be started where it is not, at its price and its risk', () => {
    const current: Current = {
      placement: at('a@x', 'b@x', 'b@x'),
      aim: 'cost',
      costPerStart: 60,
      failurePercent: 10,
      lossPerFailure: 600,
      overMonths: 12,
    };
    expect(shareOfStart(current)).toBe(10);
    expect(movesTo(current, at('b@x', 'b@y', 'a@x'))).toEqual({ starts: 1, monthlyShare: 10 });
    expect(movesTo(current, at('b@x'))).toEqual({ starts: 0, monthlyShare: 0 });
  });
});

describe('two answers', () => {
  const answer = (monthlyCost: number, ...datacentres: string[]): SimulationResult => ({
    engine: { name: 'e', version: String(monthlyCost) },
    inputsHash: 'a'.repeat(64),
    status: 'optimal',
    placements: [
      {
        rank: 1,
        placement: {
          assignments: datacentres.map((datacentre) => ({
            component: 'web',
            datacentre,
            offer: '-',
          })),
        },
        predicted: {
          availabilityPercent: 99,
          monthlyCost,
          currency: 'EUR',
          responseTimeP95Ms: 10,
          countries: [],
        },
      },
    ],
    rejectedDatacentres: [],
    contradictions: [],
  });

  it('differ by what appears and what it costs', () => {
    expect(compareResults(answer(10, 'x', 'y'), answer(15, 'y', 'z', 'z'))).toEqual({
      monthlyCost: 5,
      availabilityPercent: 0,
      responseTimeP95Ms: 0,
      appears: ['2 × web@z'],
      disappears: ['web@x'],
    });
    expect(
      compareResults(answer(10, 'x'), { ...answer(0), status: 'infeasible', placements: [] }),
    ).toMatchObject({ monthlyCost: null, disappears: ['web@x'] });
  });

  it('are alike but for the engine, or not, by field', () => {
    const hashOf = (value: unknown): string => JSON.stringify(value);
    expect(
      unlikeFields(
        answer(1, 'x'),
        { ...answer(1, 'x'), engine: { name: 'o', version: '9' } },
        hashOf,
      ),
    ).toEqual([]);
    expect(unlikeFields(answer(1, 'x'), answer(2, 'x'), hashOf)).toEqual(['placements']);
  });
});
