import {
  availabilityPercent,
  createResponseModel,
  predictNfrs,
  type PredictedResponse,
} from '../../domain/placement/predict-nfrs.ts';
import type {
  Placement,
  RankedPlacement,
  SimulationInput,
} from '../../domain/placement/simulation.ts';
import {
  createPlacementProblem,
  pairKey,
  type Cut,
  type PlacementProblem,
  type Requirement,
} from './placement-problem.ts';

/** Solves a model in LP format to proven optimality; undefined when it is infeasible. */
export type SolveLp = (lp: string, variables: number) => readonly number[] | undefined;

/** Figures closer than this are the same: sums of prices and products of shares are not exact. */
const tolerance = 1e-9;

export interface PlacementSearch {
  /** The cheapest placement that meets the requirements and is none of those found before. */
  next(): Placement | undefined;
}

/**
 * Proven optima, one after the other. HiGHS finds the cheapest placement by the linear requirements; if it
 * breaks availability or response time by the exact prediction, a cut shuts out what breaks it, and only
 * that, and the search goes on. Every cut is valid for all placements that meet the requirements, and there
 * are finitely many placements: what comes out is the optimum.
 */
export function searchPlacements(
  input: SimulationInput,
  solve: SolveLp,
  options: { readonly without?: ReadonlySet<Requirement>; readonly using?: string } = {},
): PlacementSearch {
  const without = options.without ?? new Set<Requirement>();
  const problem = createPlacementProblem(input, without);
  const responses = createResponseModel(input);
  const { nfrs } = input.application;
  const cuts: Cut[] = [];
  if (options.using !== undefined) {
    const plus = keysWhere(problem, ({ datacentre }) => datacentre === options.using);
    cuts.push({ plus, minus: [], atLeast: 1 });
  }

  const broken = (placement: Placement): Cut | undefined => {
    if (!without.has('availability')) {
      const cut = availabilityCut(input, problem, placement, nfrs.availability.minPercent);
      if (cut !== undefined) return cut;
    }
    if (without.has('responseTime')) return undefined;
    const worst = responses.worstResponse(placement);
    return worst.p95Ms > nfrs.responseTime.p95MaxMs + tolerance
      ? responseCut(problem, worst)
      : undefined;
  };

  return {
    next() {
      for (;;) {
        const values = solve(problem.toLp(cuts), problem.options.length);
        if (values === undefined) return undefined;
        const placement = problem.toPlacement(values);
        const cut = broken(placement);
        if (cut !== undefined) {
          cuts.push(cut);
          continue;
        }
        cuts.push(exclusion(problem, placement));
        return placement;
      }
    },
  };
}

/** The best placements by rising cost, at most `count`, each of other (component, datacentre) pairs. */
export function bestPlacements(
  input: SimulationInput,
  solve: SolveLp,
  count: number,
): RankedPlacement[] {
  const search = searchPlacements(input, solve);
  const ranked: RankedPlacement[] = [];
  while (ranked.length < count) {
    const placement = search.next();
    if (placement === undefined) break;
    ranked.push({
      rank: ranked.length + 1,
      placement,
      predicted: predictNfrs(input, placement),
    });
  }
  return ranked;
}

function keysWhere(
  { pairs }: PlacementProblem,
  matches: (pair: { component: string; datacentre: string }) => boolean,
): string[] {
  return [...pairs].filter(([, pair]) => matches(pair)).map(([key]) => key);
}

/**
 * Availability only grows with more replicas: no subset of a set that is not available enough is either.
 * The set is first made as large as it can be, so that the cut shuts out as much as it can.
 */
function availabilityCut(
  input: SimulationInput,
  problem: PlacementProblem,
  { assignments }: Placement,
  minPercent: number,
): Cut | undefined {
  const tooLow = (pairs: readonly { component: string; datacentre: string }[]): boolean =>
    availabilityPercent(input, {
      assignments: pairs.map((pair) => ({ ...pair, offer: '-' })),
    }) <
    minPercent - tolerance;
  let set: { component: string; datacentre: string }[] = [...assignments];
  if (!tooLow(set)) return undefined;
  const inSet = new Set(set.map(pairKey));
  for (const [key, pair] of problem.pairs) {
    if (inSet.has(key)) continue;
    const larger = [...set, pair];
    if (!tooLow(larger)) continue;
    set = larger;
    inSet.add(key);
  }
  return {
    plus: [...problem.pairs.keys()].filter((key) => !inSet.has(key)),
    minus: [],
    atLeast: 1,
  };
}

/**
 * These replicas together are too slow, whatever else there is; and where a call finds no replica, there
 * must be one within its reach.
 */
function responseCut(problem: PlacementProblem, { steps, unanswered }: PredictedResponse): Cut {
  const present = new Set(steps.map((step) => pairKey(step)));
  const mending =
    unanswered?.withinReach.map((datacentre) =>
      pairKey({ component: unanswered.component, datacentre }),
    ) ?? [];
  return {
    plus: mending.filter((key) => problem.pairs.has(key)),
    minus: [...present],
    atLeast: 1 - present.size,
  };
}

/** Any placement but this one. */
function exclusion(problem: PlacementProblem, { assignments }: Placement): Cut {
  const present = new Set(assignments.map(pairKey));
  return {
    plus: [...problem.pairs.keys()].filter((key) => !present.has(key)),
    minus: [...present],
    atLeast: 1 - present.size,
  };
}
