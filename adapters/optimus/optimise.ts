import { createResponseModel, predictNfrs } from '../../domain/placement/predict-nfrs.ts';
import type {
  Placement,
  Proof,
  RankedPlacement,
  SimulationInput,
} from '../../domain/placement/simulation.ts';
import { availabilityClause, exclusionClause, responseClause } from './clauses.ts';
import { createCheapestSearch } from './cheapest-placement.ts';
import { createPlacementProblem, type Requirement } from './placement-problem.ts';
import type { Clause } from './placement-program.ts';
import type { FoundPlacement } from './solution.ts';
import { createDeadline, type Deadline, type Solver } from './solver.ts';

/** Figures closer than this are the same: sums of prices and products of shares are not exact. */
const tolerance = 1e-9;
/** So many placements that break a requirement, one after the other, make it worth to have one that does not. */
const roundsBeforeFallback = 10;
/** Share of the time left for each try to find one. */
const fallbackShare = 0.2;

export type NextPlacement =
  /** `isProven`: it is the cheapest but for those found before. `bound`: none of those costs less. */
  | {
      readonly status: 'found';
      readonly placement: Placement;
      readonly isProven: boolean;
      readonly bound: number;
    }
  /** There is no other. */
  | { readonly status: 'none' }
  /** The deadline came before there was one. */
  | { readonly status: 'unknown'; readonly bound: number };

export interface PlacementSearch {
  /** The cheapest placement that meets the requirements and is none of those found before. */
  next(): NextPlacement;
}

export interface SearchOptions {
  readonly deadline: Deadline;
  readonly without?: ReadonlySet<Requirement>;
  /** Only placements that use this datacentre. */
  readonly using?: string;
  /** More patterns of machines than this are generated as needed instead of listed. */
  readonly mostPatterns?: number;
}

/**
 * Proven optima, one after the other. The program finds the cheapest placement by structure and offers; if it
 * breaks availability or response time by the exact prediction, a clause shuts out what breaks it, and only
 * that, and the search goes on. Every clause is valid for all placements that meet the requirements, and
 * there are finitely many placements: what comes out is the optimum.
 */
export function searchPlacements(
  input: SimulationInput,
  solver: Solver,
  { deadline, without = new Set(), using, mostPatterns }: SearchOptions,
): PlacementSearch {
  const problem = createPlacementProblem(input, without);
  const cheapest = createCheapestSearch(
    problem,
    solver,
    mostPatterns === undefined ? {} : { mostPatterns },
  );
  const responses = createResponseModel(input);
  const { nfrs } = input.application;
  const mostCost = without.has('monthlyCost') ? Number.POSITIVE_INFINITY : nfrs.monthlyCost.max;
  const clauses: Clause[] = [];
  if (using !== undefined) {
    clauses.push(
      problem.pairs.flatMap(({ site }, pair) =>
        problem.sites[site] === using ? [{ pair, atLeast: 1 }] : [],
      ),
    );
  }

  const broken = ({ placement, counts }: FoundPlacement): Clause | undefined => {
    if (!without.has('availability')) {
      const clause = availabilityClause(problem, counts, nfrs.availability.minPercent - tolerance);
      if (clause !== undefined) return clause;
    }
    if (without.has('responseTime')) return undefined;
    const worst = responses.worstResponse(placement);
    return worst.p95Ms > nfrs.responseTime.p95MaxMs + tolerance
      ? responseClause(problem, counts, worst)
      : undefined;
  };

  /**
   * A placement that meets everything, for when the deadline comes first: whoever asks more of each component
   * than of the application gets, mostly, an application that is available enough.
   */
  const findFallback = (): FoundPlacement | undefined => {
    const lack = 100 - nfrs.availability.minPercent;
    for (const part of [1, 2, 4, 8, 32]) {
      if (deadline.isOver()) return undefined;
      const share = createDeadline(deadline.remainingMs() * fallbackShare);
      const found = cheapest.findAvailable(clauses, 100 - lack / part, share);
      if (found === undefined || found.cost > mostCost + tolerance) continue;
      if (broken(found) === undefined) return found;
    }
    return undefined;
  };
  let fallback: FoundPlacement | undefined;

  return {
    next() {
      let bound = 0;
      const giveUp = (): NextPlacement => {
        if (fallback === undefined) return { status: 'unknown', bound };
        const { placement } = fallback;
        return { status: 'found', placement, isProven: false, bound };
      };
      for (let round = 1; ; round += 1) {
        const answer = cheapest.find(clauses, mostCost, deadline);
        if (answer.status === 'infeasible') return { status: 'none' };
        bound = Math.max(bound, answer.bound);
        if (bound > mostCost + tolerance) return { status: 'none' };
        if (answer.status === 'unknown') return giveUp();
        const clause = broken(answer);
        if (clause === undefined && answer.cost <= mostCost + tolerance) {
          clauses.push(exclusionClause(problem, answer.counts));
          const isProven = answer.status === 'optimal';
          return { status: 'found', placement: answer.placement, isProven, bound };
        }
        if (clause === undefined || deadline.isOver()) return giveUp();
        clauses.push(clause);
        if (answer.status === 'feasible' || round === roundsBeforeFallback) {
          fallback ??= findFallback();
        }
      }
    },
  };
}

export interface BestPlacements {
  readonly ranked: readonly RankedPlacement[];
  readonly proof: Proof;
  /** Whether there may be a placement although none was found: the deadline came. */
  readonly isOpen: boolean;
}

/**
 * The best placements by rising cost, at most `count`. Any two differ in the number of instances of some
 * component in some datacentre.
 *
 * @param onFound called with what is known after each of them.
 */
export function bestPlacements(
  input: SimulationInput,
  solver: Solver,
  count: number,
  options: SearchOptions,
  onFound: (best: BestPlacements) => void = () => {},
): BestPlacements {
  const search = searchPlacements(input, solver, options);
  let best: BestPlacements = {
    ranked: [],
    proof: { lowerBound: 0, gapPercent: 0, ranksProven: 0 },
    isOpen: false,
  };
  while (best.ranked.length < count) {
    const next = search.next();
    if (next.status === 'none') break;
    if (next.status === 'unknown') {
      return best.ranked.length > 0
        ? best
        : { ...best, isOpen: true, proof: { ...best.proof, lowerBound: next.bound } };
    }
    const { placement } = next;
    const predicted = predictNfrs(input, placement);
    const ranked = [...best.ranked, { rank: 0, placement, predicted }]
      .sort((a, b) => a.predicted.monthlyCost - b.predicted.monthlyCost)
      .map((one, index) => ({ ...one, rank: index + 1 }));
    const allProven = next.isProven && best.proof.ranksProven === best.ranked.length;
    best = {
      ranked,
      isOpen: false,
      proof: {
        ...(best.ranked.length === 0 ? gapOf(next, predicted.monthlyCost) : best.proof),
        ranksProven: allProven ? ranked.length : best.proof.ranksProven,
      },
    };
    onFound(best);
    if (!next.isProven) break;
  }
  return best;
}

function gapOf(
  { isProven, bound }: { isProven: boolean; bound: number },
  cost: number,
): Pick<Proof, 'lowerBound' | 'gapPercent'> {
  if (isProven || cost <= 0) return { lowerBound: cost, gapPercent: 0 };
  const lowerBound = Math.min(bound, cost);
  return { lowerBound, gapPercent: (100 * (cost - lowerBound)) / cost };
}
