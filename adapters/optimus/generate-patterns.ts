import { patternKey, type Pattern } from './pattern-rules.ts';
import type { PlacementProblem } from './placement-problem.ts';
import { createPlacementProgram, type PlacementProgram } from './placement-program.ts';
import type { Clause } from './program-rows.ts';
import { pricePatterns } from './price-patterns.ts';
import { holds } from './machines.ts';
import type { Site } from './sites.ts';
import {
  createDeadline,
  type Column,
  type Deadline,
  type LpSession,
  type Solver,
} from './solver.ts';

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
  /**
   * No placement costs less than `bound`. By `rowDuals` no pattern is worth more than it costs; what one costs
   * more, each use of it adds to the bound.
   */
  | {
      readonly status: 'optimal';
      readonly bound: number;
      readonly rowDuals: readonly number[];
      readonly program: PlacementProgram;
      /** The machines, in parts, that the relaxed program rents of each pattern of the pool. */
      readonly rented: readonly number[];
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
const noise = 1e-6;
/** Better patterns of one datacentre in one round. */
const mostImprovements = 10_000;
/** Nodes in one datacentre of a search for better patterns, and of one that is to prove that there are none. */
const quickNodes = 5_000;
const proofNodes = 2_000_000;
/** Share of the row duals of the rounds before in those that patterns are looked for by. */
const smoothing = 0.5;
/** By how much patterns may be worth more than they cost before it counts: the bound loses as much. */
const allowances = [0, 0.001, 0.002, 0.004, 0.006, 0.01, 0.015, 0.025, 0.05, 0.1, 0.3, 1, 3];
/** After so many rounds that made it cheaper by less than that share, there are many optima. */
const mostStalls = 3;
const stallShare = 1e-4;
/** Share of the time left that is spent on patterns at most. */
const generationShare = 0.35;
/** And on proving a bound with what there is. */
const proofShare = 0.15;

/**
 * Solves the relaxed program over all patterns by column generation: patterns that would make it cheaper are
 * added to the pool until none are found. Where it takes too long to prove that there are none, or the deadline
 * comes, the bound is that of duals made so small that no pattern is worth more than it costs (Farley).
 */
export function relaxByGeneration(
  problem: PlacementProblem,
  { sites, pool, scarce, clauses, solver, deadline }: GenerationOptions,
): Relaxation {
  const missing = findMissing();
  return missing === 'none' ? generate() : { status: missing };

  /** Generates until the patterns in the pool can hold every instance, at least in parts. */
  function findMissing(): 'none' | 'infeasible' | 'unknown' {
    const { program, session } = open(true);
    try {
      for (;;) {
        const answer = session.solve(deadline);
        if (answer.status !== 'optimal') return answer.status;
        if (answer.objective <= 1e-6) return 'none';
        const pricing = { program, rowDuals: answer.rowDuals, allowance: 0 };
        const quick = search(pricing, quickNodes);
        const better =
          quick.found.length > 0 || quick.isComplete
            ? quick
            : search(pricing, Number.POSITIVE_INFINITY);
        const fresh = pool.add(better.found);
        if (fresh.length === 0) return better.isComplete ? 'infeasible' : 'unknown';
        session.addColumns(fresh.map((pattern) => program.columnOf(pattern)));
      }
    } finally {
      session.close();
    }
  }

  function generate(): Relaxation {
    const { program, session } = open(false);
    // The rest is for finding a placement.
    const untilProof = createDeadline(deadline.remainingMs() * generationShare);
    let smoothed: readonly number[] | undefined;
    let latest: readonly number[] | undefined;
    let lowest = Number.POSITIVE_INFINITY;
    let stalls = 0;
    try {
      for (;;) {
        const isStalled = stalls >= mostStalls;
        let answer = session.solve(deadline, { central: isStalled });
        // An interior point is not always found.
        if (isStalled && answer.status === 'unknown') answer = session.solve(deadline);
        if (answer.status === 'infeasible') return answer;
        if (answer.status === 'unknown')
          return latest === undefined ? answer : prove(program, latest, []);
        const { rowDuals, objective } = answer;
        stalls = objective < lowest * (1 - stallShare) ? 0 : stalls + 1;
        lowest = Math.min(lowest, objective);
        latest = rowDuals;
        const before = smoothed;
        smoothed =
          before === undefined
            ? rowDuals
            : rowDuals.map((dual, row) => smoothing * (before[row] ?? 0) + (1 - smoothing) * dual);
        const rented = answer.values.slice(program.fixedCosts.length);
        if (untilProof.isOver()) return prove(program, smoothed, rented);
        const fresh = improve(untilProof, program, smoothed, rowDuals);
        if (fresh === 'none') return prove(program, rowDuals, rented);
        session.addColumns(fresh.map((pattern) => program.columnOf(pattern)));
      }
    } finally {
      session.close();
    }
  }

  function open(countMissing: boolean): { program: PlacementProgram; session: LpSession } {
    const patterns = pool.patterns;
    const program = createPlacementProgram(problem, { clauses, scarce, patterns, countMissing });
    return { program, session: solver.openLp(program.program) };
  }

  /**
   * New patterns by the smoothed duals, which swing less, or by the present ones: by a quick search, and if that
   * finds none by a long one.
   */
  function improve(
    within: Deadline,
    program: PlacementProgram,
    smoothed: readonly number[],
    rowDuals: readonly number[],
  ): readonly Pattern[] | 'none' {
    for (const nodes of [quickNodes, proofNodes]) {
      const better = search(
        { program, rowDuals: smoothed, allowance: 0 },
        nodes,
        within,
      ).found.filter((pattern) => reducedCostOf(program.columnOf(pattern), rowDuals) < -noise);
      const fresh = pool.add(better);
      if (fresh.length > 0) return fresh;
      const present = pool.add(search({ program, rowDuals, allowance: 0 }, nodes, within).found);
      if (present.length > 0) return present;
    }
    return 'none';
  }

  /** The best bound that can be proven with these duals. */
  function prove(
    program: PlacementProgram,
    duals: readonly number[],
    rented: readonly number[],
  ): Relaxation {
    // Even when it is over a search that ends at its first bounds is complete.
    const within = createDeadline(deadline.remainingMs() * proofShare);
    for (const allowance of allowances) {
      const pricing = { program, rowDuals: duals, allowance };
      const { found, isComplete } = search(pricing, proofNodes, within);
      if (!isComplete || found.length > 0) continue;
      const rowDuals = program.scaleDown(duals, 1 + allowance);
      return { status: 'optimal', bound: program.dualBound(rowDuals), rowDuals, program, rented };
    }
    return { status: 'optimal', bound: 0, rowDuals: duals.map(() => 0), program, rented };
  }

  function search(
    {
      program,
      rowDuals,
      allowance,
    }: { program: PlacementProgram; rowDuals: readonly number[]; allowance: number },
    mostNodes: number,
    within: Deadline = deadline,
  ): ReturnType<typeof pricePatterns> {
    const all = sites.map((site, index) => {
      const prices = program.prices(rowDuals, index);
      return pricePatterns({
        rules: problem.rules,
        site,
        prices: { ...prices, machine: (machine) => prices.machine(machine) * (1 + allowance) },
        below: -noise,
        onlyBetter: true,
        most: mostImprovements,
        mostNodes,
        deadline: within,
      });
    });
    return {
      found: all.flatMap(({ found }) => found),
      isComplete: all.every(({ isComplete }) => isComplete),
    };
  }
}

function reducedCostOf({ cost, rows, values }: Column, rowDuals: readonly number[]): number {
  return rows.reduce((left, row, at) => left - (values[at] ?? 0) * (rowDuals[row] ?? 0), cost);
}
