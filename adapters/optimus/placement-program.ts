import { lacks, type Pattern } from './pattern-rules.ts';
import type { PlacementProblem } from './placement-problem.ts';
import type { Prices } from './price-patterns.ts';
import { createProgramRows, infinity, type Clause } from './program-rows.ts';
import { addAvailability, addClause, addLinks, addMoves } from './requirement-rows.ts';
import { addRestrictions } from './restriction-rows.ts';
import type { Column, Program } from './solver.ts';

/**
 * The linear program of a problem. Its variables are those of its rows (program-rows.ts), and last, for each
 * pattern, the machines rented with it. Its first rows say that the instances are those on the machines, the
 * next that no more scarce machines are rented than there are.
 */
export interface PlacementProgram {
  readonly program: Program;
  /** Of the variables before those of the patterns. */
  readonly fixedCosts: readonly number[];
  columnOf(pattern: Pattern): Column;
  /**
   * What nothing costs less than, if by these row duals (of a relaxed solution, or near them) no pattern is worth
   * more than it costs.
   */
  dualBound(rowDuals: readonly number[]): number;
  /**
   * Row duals by which patterns are worth less by the factor. Those that make machines dearer stay: with them a
   * machine costs what `prices` says.
   */
  scaleDown(rowDuals: readonly number[], factor: number): readonly number[];
  /** What a relaxed solution's row duals say of patterns in a datacentre. */
  prices(rowDuals: readonly number[], site: number): Prices;
}

export interface ProgramOptions {
  readonly clauses: readonly Clause[];
  /** Machines (by index) of which no more may be rented than there are; the others are not counted. */
  readonly scarce: ReadonlySet<number>;
  readonly patterns: readonly Pattern[];
  /** Least availability of each component, in per cent; without it that of the application. */
  readonly componentPercent?: number;
  /**
   * In place of the cost, how many instances stand on no machine: to learn which patterns a solution needs
   * when those that there are give none.
   */
  readonly countMissing?: boolean;
}

