import { firstShare, findByGeneration, solveOver, type FindOptions } from './close-gap.ts';
import { enumeratePatterns } from './enumerate-patterns.ts';
import {
  createPatternPool,
  relaxByGeneration,
  singlePatterns,
  type PatternPool,
} from './generate-patterns.ts';
import { overdrawnMachines } from './move-excess.ts';
import type { Pattern } from './pattern-rules.ts';
import type { PlacementProblem } from './placement-problem.ts';
import type { Clause } from './program-rows.ts';
import { createSites, type Site } from './sites.ts';
import {
  cheaperOf,
  rentedIn,
  toCheapest,
  withBound,
  withinStock,
  type Cheapest,
  type FoundPlacement,
  type Solution,
} from './solution.ts';
import { createDeadline, type Deadline, type Solver } from './solver.ts';

export interface CheapestSearch {
  /**
   * The cheapest placement by structure, offers and clauses. Those of earlier calls must be among them: what
   * was proven then holds still.
   *
   * @param limit nothing dearer is asked for: what is cheaper than all dearer ones may be left out.
   */
  find(clauses: readonly Clause[], limit: number, deadline: Deadline): Cheapest;
  /**
   * Some placement, as cheap as is found out without new patterns, whose components are each so available, in
   * per cent. Proves nothing.
   */
  findAvailable(
    clauses: readonly Clause[],
    componentPercent: number,
    deadline: Deadline,
  ): FoundPlacement | undefined;
}

/** With no more patterns than this all are listed; else they are generated as they are needed. */
const mostListed = 3_000;
/** Share of the time left for a placement before any pattern is generated. */
const spareShare = 0.1;
/** Patterns are generated anew if so many times the time that it took is left. */
const hurry = 2;

/**
 * At first each pattern is on the cheapest machine that holds it, as if there were any number of it. Only
 * the machines of which a solution rents more than there are become scarce: they are counted from then on,
 * and what is on them may be on the next, too. What needs no scarce machine is as cheap as it can be.
 */
export function createCheapestSearch(
  problem: PlacementProblem,
  solver: Solver,
  { mostPatterns = mostListed }: { readonly mostPatterns?: number } = {},
): CheapestSearch {
  const scarce = new Set<number>();
  let patterns = collectPatterns(problem, scarce, mostPatterns, createPatternPool());
  /** Nothing costs less, in the program's units. Scarcity and clauses only make it dearer. */
  let floor = 0;
  /** How long it took to generate patterns, at the longest. */
  let generationMs = 0;

  const becomeScarce = (overdrawn: readonly number[]): void => {
    for (const machine of overdrawn) scarce.add(machine);
    patterns = collectPatterns(problem, scarce, mostPatterns, patterns.pool);
  };
  const generate = (options: FindOptions): Solution => {
    const { pool, deadline } = options;
    // With too little time to generate anew, what was proven and the patterns that are known must do.
    if (deadline.remainingMs() < hurry * generationMs) {
      const part = createDeadline(deadline.remainingMs() * firstShare);
      const known = [...pool.patterns];
      return withBound(solveOver(problem, known, { ...options, deadline: part }), floor);
    }
    const startedMs = deadline.remainingMs();
    for (;;) {
      const current = { ...options, sites: patterns.sites };
      const relaxation = relaxByGeneration(problem, current);
      generationMs = Math.max(generationMs, startedMs - deadline.remainingMs());
      const rented = relaxation.status === 'optimal' ? relaxation.rented : [];
      const overdrawn = overdrawnMachines(
        problem,
        pool.patterns.map((pattern, index) => [pattern, rented[index] ?? 0] as const),
      );
      // What even the relaxed program rents too much of is scarce: known now, it saves whole solves.
      if (overdrawn.length === 0 || deadline.remainingMs() < hurry * generationMs) {
        return findByGeneration(problem, relaxation, current);
      }
      becomeScarce(overdrawn);
    }
  };

  /** Something from the patterns that are there before any is generated, in case there is no time for more. */
  const firstOf = (clauses: readonly Clause[], deadline: Deadline): Solution | undefined => {
    const { sites, pool } = patterns;
    const part = createDeadline(deadline.remainingMs() * spareShare);
    const options = { sites, pool, scarce, clauses, limit: 0, floor, solver, deadline: part };
    // More than is asked of each component, so that all of them together are mostly available enough.
    const lack = 100 - problem.input.application.nfrs.availability.minPercent;
    const componentPercent = 100 - lack / 8;
    const solution = solveOver(problem, [...pool.patterns], { ...options, componentPercent });
    return withinStock(problem, solution);
  };

  return {
    findAvailable(clauses, componentPercent, deadline) {
      const { sites, listed, pool } = patterns;
      const options = { sites, pool, scarce, clauses, limit: 0, floor, solver, deadline };
      const known = listed ?? [...pool.patterns];
      const solution = solveOver(problem, known, { ...options, componentPercent });
      const stocked = withinStock(problem, solution);
      if (stocked === undefined) return undefined;
      const found = toCheapest(problem, stocked);
      return 'placement' in found ? found : undefined;
    },

    find(clauses, limit, deadline) {
      let spare = patterns.listed === undefined ? firstOf(clauses, deadline) : undefined;
      for (;;) {
        const { sites, listed, pool } = patterns;
        const start = listed === undefined ? spare : undefined;
        if (start !== undefined) pool.add(start.patterns);
        const options = { sites, pool, scarce, clauses, limit, floor, solver, deadline, start };
        const solution =
          listed === undefined ? generate(options) : solveOver(problem, listed, options);
        if (solution.answer.status === 'infeasible') return solution.answer;
        floor = Math.max(floor, solution.answer.bound);
        if (solution.answer.status === 'unknown' && spare !== undefined) {
          return toCheapest(problem, withBound(spare, floor));
        }
        const overdrawn = overdrawnMachines(problem, rentedIn(solution));
        if (overdrawn.length === 0) {
          return toCheapest(problem, withBound(cheaperOf(solution, spare), floor));
        }
        // Should the deadline come, what may be a little too dear is better than nothing.
        spare = cheaperOf(withinStock(problem, solution), spare);
        becomeScarce(overdrawn);
      }
    },
  };
}

interface Patterns {
  readonly sites: readonly Site[];
  /** All of them, if they are not too many. */
  readonly listed: readonly Pattern[] | undefined;
  readonly pool: PatternPool;
}

function collectPatterns(
  problem: PlacementProblem,
  scarce: ReadonlySet<number>,
  most: number,
  pool: PatternPool,
): Patterns {
  const sites = createSites(problem, scarce);
  const listed = listAll(problem, sites, most);
  if (listed === undefined) pool.add(singlePatterns(problem, sites));
  return { sites, listed, pool };
}

function listAll(
  { rules }: PlacementProblem,
  sites: readonly Site[],
  most: number,
): Pattern[] | undefined {
  const all: Pattern[] = [];
  for (const site of sites) {
    const patterns = enumeratePatterns(rules, site, most - all.length);
    if (patterns === undefined) return undefined;
    all.push(...patterns);
  }
  return all;
}
