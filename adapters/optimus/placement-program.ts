import { measured } from '../../domain/placement/predict-nfrs.ts';
import type { Restriction } from '../../domain/application/restrictions.ts';
import { lacks, type Pattern } from './pattern-rules.ts';
import type { PlacementProblem } from './placement-problem.ts';
import type { Prices } from './price-patterns.ts';
import type { Column, Program, Row } from './solver.ts';

/** Of a pair (by index): at least, or at most, so many instances there. */
export type Literal =
  | { readonly pair: number; readonly atLeast: number }
  | { readonly pair: number; readonly atMost: number };

/** At least one of these holds. */
export type Clause = readonly Literal[];

/**
 * The linear program of a problem. Its variables are, in this order: the instances of each pair; for each
 * component whether it is deployed, if that is open; for clauses whether a pair has at least so many
 * instances; and last, for each pattern, the machines rented with it. Its first rows say that the
 * instances are those on the machines, the next that no more scarce machines are rented than there are.
 */
export interface PlacementProgram {
  readonly program: Program;
  /** Variables before those of the patterns. */
  readonly fixed: number;
  columnOf(pattern: Pattern): Column;
  /**
   * What nothing costs less than, if by these row duals (of a relaxed solution, or near them) no pattern is worth
   * more than it costs.
   */
  dualBound(rowDuals: readonly number[]): number;
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

const infinity = Number.POSITIVE_INFINITY;
/** Just above a whole number the right-hand side gains most by being rounded up. */
const roundings = [1.001, 2.001];

export function createPlacementProgram(
  problem: PlacementProblem,
  { clauses, scarce, patterns, componentPercent, countMissing = false }: ProgramOptions,
): PlacementProgram {
  const { pairs, machines, rules, components, instances, isOptional } = problem;
  const upper: number[] = pairs.map(({ most }) => most);
  const rows: Row[] = [];
  const addVariable = (most: number): number => upper.push(most) - 1;
  const addRow = (lower: number, terms: ReadonlyMap<number, number>, most: number): void => {
    rows.push({ lower, upper: most, indices: [...terms.keys()], values: [...terms.values()] });
  };

  const pairsOf = components.map((_, component) =>
    pairs.flatMap((pair, index) => (pair.component === component ? [index] : [])),
  );
  const deployed = components.map((_, component) =>
    isOptional[component] === true ? addVariable(1) : undefined,
  );
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
    rowOfMachine.set(index, rows.length);
    addRow(-infinity, new Map(), machines[index]?.available ?? 0);
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

  /** A variable that is 1 exactly if the pair has at least so many instances, 1 ≤ count ≤ most. */
  const reached = new Map<string, number>();
  const reaches = (pair: number, count: number): number => {
    const most = upper[pair] ?? 0;
    if (most === 1) return pair;
    const known = reached.get(`${pair}:${count}`);
    if (known !== undefined) return known;
    const variable = addVariable(1);
    reached.set(`${pair}:${count}`, variable);
    addRow(
      0,
      new Map([
        [pair, 1],
        [variable, -count],
      ]),
      infinity,
    );
    addRow(
      -infinity,
      new Map([
        [pair, 1],
        [variable, -(most - count + 1)],
      ]),
      count - 1,
    );
    return variable;
  };
  /** Instances of components, each with a factor. */
  const total = (
    weighted: readonly (readonly [component: number, factor: number])[],
  ): Map<number, number> => {
    const terms = new Map<number, number>();
    for (const [component, factor] of weighted) {
      for (const pair of pairsOf[component] ?? []) {
        terms.set(pair, (terms.get(pair) ?? 0) + factor);
      }
    }
    return terms;
  };

  components.forEach((_, component) => {
    const { min, max } = instances[component] ?? { min: 0, max: 0 };
    const choice = deployed[component];
    if (choice === undefined) {
      addRow(min, total([[component, 1]]), max);
      return;
    }
    addRow(0, new Map([...total([[component, 1]]), [choice, -min]]), infinity);
    addRow(-infinity, new Map([...total([[component, 1]]), [choice, -max]]), 0);
  });
  const indexOf = new Map(components.map((name, index) => [name, index]));
  for (const restriction of problem.input.application.restrictions ?? []) {
    addRestriction(restriction);
  }
  addAvailability();
  for (const clause of clauses) addClause(clause);

  const fixed = upper.length;
  const columnOf = (pattern: Pattern): Column => {
    const machine = machines[pattern.machine];
    const site = machine?.site ?? -1;
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
    return {
      cost: countMissing ? 0 : (machine?.price ?? 0) / problem.unit,
      // The instances bound it. A bound of its own would have a dual, and hide that it is no better.
      upper: infinity,
      rows: own,
      values: own.map(() => 1),
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
    column.rows.forEach((row) => {
      extended[row]?.indices.push(fixed + position);
      extended[row]?.values.push(1);
    });
  });
  const costs = upper.map(() => 0);
  for (const artificial of missing) costs[artificial] = 1;
  return {
    program: {
      costs: [...costs, ...columns.map(({ cost }) => round(cost))],
      lower: new Array<number>(fixed + columns.length).fill(0),
      upper: [...upper, ...columns.map((column) => column.upper)],
      rows: extended,
    },
    fixed,
    columnOf: (pattern) => {
      const column = columnOf(pattern);
      return { ...column, cost: round(column.cost) };
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
        const price = countMissing ? 0 : round((machines[index]?.price ?? 0) / problem.unit);
        const row = rowOfMachine.get(index);
        return price - (row === undefined ? 0 : (rowDuals[row] ?? 0));
      },
      lacking: (which) => Math.max(0, -(rowDuals[firstLackRow + which] ?? 0)),
    }),
  };

  function round(cost: number): number {
    return problem.isWhole ? Math.round(cost) : cost;
  }

  function addRestriction(restriction: Restriction): void {
    const index = (name: string): number => indexOf.get(name) ?? -1;
    switch (restriction.kind) {
      case 'instances': {
        const { atLeast = 0, atMost = infinity, exactly } = restriction;
        const names = [...new Set(restriction.components)];
        addRow(exactly ?? atLeast, total(names.map((name) => [index(name), 1])), exactly ?? atMost);
        return;
      }
      case 'exclusive': {
        const choices = restriction.components.flatMap((name) => deployed[index(name)] ?? []);
        addRow(1, new Map(choices.map((choice) => [choice, 1])), 1);
        return;
      }
      case 'require-provide': {
        const { component, requires, provider, provides } = restriction;
        const terms = total([
          [index(component), requires],
          [index(provider), -provides],
        ]);
        if (isOptional[index(provider)] !== true) {
          addRow(-infinity, terms, 0);
          return;
        }
        requireOfExclusive(restriction);
        return;
      }
      case 'one-to-one': {
        const [first = '', ...others] = restriction.components;
        for (const other of others) {
          const terms = total([
            [index(first), 1],
            [index(other), -1],
          ]);
          addRow(0, terms, 0);
        }
        return;
      }
      case 'one-to-many': {
        const { one, many, number } = restriction;
        const terms = total([
          [index(one), number],
          [index(many), -1],
        ]);
        addRow(1, terms, number);
        return;
      }
      case 'spread':
        for (const name of restriction.components) {
          const places = pairsOf[index(name)] ?? [];
          const terms = new Map(places.map((pair) => [reaches(pair, 1), 1]));
          const choice = deployed[index(name)];
          if (choice === undefined) addRow(restriction.minDatacentres, terms, infinity);
          else addRow(0, terms.set(choice, -restriction.minDatacentres), infinity);
        }
        return;
      // These are rules of the patterns.
      case 'conflict':
      case 'co-location':
      case 'full-deployment':
        return;
    }
  }

  /**
   * Of exclusive components only the deployed one has instances, so that what all of them would provide
   * together is what it provides; one of which nothing is required allows as many as there can be.
   */
  function requireOfExclusive(required: Restriction & { kind: 'require-provide' }): void {
    const restrictions = problem.input.application.restrictions ?? [];
    const ratio = (name: string): number | undefined => {
      const ratios = restrictions.flatMap((one) =>
        one.kind === 'require-provide' &&
        one.component === required.component &&
        one.provider === name
          ? [one.provides / one.requires]
          : [],
      );
      return ratios.length === 0 ? undefined : Math.min(...ratios);
    };
    const index = (name: string): number => indexOf.get(name) ?? -1;
    for (const group of restrictions) {
      if (group.kind !== 'exclusive' || !group.components.includes(required.provider)) continue;
      const terms = total([[index(required.component), 1]]);
      for (const name of group.components) {
        const provided = ratio(name);
        if (provided !== undefined) {
          for (const [pair, factor] of total([[index(name), -provided]])) terms.set(pair, factor);
          continue;
        }
        const choice = deployed[index(name)];
        if (choice !== undefined)
          terms.set(choice, -(instances[index(required.component)]?.max ?? 0));
      }
      addRow(-infinity, terms, 0);
    }
  }

  /**
   * No application is more available than one of its components, and none of those more than that one of
   * its datacentres is up, which in logarithms is linear. It holds for every placement that meets the
   * requirement; the exact availability is left to clauses.
   */
  function addAvailability(): void {
    const { input, without, sites } = problem;
    const { minPercent } = input.application.nfrs.availability;
    const share = (componentPercent ?? minPercent) / 100 - 1e-11;
    if (without.has('availability') || share <= 0) return;
    const needed = -Math.log1p(-share);
    components.forEach((name, component) => {
      const gains = new Map<number, number>();
      for (const pair of pairsOf[component] ?? []) {
        const { site, most } = pairs[pair] ?? { site: -1, most: 0 };
        const id = sites[site] ?? '';
        const up = input.datacentres.find((one) => one.id === id)?.availabilityPercent ?? 0;
        const own = most > 1 ? 100 : (measured(input, name, id)?.availabilityPercent ?? 100);
        const gain = -Math.log1p(-(up / 100) * (own / 100));
        gains.set(reaches(pair, 1), Math.min(1, gain / needed));
      }
      const require = (terms: Map<number, number>, least: number): void => {
        const choice = deployed[component];
        if (choice === undefined) addRow(least, terms, infinity);
        else addRow(0, terms.set(choice, -least), infinity);
      };
      require(new Map(gains), 1 - 1e-9);
      // Whole numbers of datacentres: multiplied and rounded up the row holds still (Chvátal and Gomory),
      // and the relaxed program no longer takes half a datacentre for what needs a second.
      for (const times of roundings) {
        require(new Map(
          [...gains].map(([pair, gain]) => [pair, Math.ceil(gain * times - 1e-9)]),
        ), Math.ceil(times * (1 - 1e-9)));
      }
    });
  }

  function addClause(clause: Clause): void {
    const terms = new Map<number, number>();
    let constant = 0;
    const add = (variable: number, factor: number): void => {
      terms.set(variable, (terms.get(variable) ?? 0) + factor);
    };
    for (const literal of clause) {
      const most = pairs[literal.pair]?.most ?? 0;
      if ('atLeast' in literal) {
        if (literal.atLeast <= most) add(reaches(literal.pair, literal.atLeast), 1);
      } else if (literal.atMost >= 0) {
        constant += 1;
        if (literal.atMost < most) add(reaches(literal.pair, literal.atMost + 1), -1);
      }
    }
    addRow(1 - constant, terms, infinity);
  }
}
