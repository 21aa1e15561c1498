import type { Assignment, Placement } from '../../domain/placement/simulation.ts';
import { moveExcess, type Rented } from './move-excess.ts';
import { patternKey, type Pattern } from './pattern-rules.ts';
import type { PlacementProblem } from './placement-problem.ts';
import type { MipAnswer } from './solver.ts';

export interface FoundPlacement {
  /** `optimal`: nothing that meets the clauses costs less. */
  readonly status: 'optimal' | 'feasible';
  readonly placement: Placement;
  /** By pair: how many instances. */
  readonly counts: readonly number[];
  /** In money, as is `bound`: nothing that meets the clauses costs less than that. */
  readonly cost: number;
  readonly bound: number;
}

export type Cheapest =
  | FoundPlacement
  | { readonly status: 'infeasible' }
  | { readonly status: 'unknown'; readonly bound: number };

/** A solver's answer with the patterns that its last variables stand for. */
export interface Solution {
  readonly answer: MipAnswer;
  readonly patterns: readonly Pattern[];
  /** Of the variables before them. */
  readonly fixedCosts: readonly number[];
}

/** The instances and machines of a solution, as values of the variables of another program. */
export function startValues(
  { pairs }: PlacementProblem,
  solution: Solution,
  patterns: readonly Pattern[],
  fixed: number,
): Map<number, number> | undefined {
  const { answer } = solution;
  if (!('values' in answer)) return undefined;
  const rented = new Map(
    rentedIn(solution).map(([pattern, count]) => [patternKey(pattern), count] as const),
  );
  return new Map([
    ...pairs.map((_, pair) => [pair, Math.round(answer.values[pair] ?? 0)] as const),
    ...patterns.map(
      (pattern, index) => [fixed + index, rented.get(patternKey(pattern)) ?? 0] as const,
    ),
  ]);
}

export function cheaperOf<T extends Solution | undefined>(
  one: T,
  other: Solution | undefined,
): T | Solution {
  const cost = (solution: Solution | undefined): number =>
    solution !== undefined && 'values' in solution.answer
      ? solution.answer.objective
      : Number.POSITIVE_INFINITY;
  return other !== undefined && cost(other) < cost(one) ? other : one;
}

export function rentedIn({ answer, patterns, fixedCosts }: Solution): Rented {
  if (!('values' in answer)) return [];
  return patterns.flatMap((pattern, index) => {
    const count = Math.round(answer.values[fixedCosts.length + index] ?? 0);
    return count > 0 ? [[pattern, count] as const] : [];
  });
}

/** The solution on machines that there are, proven to be nothing. */
export function withinStock(problem: PlacementProblem, solution: Solution): Solution | undefined {
  const rented = moveExcess(problem, rentedIn(solution));
  const { answer, fixedCosts } = solution;
  if (rented === undefined || !('values' in answer)) return undefined;
  const machineCost = rented.reduce(
    (sum, [{ machine }, count]) => sum + count * (problem.machines[machine]?.price ?? 0),
    0,
  );
  const others = answer.values.slice(0, fixedCosts.length);
  const objective = others.reduce(
    (sum, value, variable) => sum + value * (fixedCosts[variable] ?? 0),
    machineCost / problem.unit,
  );
  return {
    answer: {
      ...answer,
      status: 'feasible',
      values: [...others, ...rented.map(([, count]) => count)],
      objective,
    },
    patterns: rented.map(([pattern]) => pattern),
    fixedCosts,
  };
}

/** The solution with what is known of all placements in place of what is of its own patterns. */
export function withBound({ answer, ...solution }: Solution, bound: number): Solution {
  if (answer.status === 'infeasible') return { answer, ...solution };
  if (answer.status === 'unknown') return { answer: { ...answer, bound }, ...solution };
  const status = answer.objective <= bound + 1e-6 ? 'optimal' : 'feasible';
  return {
    answer: { ...answer, status, bound: Math.min(bound, answer.objective) },
    ...solution,
  };
}

export function toCheapest(
  problem: PlacementProblem,
  { answer, patterns, fixedCosts }: Solution,
): Cheapest {
  if (answer.status === 'infeasible') return answer;
  const { unit } = problem;
  if (answer.status === 'unknown') return { status: 'unknown', bound: answer.bound * unit };
  const { status, values, objective, bound } = answer;
  return {
    status,
    placement: { assignments: assign(problem, values.slice(fixedCosts.length), patterns) },
    counts: problem.pairs.map((_, index) => Math.round(values[index] ?? 0)),
    cost: objective * unit,
    bound: bound * unit,
  };
}

/** One assignment for each instance; machines are numbered within their datacentre where they are shared. */
function assign(
  { components, sites, machines, rules }: PlacementProblem,
  rented: readonly number[],
  patterns: readonly Pattern[],
): Assignment[] {
  const numbered = sites.map(() => 0);
  const placed = patterns.flatMap((pattern, index) => {
    const machine = machines[pattern.machine];
    if (machine === undefined) return [];
    const { site, offer } = machine;
    return Array.from({ length: Math.round(rented[index] ?? 0) }).flatMap(() => {
      const number = (numbered[site] = (numbered[site] ?? 0) + 1);
      return pattern.components.map((component) => ({ component, site, offer, number }));
    });
  });
  return placed
    .sort((a, b) => a.component - b.component || a.site - b.site || a.number - b.number)
    .map(({ component, site, offer, number }) => ({
      component: components[component] ?? '',
      datacentre: sites[site] ?? '',
      offer,
      ...(rules.shared ? { machine: `m${number}` } : {}),
    }));
}
