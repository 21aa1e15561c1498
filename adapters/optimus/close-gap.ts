import { createPatternPool, type GenerationOptions, type Relaxation } from './generate-patterns.ts';
import type { Pattern } from './pattern-rules.ts';
import type { PlacementProblem } from './placement-problem.ts';
import { createPlacementProgram } from './placement-program.ts';
import { pricePatterns } from './price-patterns.ts';
import type { Site } from './sites.ts';
import { startValues, withBound, type Solution } from './solution.ts';
import { createDeadline, type Deadline, type MipAnswer } from './solver.ts';

/** With more patterns that may matter than this the whole-number program is solved over some of them. */
const mostPriced = 12_000;
/** Share of the time left for the first whole-number program over generated patterns. */
export const firstShare = 0.4;
/** And for the second, with the patterns that may close the gap. */
const secondShare = 0.8;

export interface FindOptions extends GenerationOptions {
  readonly limit: number;
  readonly floor: number;
  readonly componentPercent?: number;
  /** A solution to begin with. */
  readonly start?: Solution | undefined;
}

export function solveOver(
  problem: PlacementProblem,
  patterns: readonly Pattern[],
  { clauses, scarce, solver, deadline, componentPercent, start }: FindOptions,
): Solution {
  const { program, fixedCosts } = createPlacementProgram(problem, {
    clauses,
    scarce,
    patterns,
    ...(componentPercent === undefined ? {} : { componentPercent }),
  });
  const answer = solver.solveMip(
    program,
    deadline,
    start === undefined ? undefined : startValues(problem, start, patterns, fixedCosts.length),
  );
  return { answer, patterns, fixedCosts };
}

/**
 * The relaxed program gives a bound; a whole-number program over the patterns that it needed gives a
 * placement. What lies between is closed by adding every pattern that a cheaper placement could have: one
 * whose reduced cost is more than the gap is in none.
 */
export function findByGeneration(
  problem: PlacementProblem,
  relaxation: Relaxation,
  options: FindOptions,
): Solution {
  const { sites, pool, limit, deadline } = options;
  const without = (answer: MipAnswer): Solution => ({ answer, patterns: [], fixedCosts: [] });
  if (relaxation.status === 'infeasible') return without(relaxation);
  if (relaxation.status === 'unknown') {
    return without({ status: 'unknown', bound: options.floor });
  }
  const lowest = Math.max(
    options.floor,
    problem.isWhole ? Math.ceil(relaxation.bound - 1e-6) : relaxation.bound,
  );

  // The rest is for closing the gap, or for other clauses.
  const part = createDeadline(deadline.remainingMs() * firstShare);
  const first = solveOver(problem, [...pool.patterns], { ...options, deadline: part });
  const hasFound = 'values' in first.answer;
  const found = hasFound ? first.answer.objective : limit / problem.unit;
  if (hasFound && found <= lowest + 1e-6) return withBound(first, lowest);

  // What is cheaper is cheaper by a whole unit, if every cost is a whole number of them.
  const gap = found - relaxation.bound - (problem.isWhole && hasFound ? 1 : 0);
  const more = patternsWithin(problem, sites, relaxation, Math.max(0, gap) + 1e-6, deadline);
  const extended = createPatternPool();
  extended.add(first.patterns);
  extended.add(more.patterns);
  const start = hasFound ? first : options.start;
  // A little is left for a clause that the answer may break.
  const rest = createDeadline(deadline.remainingMs() * secondShare);
  const second = solveOver(problem, extended.patterns, { ...options, start, deadline: rest });
  // A cheaper placement has only these patterns, or one whose reduced cost is beyond their reach.
  const outside = more.isComplete ? Number.POSITIVE_INFINITY : relaxation.bound + more.reach;
  if (second.answer.status === 'infeasible') {
    return more.isComplete ? second : without({ status: 'unknown', bound: lowest });
  }
  const bound = Math.max(lowest, Math.min(second.answer.bound, outside));
  const isWorse = hasFound && !('values' in second.answer && second.answer.objective <= found);
  return withBound(isWorse ? first : second, bound);
}

/**
 * The patterns with a reduced cost below `gap`; if they are too many, below the largest `reach` of its
 * halves, quarters … that is not.
 */
function patternsWithin(
  problem: PlacementProblem,
  sites: readonly Site[],
  { program, rowDuals }: Relaxation & { status: 'optimal' },
  gap: number,
  deadline: Deadline,
): { patterns: Pattern[]; isComplete: boolean; reach: number } {
  if (!Number.isFinite(gap)) return { patterns: [], isComplete: false, reach: 0 };
  for (let reach = gap; reach > gap / 100 && !deadline.isOver(); reach /= 2) {
    const patterns: Pattern[] = [];
    const isAll = sites.every((site, index) => {
      const some = pricePatterns({
        rules: problem.rules,
        site,
        prices: program.prices(rowDuals, index),
        below: reach,
        onlyBetter: false,
        most: mostPriced - patterns.length,
        deadline,
      });
      patterns.push(...some.found);
      return some.isComplete;
    });
    if (isAll) return { patterns, isComplete: reach === gap, reach };
  }
  return { patterns: [], isComplete: false, reach: 0 };
}
