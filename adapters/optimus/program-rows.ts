import type { PlacementProblem } from './placement-problem.ts';
import type { Row } from './solver.ts';

/** Of a pair (by index): at least, or at most, so many instances there. */
export type Literal =
  | { readonly pair: number; readonly atLeast: number }
  | { readonly pair: number; readonly atMost: number };

/** At least one of these holds. */
export type Clause = readonly Literal[];

export type Terms = ReadonlyMap<number, number>;

/**
 * Variables and rows of a program as they are put together. The first variables are the instances of each
 * pair, the next for each component whether it is deployed, if that is open.
 */
export interface ProgramRows {
  readonly problem: PlacementProblem;
  /** By variable: most, and what one of it costs, in the problem's units. */
  readonly upper: readonly number[];
  readonly costs: readonly number[];
  readonly rows: readonly Row[];
  /** By component: the variable that is 1 if it is deployed; undefined where it always is. */
  readonly deployed: readonly (number | undefined)[];
  /** By component: its pairs. */
  readonly pairsOf: readonly (readonly number[])[];
  readonly addVariable: (most: number, cost?: number) => number;
  /** Returns the number of the row. */
  readonly addRow: (lower: number, terms: Terms, upper: number) => number;
  /** A variable that is 1 exactly if the pair has at least so many instances, 1 ≤ count ≤ most. */
  readonly reaches: (pair: number, count: number) => number;
  /** Instances of components, each with a factor. */
  readonly total: (
    weighted: readonly (readonly [component: number, factor: number])[],
  ) => Map<number, number>;
}

export const infinity = Number.POSITIVE_INFINITY;

export function createProgramRows(problem: PlacementProblem): ProgramRows {
  const { pairs, components, isOptional } = problem;
  const upper: number[] = pairs.map(({ most }) => most);
  const costs: number[] = pairs.map(() => 0);
  const rows: Row[] = [];
  const addVariable = (most: number, cost = 0): number => {
    costs.push(cost);
    return upper.push(most) - 1;
  };
  const addRow = (lower: number, terms: Terms, most: number): number =>
    rows.push({ lower, upper: most, indices: [...terms.keys()], values: [...terms.values()] }) - 1;
  const pairsOf = components.map((_, component) =>
    pairs.flatMap((pair, index) => (pair.component === component ? [index] : [])),
  );
  const deployed = components.map((_, component) =>
    isOptional[component] === true ? addVariable(1) : undefined,
  );
  const reached = new Map<string, number>();
  return {
    problem,
    upper,
    costs,
    rows,
    deployed,
    pairsOf,
    addVariable,
    addRow,
    reaches(pair, count) {
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
    },
    total(weighted) {
      const terms = new Map<number, number>();
      for (const [component, factor] of weighted) {
        for (const pair of pairsOf[component] ?? []) {
          terms.set(pair, (terms.get(pair) ?? 0) + factor);
        }
      }
      return terms;
    },
  };
}
