import { applicationDefinitionSchema } from '../../domain/application/application-definition.ts';
import type { Restriction } from '../../domain/application/restrictions.ts';
import type { SimulationInput } from '../../domain/placement/simulation.ts';

export const restrictionKinds = [
  'conflict',
  'co-location',
  'exclusive',
  'instances',
  'require-provide',
  'one-to-one',
  'one-to-many',
  'full-deployment',
  'spread',
] as const;
export type RestrictionKind = (typeof restrictionKinds)[number];

/** Whole numbers from `least` to `most`, the same for the same seed (mulberry32). */
export type Dice = (least: number, most: number) => number;

export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  return (least, most) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const share = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    return least + Math.floor(share * (most - least + 1));
  };
}

/**
 * An input small enough to try everything, with restrictions of these kinds; undefined when the dice made
 * restrictions that the definition itself refuses.
 */
export function randomRestrictedInput(
  dice: Dice,
  kinds: readonly RestrictionKind[],
  { isShared = true } = {},
): SimulationInput | undefined {
  const siteCount = dice(1, 2);
  const names = ['a', 'b', 'c', 'd'].slice(0, dice(2, siteCount === 1 ? 4 : 3));
  const sites = ['x', 'y'].slice(0, siteCount);
  const hasRequirements = dice(0, 2) === 0;
  const parsed = applicationDefinitionSchema.safeParse({
    name: 'random',
    title: 'Random',
    department: 'tests',
    machines: isShared ? 'shared' : 'dedicated',
    components: names.map((name, index) => ({
      name,
      needs: { cores: dice(1, 4), memoryMb: dice(1, 4), storageGb: dice(0, 2) },
      replicas: { min: dice(1, 4) === 1 ? 2 : 1, max: names.length > 3 ? 2 : dice(2, 3) },
      entry: index === 0,
      calls: hasRequirements && index + 1 < names.length ? [names[index + 1]] : [],
      serviceTimeP95Ms: dice(1, 10),
    })),
    restrictions: kinds.map((kind) => randomRestriction(kind, names, dice)),
    nfrs: {
      availability: { minPercent: hasRequirements ? [0, 90, 98, 99.9][dice(0, 3)] : 0 },
      monthlyCost: { max: dice(40, 200), currency: 'EUR' },
      responseTime: { p95MaxMs: hasRequirements ? dice(10, 60) : 1000 },
      location: { countries: ['ES'] },
    },
  });
  if (!parsed.success) return undefined;
  return {
    application: parsed.data,
    datacentres: sites.map((id) => ({
      id,
      country: 'ES',
      availabilityPercent: dice(90, 100),
      userLatencyMs: dice(0, 10),
    })),
    offers: sites.flatMap((datacentre) =>
      Array.from({ length: dice(1, 3) }, (_, index) => ({
        id: `${datacentre}${index}`,
        datacentre,
        cores: dice(2, 8),
        memoryMb: dice(2, 8),
        storageGb: dice(0, 5),
        monthlyPrice: dice(1, 30) / dice(1, 2),
        currency: 'EUR',
        available: dice(0, 5),
      })),
    ),
    latencies:
      dice(0, 5) === 0 ? [] : [{ from: 'x', to: 'y', ms: dice(1, 30) }].slice(0, siteCount - 1),
    measurements:
      dice(0, 3) === 0
        ? [
            {
              component: names[dice(0, names.length - 1)] ?? '',
              datacentre: sites[dice(0, sites.length - 1)] ?? '',
              availabilityPercent: [0, 50, 95][dice(0, 2)] ?? 0,
              samples: 10,
              measuredAt: '2026-11-24T12:00:00.000Z',
            },
          ]
        : [],
  };
}

function randomRestriction(
  kind: RestrictionKind,
  names: readonly string[],
  dice: Dice,
): Restriction {
  const shuffled = [...names];
  for (let index = shuffled.length - 1; index > 0; index -= 1) {
    const other = dice(0, index);
    [shuffled[index], shuffled[other]] = [shuffled[other] ?? '', shuffled[index] ?? ''];
  }
  const [one = '', two = ''] = shuffled;
  const some = (least: number): string[] => shuffled.slice(0, dice(least, shuffled.length));
  switch (kind) {
    case 'conflict':
      return { kind, component: one, with: some(2).slice(1) };
    case 'co-location':
      return { kind, components: some(2).slice(0, 3) };
    case 'exclusive':
      return { kind, components: some(2) };
    case 'instances': {
      const components = some(1);
      const bound = dice(1, components.length * 2);
      return [
        { kind, components, atLeast: bound },
        { kind, components, atMost: bound + 1 },
        { kind, components, exactly: bound },
      ][dice(0, 2)] as Restriction;
    }
    case 'require-provide':
      return { kind, component: one, requires: dice(1, 3), provider: two, provides: dice(1, 3) };
    case 'one-to-one':
      return { kind, components: some(2) };
    case 'one-to-many':
      return { kind, one, many: two, number: dice(1, 3) };
    case 'full-deployment':
      return { kind, component: one, except: dice(0, 1) === 0 ? [] : [two] };
    case 'spread':
      return {
        kind,
        components: some(1),
        minDatacentres: 2,
        ...(dice(0, 1) === 0 ? {} : { maxPerDatacentre: dice(1, 2) }),
      };
  }
}
