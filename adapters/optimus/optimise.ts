import { movesTo } from '../../domain/placement/moving.ts';
import {
  createResponseModel,
  monthlyCostOf,
  predictNfrs,
} from '../../domain/placement/predict-nfrs.ts';
import type {
  Placement,
  Proof,
  RankedPlacement,
  SimulationInput,
} from '../../domain/placement/simulation.ts';
import { availabilityClause, exclusionClause, responseClause } from './clauses.ts';
import { createCheapestSearch } from './cheapest-placement.ts';
import type { Requirement } from '../../domain/application/nfrs.ts';
import { createPlacementProblem } from './placement-problem.ts';
import type { Clause } from './program-rows.ts';
import type { FoundPlacement } from './solution.ts';
import { createDeadline, type Deadline, type Solver } from './solver.ts';

/** Figures closer than this are the same: sums of prices and products of shares are not exact. */
const tolerance = 1e-9;
/** So many placements that break a requirement, one after the other, make it worth to have one that does not. */
const roundsBeforeFallback = 10;
/** Share of the time left for each try to find one. */
const fallbackShare = 0.2;

export type NextPlacement =
  /**
   * `isProven`: it is the cheapest but for those found before. `cost`: what counts, moves included. `bound`: for
   * none of those it is less.
   */
  | {
      readonly status: 'found';
      readonly placement: Placement;
      readonly cost: number;
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
  const { maxCost, startWeight = 0 } = problem;
  /** Most that counts: what may be paid, and every start that there can be. */
  const limit = maxCost + startWeight * problem.pairs.reduce((sum, { most }) => sum + most, 0);
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
    const worst = responses.worstResponse(placement);
    // What cannot be reached is never answered, whether the time matters or not.
    const most = without.has('responseTime') ? Number.MAX_VALUE : nfrs.responseTime.p95MaxMs;
    return worst.p95Ms > most + tolerance ? responseClause(problem, counts, worst) : undefined;
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
      if (found !== undefined && isAffordable(found) && broken(found) === undefined) return found;
    }
    return undefined;
  };
  const isAffordable = ({ placement }: FoundPlacement): boolean =>
    maxCost === Number.POSITIVE_INFINITY || monthlyCostOf(input, placement) <= maxCost + tolerance;
  let fallback: FoundPlacement | undefined;

  return {
    next() {
      let bound = 0;
      const giveUp = (): NextPlacement => {
        if (fallback === undefined) return { status: 'unknown', bound };
        const { placement, cost } = fallback;
        return { status: 'found', placement, cost, isProven: false, bound };
      };
      for (let round = 1; ; round += 1) {
        const answer = cheapest.find(clauses, limit, deadline);
        if (answer.status === 'infeasible') return { status: 'none' };
        bound = Math.max(bound, answer.bound);
        if (bound > limit + tolerance) return { status: 'none' };
        if (answer.status === 'unknown') return giveUp();
        const clause = broken(answer);
        if (clause === undefined && isAffordable(answer)) {
          clauses.push(exclusionClause(problem, answer.counts));
          const isProven = answer.status === 'optimal';
          const { placement, cost } = answer;
          return { status: 'found', placement, cost, isProven, bound };
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
  /** What counts of each that was found. */
  const costs: number[] = [];
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
    const { placement, cost } = next;
    const { current } = input;
    costs.push(cost);
    const one = {
      placement,
      predicted: predictNfrs(input, placement),
      ...(current === undefined ? {} : { moves: movesTo(current, placement) }),
    };
    // Found after a better one was left unproven, it may cost less than that.
    const at = costs.toSorted((a, b) => a - b).lastIndexOf(cost);
    const ranked = best.ranked
      .toSpliced(at, 0, { rank: 0, ...one })
      .map((each, index) => ({ ...each, rank: index + 1 }));
    const allProven = next.isProven && best.proof.ranksProven === best.ranked.length;
    best = {
      ranked,
      isOpen: false,
      proof: {
        ...(best.ranked.length === 0 ? gapOf(next) : best.proof),
        ranksProven: allProven ? ranked.length : best.proof.ranksProven,
      },
    };
    onFound(best);
    if (!next.isProven) break;
  }
  return best;
}

function gapOf({
  isProven,
  bound,
  cost,
}: {
  readonly isProven: boolean;
  readonly bound: number;
  readonly cost: number;
}): Pick<Proof, 'lowerBound' | 'gapPercent'> {
  if (isProven || cost <= 0) return { lowerBound: cost, gapPercent: 0 };
  const lowerBound = Math.min(bound, cost);
  return { lowerBound, gapPercent: (100 * (cost - lowerBound)) / cost };
}
