import { describe, expect, it } from 'vitest';
import { exampleSimulationInput } from '../../test/support/example-simulation-input.ts';
import { createDice } from '../../test/support/random-restricted-input.ts';
import { playFailures } from './play-failures.ts';
import { availabilityPercent } from './predict-nfrs.ts';
import type { SimulationInput } from './simulation.ts';

/** A placement by chance, with failure domains and measured figures by chance. */
function randomCase(seed: number) {
  const dice = createDice(seed);
  const plain = exampleSimulationInput();
  const sites = plain.datacentres.map(({ id }) => id);
  const input: SimulationInput = {
    ...plain,
    datacentres: plain.datacentres.map((one) => ({
      ...one,
      availabilityPercent: dice(700, 999) / 10,
    })),
    failureDomains: Array.from({ length: dice(0, 2) }, (_, index) => ({
      id: `grid-${index}`,
      datacentres: sites.filter(() => dice(0, 1) === 1).concat(sites[0] ?? ''),
      availabilityPercent: dice(80, 99),
    })),
    measurements: plain.application.components.slice(0, 1).map(({ name }) => ({
      component: name,
      datacentre: sites[0] ?? '',
      availabilityPercent: dice(50, 100),
      samples: 10,
      measuredAt: '2026-11-24T12:00:00.000Z',
    })),
  };
  const assignments = plain.application.components.flatMap(({ name }) => {
    const some = sites.filter(() => dice(0, 1) === 1);
    return (some.length === 0 ? sites.slice(0, 1) : some).map((datacentre) => ({
      component: name,
      datacentre,
      offer: '-',
    }));
  });
  return { input, placement: { assignments } };
}

describe('the availability by playing failures', () => {
  it('has the exact one in its interval about as often as it says, common failures included', () => {
    const cases = Array.from({ length: 400 }, (_, seed) => randomCase(seed + 1));
    const within = cases.filter(({ input, placement }, seed) => {
      const exact = availabilityPercent(input, placement);
      const { lowPercent, highPercent } = playFailures(input, placement, { trials: 2_000, seed });
      return lowPercent <= exact && exact <= highPercent;
    });
    // 99 % of them by what the interval promises, give or take.
    expect(within.length).toBeGreaterThanOrEqual(390);
    expect(cases.some(({ input }) => (input.failureDomains ?? []).length > 0)).toBe(true);
  });

  it('is the same for the same seed, and finds what never fails and what always does', () => {
    const { input, placement } = randomCase(7);
    const once = playFailures(input, placement, { trials: 500, seed: 3 });
    expect(playFailures(input, placement, { trials: 500, seed: 3 })).toEqual(once);
    const always = (availability: number): SimulationInput => ({
      ...input,
      failureDomains: [],
      measurements: [],
      datacentres: input.datacentres.map((one) => ({ ...one, availabilityPercent: availability })),
    });
    const never = playFailures(always(100), placement, { trials: 100, seed: 1 });
    expect(never.availabilityPercent).toBe(100);
    expect(never.highPercent).toBeCloseTo(100, 9);
    expect(never.lowPercent).toBeLessThan(100);
    expect(playFailures(always(0), placement, { trials: 100, seed: 1 }).availabilityPercent).toBe(
      0,
    );
  });
});
