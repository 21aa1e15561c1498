import type { Assignment, Placement } from '../../domain/placement/simulation.ts';
import { enumeratePatterns } from './enumerate-patterns.ts';
import {
  createPatternPool,
  relaxByGeneration,
  singlePatterns,
  type GenerationOptions,
  type PatternPool,
  type Relaxation,
} from './generate-patterns.ts';
import { moveExcess, overdrawnMachines, type Rented } from './move-excess.ts';
import { patternKey, type Pattern } from './pattern-rules.ts';
import type { PlacementProblem } from './placement-problem.ts';
import { createPlacementProgram, type Clause } from './placement-program.ts';
import { pricePatterns } from './price-patterns.ts';
import { createSites, type Site } from './sites.ts';
import { createDeadline, type Deadline, type MipAnswer, type Solver } from './solver.ts';

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
/** With more patterns that may matter than this the whole-number program is solved over some of them. */
const mostPriced = 12_000;
/** Share of the time left for the first whole-number program over generated patterns. */
const firstShare = 0.4;
/** And for the second, with the patterns that may close the gap. */
const secondShare = 0.8;
/** And before any pattern is generated. */
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

/** A solver's answer with the patterns that its last variables stand for. */
interface Solution {
  readonly answer: MipAnswer;
  readonly patterns: readonly Pattern[];
  readonly fixed: number;
}

interface FindOptions extends GenerationOptions {
  readonly limit: number;
  readonly floor: number;
  readonly componentPercent?: number;
  /** A solution to begin with. */
  readonly start?: Solution | undefined;
}

function solveOver(
  problem: PlacementProblem,
  patterns: readonly Pattern[],
  { clauses, scarce, solver, deadline, componentPercent, start }: FindOptions,
): Solution {
  const { program, fixed } = createPlacementProgram(problem, {
    clauses,
    scarce,
    patterns,
    ...(componentPercent === undefined ? {} : { componentPercent }),
  });
  const answer = solver.solveMip(
    program,
    deadline,
    start === undefined ? undefined : startValues(problem, start, patterns, fixed),
  );
  return { answer, patterns, fixed };
}

/** The instances and machines of a solution, as values of the variables of another program. */
function startValues(
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

function cheaperOf<T extends Solution | undefined>(
  one: T,
  other: Solution | undefined,
): T | Solution {
  const cost = (solution: Solution | undefined): number =>
    solution !== undefined && 'values' in solution.answer
      ? solution.answer.objective
      : Number.POSITIVE_INFINITY;
  return other !== undefined && cost(other) < cost(one) ? other : one;
}

function rentedIn({ answer, patterns, fixed }: Solution): Rented {
  if (!('values' in answer)) return [];
  return patterns.flatMap((pattern, index) => {
    const count = Math.round(answer.values[fixed + index] ?? 0);
    return count > 0 ? [[pattern, count] as const] : [];
  });
}

/** The solution on machines that there are, proven to be nothing. */
function withinStock(problem: PlacementProblem, solution: Solution): Solution | undefined {
  const rented = moveExcess(problem, rentedIn(solution));
  const { answer, fixed } = solution;
  if (rented === undefined || !('values' in answer)) return undefined;
  const cost = rented.reduce(
    (sum, [{ machine }, count]) => sum + count * (problem.machines[machine]?.price ?? 0),
    0,
  );
  return {
    answer: {
      ...answer,
      status: 'feasible',
      values: [...answer.values.slice(0, fixed), ...rented.map(([, count]) => count)],
      objective: cost / problem.unit,
    },
    patterns: rented.map(([pattern]) => pattern),
    fixed,
  };
}

/**
 * The relaxed program gives a bound; a whole-number program over the patterns that it needed gives a
 * placement. What lies between is closed by adding every pattern that a cheaper placement could have: one
 * whose reduced cost is more than the gap is in none.
 */
function findByGeneration(
  problem: PlacementProblem,
  relaxation: Relaxation,
  options: FindOptions,
): Solution {
  const { sites, pool, limit, deadline } = options;
  const without = (answer: MipAnswer): Solution => ({ answer, patterns: [], fixed: 0 });
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

/** The solution with what is known of all placements in place of what is of its own patterns. */
function withBound({ answer, ...solution }: Solution, bound: number): Solution {
  if (answer.status === 'infeasible') return { answer, ...solution };
  if (answer.status === 'unknown') return { answer: { ...answer, bound }, ...solution };
  const status = answer.objective <= bound + 1e-6 ? 'optimal' : 'feasible';
  return {
    answer: { ...answer, status, bound: Math.min(bound, answer.objective) },
    ...solution,
  };
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

function toCheapest(problem: PlacementProblem, { answer, patterns, fixed }: Solution): Cheapest {
  if (answer.status === 'infeasible') return answer;
  const { unit } = problem;
  if (answer.status === 'unknown') return { status: 'unknown', bound: answer.bound * unit };
  const { status, values, objective, bound } = answer;
  return {
    status,
    placement: { assignments: assign(problem, values.slice(fixed), patterns) },
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
