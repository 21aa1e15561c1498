import { afterAll, describe, expect, it } from 'vitest';
import { isDomainError } from '../../domain/errors.ts';
import { predictNfrs } from '../../domain/placement/predict-nfrs.ts';
import type { SimulationInput } from '../../domain/placement/simulation.ts';
import { largePlacementInput } from '../../test/support/large-placement-input.ts';
import { createEmbeddedOptimus } from './embedded-optimus.ts';

describe('the embedded simulator, asked for what cannot be', () => {
  const optimus = createEmbeddedOptimus();
  afterAll(() => optimus.close());

  const small = largePlacementInput({ components: 3, datacentres: 3, offers: 12, minPercent: 90 });
  const restricted = (
    restrictions: SimulationInput['application']['restrictions'],
  ): SimulationInput => ({ ...small, application: { ...small.application, restrictions } });
  const withOffer = (change: object): SimulationInput => ({
    ...small,
    offers: small.offers.map((offer, index) => (index === 2 ? { ...offer, ...change } : offer)),
  });

  it.each([
    ['a price of zero', { monthlyPrice: 0 }, 'offers.2.monthlyPrice', /"o2" is 0/],
    ['a negative price', { monthlyPrice: -5 }, 'offers.2.monthlyPrice', />=0|small/i],
    ['another currency', { currency: 'USD' }, 'offers.2.currency', /is USD.*in EUR/],
  ] as const)('names the offer with %s', async (_what, change, field, words) => {
    const refused: unknown = await optimus
      .simulate(withOffer(change))
      .catch((error: unknown) => error);
    if (!isDomainError(refused)) throw new Error('it was not refused', { cause: refused });
    expect(refused.kind).toBe('invalid');
    expect(refused.complaints.find((one) => one.field === field)?.message).toMatch(words);
  });

  it('names restrictions that contradict each other before anything is solved', async () => {
    const refused: unknown = await optimus
      .simulate(
        restricted([
          { kind: 'instances', components: ['c0'], atLeast: 3 },
          { kind: 'instances', components: ['c0'], atMost: 2 },
        ]),
      )
      .catch((error: unknown) => error);
    if (!isDomainError(refused)) throw new Error('it was not refused', { cause: refused });
    expect(refused.complaints).toMatchObject([{ field: 'application.restrictions.1' }]);
  });

  it('names the component that fits no offer, and what it needs', async () => {
    const { application } = small;
    const components = application.components.map((component) =>
      component.name === 'c1'
        ? { ...component, needs: { ...component.needs, cores: 500 } }
        : component,
    );
    const { status, contradictions } = await optimus.simulate({
      ...small,
      application: { ...application, components },
    });
    expect(status).toBe('infeasible');
    expect(contradictions.join(' ')).toMatch(
      /^c1 needs \d free machines? of 500 cores.*there are 0\.$/,
    );
  });

  it('names only the restrictions that contradict each other on the machines offered', async () => {
    const { status, contradictions } = await optimus.simulate(
      restricted([
        { kind: 'one-to-one', components: ['c0', 'c1'] },
        { kind: 'spread', components: ['c2'], minDatacentres: 4 },
        { kind: 'instances', components: ['c1'], atLeast: 2 },
      ]),
    );
    expect(status).toBe('infeasible');
    expect(contradictions.join(' ')).toMatch(/The restrictions? "c2 in at least 4 datacentres"/);
    expect(contradictions.join(' ')).not.toMatch(/c0|c1/);
  });

  it('chooses from ten thousand offers', async () => {
    const input = largePlacementInput({ components: 6, datacentres: 4, offers: 10_000 });
    const { status, placements, proof } = await optimus.simulate(input, { placements: 1 });
    expect(['optimal', 'feasible']).toContain(status);
    const [best] = placements;
    expect(best?.predicted).toEqual(predictNfrs(input, best?.placement ?? { assignments: [] }));
    expect(proof?.lowerBound).toBeLessThanOrEqual(best?.predicted.monthlyCost ?? 0);
  });

  it('answers with the best found and its gap, or says that it found none, when its time is short', async () => {
    const input = largePlacementInput({ components: 40, datacentres: 6, offers: 200 });
    const answered = await optimus
      .simulate(input, { timeLimitMs: 3_000, placements: 1 })
      .catch((error: unknown) => error);
    if (isDomainError(answered)) {
      expect(answered.code).toBe('optimus-time-limit');
      return;
    }
    const { status, placements, proof } = answered as Awaited<ReturnType<typeof optimus.simulate>>;
    expect(['optimal', 'feasible']).toContain(status);
    const cost = placements[0]?.predicted.monthlyCost ?? Number.NaN;
    expect(proof?.gapPercent).toBeCloseTo((100 * (cost - (proof?.lowerBound ?? 0))) / cost, 6);
  });

  it('gives the points of a front that it found when its time is short, and says that there are more', async () => {
    const input = largePlacementInput({ components: 24, datacentres: 6, offers: 120 });
    const request = { x: 'monthlyCost', y: 'availability', points: 100 } as const;
    const { points, isComplete } = await optimus.findFront(input, request, { timeLimitMs: 4_000 });
    expect(isComplete).toBe(false);
    points.slice(1).forEach(({ predicted }, index) => {
      const before = points[index]?.predicted;
      expect(predicted.availabilityPercent).toBeGreaterThan(before?.availabilityPercent ?? 100);
    });
  });
});
