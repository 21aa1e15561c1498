import {
  availabilityPercent,
  measured,
  type PredictedResponse,
} from '../../domain/placement/predict-nfrs.ts';
import type { PlacementProblem } from './placement-problem.ts';
import type { Clause, Literal } from './program-rows.ts';

/**
 * Availability only grows with more instances: nothing within a set that is not available enough is either.
 * The set is first made as large as it can be, so that the clause shuts out as much as it can. Components
 * that are not deployed, because an exclusive one is, would change what is asked for: each of them meets it.
 *
 * @returns undefined when the placement is available enough.
 */
export function availabilityClause(
  problem: PlacementProblem,
  counts: readonly number[],
  minPercent: number,
): Clause | undefined {
  const { input, pairs, components, sites, isOptional } = problem;
  /** Further instances in a datacentre help only where one of them fails by itself at times. */
  const isSure = pairs.map(
    ({ component, site }) =>
      (measured(input, components[component] ?? '', sites[site] ?? '')?.availabilityPercent ??
        100) === 100,
  );
  const tooLow = (some: readonly number[]): boolean =>
    availabilityPercent(input, {
      assignments: pairs.flatMap(({ component, site }, index) => {
        const count = some[index] ?? 0;
        return Array.from({ length: isSure[index] === true ? Math.min(1, count) : count }, () => ({
          component: components[component] ?? '',
          datacentre: sites[site] ?? '',
          offer: '-',
        }));
      }),
    }) < minPercent;
  if (!tooLow(counts)) return undefined;

  const deployed = new Set(
    pairs.flatMap(({ component }, index) => ((counts[index] ?? 0) > 0 ? [component] : [])),
  );
  let set = [...counts];
  const clause: Literal[] = [];
  pairs.forEach(({ component, most }, pair) => {
    const count = set[pair] ?? 0;
    if (isOptional[component] === true && !deployed.has(component)) {
      clause.push({ pair, atLeast: 1 });
      return;
    }
    if (count === most || (isSure[pair] === true && count > 0)) return;
    const larger = set.with(pair, most);
    if (tooLow(larger)) set = larger;
    else clause.push({ pair, atLeast: count + 1 });
  });
  return clause;
}

/**
 * These replicas together are too slow, whatever else there is; and where a call finds no replica, there
 * must be one within its reach, unless an exclusive component is deployed in its place.
 */
export function responseClause(
  problem: PlacementProblem,
  counts: readonly number[],
  { steps, unanswered }: PredictedResponse,
): Clause {
  const indexOf = (component: string, datacentre: string): number[] => {
    const pair = problem.pairAt(
      problem.components.indexOf(component),
      problem.sites.indexOf(datacentre),
    );
    return pair === undefined ? [] : [pair];
  };
  const present = new Set(steps.flatMap((step) => indexOf(step.component, step.datacentre)));
  const mending =
    unanswered?.withinReach.flatMap((datacentre) => indexOf(unanswered.component, datacentre)) ??
    [];
  // An exclusive one out of reach may also make way for another: then it is not where it is now.
  const called = problem.components.indexOf(unanswered?.component ?? '');
  const inTheWay = problem.pairs.findIndex(
    ({ component }, pair) => component === called && (counts[pair] ?? 0) > 0,
  );
  if (problem.isOptional[called] === true && inTheWay >= 0) present.add(inTheWay);
  return [
    ...[...present].map((pair) => ({ pair, atMost: 0 })),
    ...mending.map((pair) => ({ pair, atLeast: 1 })),
  ];
}

/** Any placement with other numbers of instances. */
export function exclusionClause({ pairs }: PlacementProblem, counts: readonly number[]): Clause {
  return pairs.flatMap(({ most }, pair): Literal[] => {
    const count = counts[pair] ?? 0;
    return [
      ...(count > 0 ? [{ pair, atMost: count - 1 }] : []),
      ...(count < most ? [{ pair, atLeast: count + 1 }] : []),
    ];
  });
}
