import { patternKey, type Pattern } from './pattern-rules.ts';
import type { PlacementProblem } from './placement-problem.ts';
import { createPlacementProgram, type Clause, type PlacementProgram } from './placement-program.ts';
import { pricePatterns, type PricedPattern } from './price-patterns.ts';
import { holds } from './machines.ts';
import type { Site } from './sites.ts';
import type { Deadline, Solver } from './solver.ts';

/** The patterns known so far, each once, in the order in which they were found. */
export interface PatternPool {
  readonly patterns: readonly Pattern[];
  /** Those that were not known. */
  add(patterns: readonly Pattern[]): Pattern[];
}

export function createPatternPool(): PatternPool {
  const known = new Map<string, Pattern>();
  const patterns: Pattern[] = [];
  return {
    patterns,
    add: (some) => {
      const fresh = some.filter((pattern) => !known.has(patternKey(pattern)));
      for (const { machine, components } of fresh) {
        const pattern = { machine, components };
        known.set(patternKey(pattern), pattern);
        patterns.push(pattern);
      }
      return fresh;
    },
  };
}

/** Each block alone on the cheapest machine that holds it, as far as that is a pattern at all. */
export function singlePatterns(problem: PlacementProblem, sites: readonly Site[]): Pattern[] {
  const { rules } = problem;
  return sites.flatMap(({ machines, allowed }) =>
    allowed.flatMap((block) => {
      const needs = rules.blocks[block];
      const isPattern = rules.everywhere.every(
        (one) => one.block === block || one.unless.has(block),
      );
      const machine = machines.find(([, one]) => needs !== undefined && holds(one, needs));
      if (needs === undefined || machine === undefined || !isPattern) return [];
      return [{ machine: machine[0], components: needs.components }];
    }),
  );
}

export type Relaxation =
  /** No placement costs less than `bound`; `rowDuals` of the program say what patterns are worth. */
  | {
      readonly status: 'optimal';
      readonly bound: number;
      readonly rowDuals: readonly number[];
      readonly program: PlacementProgram;
    }
  | { readonly status: 'infeasible' }
  | { readonly status: 'unknown' };

export interface GenerationOptions {
  readonly sites: readonly Site[];
  readonly scarce: ReadonlySet<number>;
  readonly pool: PatternPool;
  readonly clauses: readonly Clause[];
  readonly solver: Solver;
  readonly deadline: Deadline;
}

/** Reduced costs above this are none. */
const noise = 1e-7;
/** Better patterns of one datacentre in one round. */
const mostImprovements = 10_000;

/**
 * Solves the relaxed program over all patterns by column generation: patterns that would make it cheaper are
 * added to the pool until there are none.
 */
export function relaxByGeneration(
  problem: PlacementProblem,
  { sites, pool, scarce, clauses, solver, deadline }: GenerationOptions,
): Relaxation {
  const missing = generate(true);
  if (missing.status !== 'optimal') return missing;
  // Some instance stands on no machine in every solution, even in parts.
  if (missing.bound > 1e-6) return { status: 'infeasible' };
  return generate(false);

  function generate(countMissing: boolean): Relaxation {
    const program = createPlacementProgram(problem, {
      clauses,
      scarce,
      patterns: pool.patterns,
      countMissing,
    });
    const session = solver.openLp(program.program);
    try {
      for (;;) {
        const answer = session.solve(deadline);
        if (answer.status !== 'optimal') return { status: answer.status };
        if (countMissing && answer.objective <= 1e-6) {
          return { ...answer, bound: answer.objective, program };
        }
        const better = improvements(program, answer.rowDuals);
        if (better === undefined) return { status: 'unknown' };
        const fresh = pool.add(better);
        if (fresh.length === 0) {
          return { ...answer, bound: answer.objective, program };
        }
        session.addColumns(fresh.map((pattern) => program.columnOf(pattern)));
      }
    } finally {
      session.close();
    }
  }

  function improvements(
    program: PlacementProgram,
    rowDuals: readonly number[],
  ): PricedPattern[] | undefined {
    const found: PricedPattern[] = [];
    for (const [index, site] of sites.entries()) {
      const better = pricePatterns({
        rules: problem.rules,
        site,
        prices: program.prices(rowDuals, index),
        below: -noise,
        onlyBetter: true,
        most: mostImprovements,
        deadline,
      });
      if (better === undefined) return undefined;
      found.push(...better);
    }
    return found;
  }
}
