import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Optimus } from '../../domain/placement/ports.ts';
import { predictNfrs } from '../../domain/placement/predict-nfrs.ts';
import type { SimulationInput, SimulationResult } from '../../domain/placement/simulation.ts';
import { exampleSimulationInput, measuredNow } from '../support/example-simulation-input.ts';

/** What every simulator keeps to, embedded or behind HTTP. */
export function describeOptimusContract(
  name: string,
  create: () => Promise<{ optimus: Optimus; close: () => Promise<void> }>,
): void {
  describe(`${name} as Optimus`, () => {
    let optimus: Optimus;
    let close: () => Promise<void>;

    beforeAll(async () => {
      ({ optimus, close } = await create());
    });
    afterAll(async () => {
      await close();
    });

    const sitesOf = ({ placements }: SimulationResult, component: string): string[] =>
      (placements[0]?.placement.assignments ?? [])
        .filter((assignment) => assignment.component === component)
        .map(({ datacentre }) => datacentre)
        .sort();
    const withNfrs = (change: Partial<SimulationInput['application']['nfrs']>): SimulationInput => {
      const input = exampleSimulationInput();
      const { application } = input;
      return {
        ...input,
        application: { ...application, nfrs: { ...application.nfrs, ...change } },
      };
    };

    it('gives at most five distinct placements by rising cost, each meeting every requirement as predicted', async () => {
      const input = exampleSimulationInput();
      const { status, placements } = await optimus.simulate(input);
      expect(status).toBe('optimal');
      expect(placements).toHaveLength(5);
      const { nfrs } = input.application;
      const seen = new Set<string>();
      let cheapest = 0;
      for (const { placement, predicted } of placements) {
        expect(predicted).toEqual(predictNfrs(input, placement));
        expect(predicted.availabilityPercent).toBeGreaterThanOrEqual(nfrs.availability.minPercent);
        expect(predicted.responseTimeP95Ms).toBeLessThanOrEqual(nfrs.responseTime.p95MaxMs);
        expect(predicted.monthlyCost).toBeLessThanOrEqual(nfrs.monthlyCost.max);
        expect(predicted.monthlyCost).toBeGreaterThanOrEqual(cheapest);
        cheapest = predicted.monthlyCost;
        seen.add(
          placement.assignments
            .map(({ component, datacentre }) => `${component}@${datacentre}`)
            .sort()
            .join(' '),
        );
      }
      expect(seen.size).toBe(5);
    });

    it('answers the same for the same input, and names it by its hash', async () => {
      const [first, second, other] = await Promise.all([
        optimus.simulate(exampleSimulationInput()),
        optimus.simulate(exampleSimulationInput()),
        optimus.simulate(withNfrs({ responseTime: { p95MaxMs: 249 } })),
      ]);
      expect(second).toEqual(first);
      expect(other.inputsHash).not.toBe(first.inputsHash);
    });

    it('moves a component away from the datacentre where it was measured as too slow', async () => {
      const before = await optimus.simulate(exampleSimulationInput());
      expect(sitesOf(before, 'api')).toContain('par');
      const after = await optimus.simulate(
        exampleSimulationInput([
          measuredNow({ component: 'api', datacentre: 'par', serviceTimeP95Ms: 402 }),
        ]),
      );
      expect(after.status).toBe('optimal');
      expect(sitesOf(after, 'api')).not.toContain('par');
    });

    it('says which component fails where when no placement is left', async () => {
      const { status, placements, contradictions } = await optimus.simulate(
        exampleSimulationInput(
          ['mad', 'bcn'].map((datacentre) =>
            measuredNow({ component: 'api', datacentre, availabilityPercent: 0, samples: 1 }),
          ),
        ),
      );
      expect(status).toBe('infeasible');
      expect(placements).toEqual([]);
      expect(contradictions.join(' ')).toMatch(/api needs 2 .*failed in mad, bcn/);
    });

    it.each([
      [
        'cost',
        { monthlyCost: { max: 90, currency: 'EUR' } },
        /cost of at most 90\.00 EUR.*costs 99\.50/,
      ],
      [
        'availability',
        { availability: { minPercent: 99.99999 } },
        /availability of at least 99\.99999 %.*reaches at most 99\.\d+ %/,
      ],
      [
        'response time',
        { responseTime: { p95MaxMs: 20 } },
        /response time.*at most 20 ms.*answers in \d+ ms/,
      ],
      ['location', { location: { countries: ['PT'] } }, /location PT.*could be met with/],
    ] as const)(
      'names the %s that contradicts the rest, with figures',
      async (_name, nfrs, sentence) => {
        const { status, contradictions } = await optimus.simulate(
          withNfrs(nfrs as unknown as Partial<SimulationInput['application']['nfrs']>),
        );
        expect(status).toBe('infeasible');
        expect(contradictions.join(' ')).toMatch(sentence);
      },
    );

    it('says why it does without a datacentre: its country, or what it would cost', async () => {
      const abroad = await optimus.simulate(withNfrs({ location: { countries: ['ES'] } }));
      expect(abroad.rejectedDatacentres).toEqual([
        { datacentre: 'par', reasons: ['it is in FR; allowed are ES'] },
      ]);
      const input = exampleSimulationInput();
      const dear = await optimus.simulate({
        ...input,
        offers: input.offers.map((offer) =>
          offer.datacentre === 'par' ? { ...offer, monthlyPrice: offer.monthlyPrice + 20 } : offer,
        ),
      });
      expect(dear.rejectedDatacentres[0]?.reasons.join(' ')).toMatch(
        /costs \d+\.\d\d EUR a month more/,
      );
    });

    it('rents no more machines of an offer than there are', async () => {
      const input = exampleSimulationInput();
      const { placements } = await optimus.simulate({
        ...input,
        offers: input.offers.map((offer) =>
          offer.id === 'par-small' ? { ...offer, available: 0 } : offer,
        ),
      });
      expect(placements.length).toBeGreaterThan(0);
      for (const { placement } of placements) {
        expect(placement.assignments.map(({ offer }) => offer)).not.toContain('par-small');
      }
    });

    it('refuses an input that contradicts itself, naming the field', async () => {
      const input = exampleSimulationInput();
      const [first, ...rest] = input.offers;
      await expect(
        optimus.simulate({ ...input, offers: [{ ...first!, currency: 'USD' }, ...rest] }),
      ).rejects.toMatchObject({
        kind: 'invalid',
        complaints: [{ field: 'offers.0.currency' }],
      });
    });

    it('can be stopped, and answers the next question', async () => {
      const controller = new AbortController();
      const stopped = optimus.simulate(exampleSimulationInput(), { signal: controller.signal });
      controller.abort();
      await expect(stopped).rejects.toThrow();
      expect((await optimus.simulate(exampleSimulationInput())).status).toBe('optimal');
    });
  });
}