export function createPlacementProgram(
  problem: PlacementProblem,
  { clauses, scarce, patterns, componentPercent, countMissing = false }: ProgramOptions,
): PlacementProgram {
  const { pairs, machines, rules } = problem;
  const parts = createProgramRows(problem);
  const { upper, rows, deployed, addRow, addVariable } = parts;
  const missing = countMissing ? pairs.map(({ most }) => addVariable(most)) : [];

  // The rows of patterns come first: their numbers do not depend on clauses.
  pairs.forEach((_, index) => {
    const terms = new Map([[index, -1]]);
    const artificial = missing[index];
    if (artificial !== undefined) terms.set(artificial, 1);
    addRow(0, terms, 0);
  });
  const rowOfMachine = new Map<number, number>();
  for (const index of scarce) {
    rowOfMachine.set(index, addRow(-infinity, new Map(), machines[index]?.available ?? 0));
  }
  const firstLackRow = rows.length;
  const mostMachines = pairs.reduce((sum, { most }) => sum + most, 0);
  for (const { block } of rules.everywhereIfDeployed) {
    const choice = deployed[rules.blocks[block]?.components[0] ?? -1];
    addRow(
      -infinity,
      choice === undefined ? new Map() : new Map([[choice, mostMachines]]),
      mostMachines,
    );
  }
  const traffic = addLinks(parts);
  // With moves what counts is not what it costs: then the limit of the cost is a row.
  const isBudgeted = problem.startWeight !== undefined && Number.isFinite(problem.maxCost);
  const budget = problem.maxCost / problem.unit;
  const budgetRow = isBudgeted
    ? addRow(-infinity, traffic, problem.isWhole ? Math.floor(budget + 1e-6) : budget + 1e-9)
    : undefined;
  addMoves(parts);
  addRestrictions(parts);
  addAvailability(parts, componentPercent);
  for (const clause of clauses) addClause(parts, clause);

  const fixed = upper.length;
  const columnOf = (pattern: Pattern): Column => {
    const machine = machines[pattern.machine];
    const site = machine?.site ?? -1;
    const price = priceOf(pattern.machine);
    const own: number[] = [];
    for (const component of pattern.components) {
      const pair = problem.pairAt(component, site);
      // Patterns are made of what can be in the datacentre.
      if (pair !== undefined) own.push(pair);
    }
    const row = rowOfMachine.get(pattern.machine);
    if (row !== undefined) own.push(row);
    if (rules.everywhereIfDeployed.length > 0) {
      const blocks = blocksOf(pattern);
      rules.everywhereIfDeployed.forEach((one, index) => {
        if (lacks(one, blocks)) own.push(firstLackRow + index);
      });
    }
    const values = own.map(() => 1);
    return {
      cost: countMissing ? 0 : price,
      // The instances bound it. A bound of its own would have a dual, and hide that it is no better.
      upper: infinity,
      rows: budgetRow === undefined ? own : [...own, budgetRow],
      values: budgetRow === undefined ? values : [...values, price],
    };
  };
  const blocksOf = ({ components: own }: Pattern): Set<number> =>
    new Set(
      rules.blocks.flatMap((block, index) =>
        own.includes(block.components[0] ?? -1) ? [index] : [],
      ),
    );

  const columns = patterns.map(columnOf);
  const extended = rows.map(({ indices, values, ...row }) => ({
    ...row,
    indices: [...indices],
    values: [...values],
  }));
  columns.forEach((column, position) => {
    column.rows.forEach((row, at) => {
      extended[row]?.indices.push(fixed + position);
      extended[row]?.values.push(column.values[at] ?? 0);
    });
  });
  const costs = countMissing
    ? upper.map((_, variable) => (missing.includes(variable) ? 1 : 0))
    : parts.costs;
  return {
    program: {
      costs: [...costs, ...columns.map(({ cost }) => cost)],
      lower: new Array<number>(fixed + columns.length).fill(0),
      upper: [...upper, ...columns.map((column) => column.upper)],
      rows: extended,
    },
    fixedCosts: costs,
    columnOf,
    scaleDown: (rowDuals, factor) => {
      const kept = new Set([
        ...rowOfMachine.values(),
        ...(budgetRow === undefined ? [] : [budgetRow]),
      ]);
      return rowDuals.map((dual, row) => (kept.has(row) ? dual : dual / factor));
    },
    dualBound: (rowDuals) => {
      const reduced = [...costs];
      let bound = 0;
      rows.forEach(({ lower, upper: most, indices, values }, row) => {
        const dual = rowDuals[row] ?? 0;
        const side = dual > 0 ? lower : most;
        // A dual of the wrong sign, through rounding, is none.
        if (!Number.isFinite(side)) return;
        bound += dual * side;
        indices.forEach((variable, at) => {
          reduced[variable] = (reduced[variable] ?? 0) - dual * (values[at] ?? 0);
        });
      });
      reduced.forEach((cost, variable) => {
        if (cost < 0) bound += cost * (upper[variable] ?? 0);
      });
      return Math.max(0, bound);
    },
    prices: (rowDuals, site) => ({
      worth: (component) => {
        const pair = problem.pairAt(component, site);
        return pair === undefined ? 0 : (rowDuals[pair] ?? 0);
      },
      machine: (index) => {
        const price = priceOf(index);
        const [scarcity, frugality] = [rowOfMachine.get(index), budgetRow].map((row) =>
          row === undefined ? 0 : Math.max(0, -(rowDuals[row] ?? 0)),
        );
        return (countMissing ? 0 : price) + (scarcity ?? 0) + (frugality ?? 0) * price;
      },
      lacking: (which) => Math.max(0, -(rowDuals[firstLackRow + which] ?? 0)),
    }),
  };

  function priceOf(machine: number): number {
    const price = (machines[machine]?.price ?? 0) / problem.unit;
    return problem.isWhole ? Math.round(price) : price;
  }
}
