import type { HashOf } from '../hash.ts';
import { countInstances } from './moving.ts';
import type { Placement, SimulationResult } from './simulation.ts';

/** How one answer differs from another. */
export interface ResultDifference {
  /** Of the best placements, by the month; null where one of them has none. */
  readonly monthlyCost: number | null;
  readonly availabilityPercent: number | null;
  readonly responseTimeP95Ms: number | null;
  /** Instances that the second has and the first has not, and the other way round, as component@datacentre. */
  readonly appears: readonly string[];
  readonly disappears: readonly string[];
}

export function compareResults(
  before: SimulationResult,
  after: SimulationResult,
): ResultDifference {
  const [a, b] = [before.placements[0], after.placements[0]];
  const more = (of: 'monthlyCost' | 'availabilityPercent' | 'responseTimeP95Ms'): number | null =>
    a === undefined || b === undefined ? null : b.predicted[of] - a.predicted[of];
  return {
    monthlyCost: more('monthlyCost'),
    availabilityPercent: more('availabilityPercent'),
    responseTimeP95Ms: more('responseTimeP95Ms'),
    appears: surplus(b?.placement, a?.placement),
    disappears: surplus(a?.placement, b?.placement),
  };
}

/** What of two answers to the same question is not the same, by the names of its fields; empty where all is. */
export function unlikeFields(
  one: SimulationResult,
  other: SimulationResult,
  hashOf: HashOf,
): string[] {
  const fields = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<
    keyof SimulationResult
  >;
  return [...fields]
    .filter((field) => field !== 'engine')
    .filter((field) => hashOf(one[field] ?? null) !== hashOf(other[field] ?? null))
    .sort();
}

function surplus(one: Placement | undefined, other: Placement | undefined): string[] {
  const has = countInstances(other?.assignments ?? []);
  return [...countInstances(one?.assignments ?? [])]
    .flatMap(([key, count]) => {
      const more = count - (has.get(key) ?? 0);
      return more > 0 ? [more === 1 ? key : `${more} × ${key}`] : [];
    })
    .sort();
}
