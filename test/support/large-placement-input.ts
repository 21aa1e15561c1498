import { applicationDefinitionSchema } from '../../domain/application/application-definition.ts';
import type { SimulationInput } from '../../domain/placement/simulation.ts';
import { createDice } from './random-restricted-input.ts';

export interface LargeInputOptions {
  readonly components: number;
  readonly datacentres: number;
  readonly offers: number;
  readonly isShared?: boolean;
  readonly minPercent?: number;
  readonly seed?: number;
}

/**
 * A placement of any size with availability, latency, legal location and restrictions: the same for the same
 * seed. Each has a placement as long as datacentres and offers are not very few.
 */
export function largePlacementInput({
  components,
  datacentres,
  offers,
  isShared = true,
  minPercent = 99.9,
  seed = 1,
}: LargeInputOptions): SimulationInput {
  const dice = createDice(seed);
  const sites = Array.from({ length: datacentres }, (_, index) => ({
    id: `d${index}`,
    country: ['ES', 'FR', 'PT', 'DE'][index % 4] ?? 'ES',
    availabilityPercent: 99 + dice(0, 90) / 100,
    userLatencyMs: dice(5, 40),
  }));
  const half = Math.floor(components / 2);
  return {
    application: applicationDefinitionSchema.parse({
      name: 'large',
      title: 'Large',
      department: 'tests',
      machines: isShared ? 'shared' : 'dedicated',
      components: Array.from({ length: components }, (_, index) => ({
        name: `c${index}`,
        needs: { cores: dice(1, 8), memoryMb: dice(1, 32) * 512, storageGb: dice(0, 20) * 10 },
        replicas: { min: dice(1, 2), max: 4 },
        entry: index === 0,
        calls: index + 1 < components && dice(0, 3) === 0 ? [`c${index + 1}`] : [],
        serviceTimeP95Ms: dice(1, 10),
      })),
      restrictions: isShared
        ? Array.from({ length: Math.floor(components / 3) }, () => ({
            kind: 'conflict',
            component: `c${dice(0, half - 1)}`,
            with: [`c${dice(half, components - 1)}`],
          }))
        : [],
      nfrs: {
        availability: { minPercent },
        monthlyCost: { max: 1_000_000, currency: 'EUR' },
        responseTime: { p95MaxMs: 400 },
        location: { countries: ['ES', 'FR', 'PT'] },
      },
    }),
    datacentres: sites,
    offers: Array.from({ length: offers }, (_, index) => {
      const cores = 2 ** dice(1, 6);
      const memoryMb = cores * 512 * 2 ** dice(1, 4);
      return {
        id: `o${index}`,
        datacentre: `d${index % datacentres}`,
        cores,
        memoryMb,
        storageGb: 100 * dice(1, 10),
        monthlyPrice: cores * dice(8, 14) + (memoryMb / 512) * dice(1, 3),
        currency: 'EUR',
        available: dice(1, 30),
      };
    }),
    latencies: sites.flatMap(({ id }, index) =>
      sites.slice(index + 1).map((other) => ({ from: id, to: other.id, ms: dice(2, 60) })),
    ),
    measurements: [],
  };
}
