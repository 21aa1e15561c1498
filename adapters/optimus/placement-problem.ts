import { measured } from '../../domain/placement/predict-nfrs.ts';
import type {
  Assignment,
  Offer,
  Placement,
  SimulationInput,
} from '../../domain/placement/simulation.ts';

export type Requirement = 'availability' | 'responseTime' | 'monthlyCost' | 'location';

/** A replica of a component in a datacentre, whichever offer it is on. */
export interface Pair {
  readonly component: string;
  readonly datacentre: string;
}

export const pairKey = ({ component, datacentre }: Pair): string => `${component}@${datacentre}`;

/** Of these pairs with coefficients 1 and -1, the weighted count must reach `atLeast`. */
export interface Cut {
  readonly plus: readonly string[];
  readonly minus: readonly string[];
  readonly atLeast: number;
}

/** What HiGHS solves: one binary variable for each component on each offer that can hold it. */
export interface PlacementProblem {
  readonly options: readonly Assignment[];
  readonly pairs: ReadonlyMap<string, Pair>;
  toLp(cuts: readonly Cut[]): string;
  toPlacement(values: readonly number[]): Placement;
}

/** Whether an offer holds one replica of a component. */
export function fits(
  needs: { cores: number; memoryMb: number; storageGb: number },
  offer: Offer,
): boolean {
  return (
    offer.cores >= needs.cores &&
    offer.memoryMb >= needs.memoryMb &&
    offer.storageGb >= needs.storageGb
  );
}

/**
 * The linear part of the placement problem; what is not linear comes as cuts. Requirements in `without` are
 * left out, to find out which of them contradict each other.
 */
export function createPlacementProblem(
  input: SimulationInput,
  without: ReadonlySet<Requirement> = new Set(),
): PlacementProblem {
  const { components, nfrs } = input.application;
  const countryOf = new Map(input.datacentres.map(({ id, country }) => [id, country]));
  const options: Assignment[] = components.flatMap((component) =>
    input.offers
      .filter(
        (offer) =>
          offer.available > 0 &&
          fits(component.needs, offer) &&
          (without.has('location') ||
            nfrs.location.countries.includes(countryOf.get(offer.datacentre) ?? '')) &&
          // A replica that never answers would only fill up the least number of replicas.
          measured(input, component.name, offer.datacentre)?.availabilityPercent !== 0,
      )
      .map((offer) => ({
        component: component.name,
        datacentre: offer.datacentre,
        offer: offer.id,
      })),
  );
  const price = new Map(input.offers.map(({ id, monthlyPrice }) => [id, monthlyPrice]));
  const variablesOf = new Map<string, number[]>();
  const pairs = new Map<string, Pair>();
  options.forEach(({ component, datacentre }, index) => {
    const key = pairKey({ component, datacentre });
    pairs.set(key, { component, datacentre });
    variablesOf.set(key, [...(variablesOf.get(key) ?? []), index]);
  });

  const sum = (indices: readonly number[], sign = '+'): string =>
    indices.map((index) => ` ${sign} x${index}`).join('');
  const indicesWhere = (matches: (option: Assignment) => boolean): number[] =>
    options.flatMap((option, index) => (matches(option) ? [index] : []));

  const structure: string[] = [];
  for (const { name, replicas } of components) {
    const own = indicesWhere(({ component }) => component === name);
    structure.push(`${sum(own) || ' 0 x0'} >= ${replicas.min}`);
    if (own.length > 0) structure.push(`${sum(own)} <= ${replicas.max}`);
  }
  for (const indices of variablesOf.values()) {
    if (indices.length > 1) structure.push(`${sum(indices)} <= 1`);
  }
  for (const { id, available } of input.offers) {
    const onIt = indicesWhere(({ offer }) => offer === id);
    if (onIt.length > available) structure.push(`${sum(onIt)} <= ${available}`);
  }
  const cost = options.map(({ offer }, index) => ` + ${price.get(offer) ?? 0} x${index}`).join('');
  if (!without.has('monthlyCost') && options.length > 0) {
    structure.push(`${cost} <= ${nfrs.monthlyCost.max}`);
  }

  return {
    options,
    pairs,
    toLp(cuts) {
      const rows = [
        ...structure,
        ...cuts.map(({ plus, minus, atLeast }) => {
          const left =
            plus.map((key) => sum(variablesOf.get(key) ?? [])).join('') +
            minus.map((key) => sum(variablesOf.get(key) ?? [], '-')).join('');
          return `${left || ' 0 x0'} >= ${atLeast}`;
        }),
      ];
      const names = options.map((_, index) => `x${index}`);
      return [
        'Minimize',
        ` obj:${cost || ' 0 x0'}`,
        'Subject To',
        ...rows.map((row, index) => ` r${index}:${row}`),
        'Binaries',
        ` ${(names.length > 0 ? names : ['x0']).join(' ')}`,
        'End',
      ].join('\n');
    },
    toPlacement: (values) => ({
      assignments: options.filter((_, index) => (values[index] ?? 0) > 0.5),
    }),
  };
}
