import * as highsModule from 'highs';
import type { Highs, Model, ModelData } from 'highs';
import type { Column, Deadline, LpSession, Program, Row, Solver } from './solver.ts';

// The types describe the CommonJS build; Node loads the ES module, whose default is the loader.
const loadHighs = highsModule.default as unknown as () => Promise<Highs>;

/** Feasibility jump takes 6 ms however small a program is, in which HiGHS solves the small ones whole. */
const fewVariables = 500;

/**
 * HiGHS (MIT) as WebAssembly: proven optima, the same for the same model. Blocks while it solves, and
 * looks at the time now and then only: a deadline may be passed by some milliseconds.
 */
export async function createHighsSolver(): Promise<Solver> {
  const highs = await loadHighs();
  const { modelStatus, solutionStatus } = highs.constants;

  const open = (program: Program, isInteger: boolean): Model => {
    const model = highs.createModel(toModel(program, isInteger));
    model.options.set({
      output_flag: false,
      mip_rel_gap: 0,
      mip_abs_gap: 1e-7,
      random_seed: 0,
      mip_heuristic_run_feasibility_jump: program.costs.length > fewVariables,
    });
    return model;
  };
  /** HiGHS counts the time of all runs of a model together. */
  const limit = (model: Model, deadline: Deadline): void => {
    model.zeroAllClocks();
    model.options.set('time_limit', deadline.remainingMs() / 1000);
  };
  const isInfeasible = (status: number): boolean =>
    // No cost is negative, so that nothing is unbounded.
    status === modelStatus.infeasible || status === modelStatus.unboundedOrInfeasible;

  return {
    solveMip(program, deadline, start) {
      if (program.costs.length === 0) return withoutVariables(program);
      const model = open(program, true);
      try {
        limit(model, deadline);
        if (start !== undefined) {
          model.setSolution({ indices: [...start.keys()], values: [...start.values()] });
        }
        const { modelStatus: status } = model.run();
        if (isInfeasible(status)) return { status: 'infeasible' };
        const bound = Math.max(0, Number(model.info.get('mip_dual_bound')));
        if (Number(model.info.get('primal_solution_status')) !== solutionStatus.feasible) {
          if (status === modelStatus.timeLimit) return { status: 'unknown', bound };
          throw new Error(`HiGHS ended with status ${status}.`);
        }
        return {
          status: status === modelStatus.optimal ? 'optimal' : 'feasible',
          values: Array.from(model.getSolution().colValue),
          objective: model.getObjectiveValue(),
          bound: status === modelStatus.optimal ? model.getObjectiveValue() : bound,
        };
      } finally {
        model.dispose();
      }
    },

    openLp(program) {
      const model = open(program, false);
      return {
        addColumns: (columns) => {
          if (columns.length > 0) model.addCols(toColumns(columns, program.rows.length));
        },
        solve: (deadline, { central } = { central: false }) => {
          limit(model, deadline);
          // From a basis HiGHS goes on by the simplex method, whatever is asked for.
          if (central) model.clearSolver();
          model.options.set(
            central
              ? { solver: 'ipm', run_crossover: 'off' }
              : { solver: 'choose', run_crossover: 'on' },
          );
          const { modelStatus: status } = model.run();
          if (isInfeasible(status)) return { status: 'infeasible' };
          if (status !== modelStatus.optimal) return { status: 'unknown' };
          const solution = model.getSolution();
          return {
            status: 'optimal',
            values: Array.from(solution.colValue),
            objective: model.getObjectiveValue(),
            rowDuals: Array.from(solution.rowDual),
          };
        },
        close: () => model.dispose(),
      } satisfies LpSession;
    },
  };
}

function withoutVariables({
  rows,
}: Program): { status: 'infeasible' } | { status: 'optimal'; values: []; objective: 0; bound: 0 } {
  return rows.every(({ lower, upper }) => lower <= 0 && upper >= 0)
    ? { status: 'optimal', values: [], objective: 0, bound: 0 }
    : { status: 'infeasible' };
}

function toModel({ costs, lower, upper, rows }: Program, isInteger: boolean): ModelData {
  const { starts, indices, values } = pack(rows);
  return {
    numCols: costs.length,
    numRows: rows.length,
    colCost: costs,
    colLower: lower,
    colUpper: upper,
    rowLower: rows.map((row) => row.lower),
    rowUpper: rows.map((row) => row.upper),
    matrix: {
      format: 'csr',
      numRows: rows.length,
      numCols: costs.length,
      starts: [...starts, indices.length],
      indices,
      values,
    },
    ...(isInteger ? { integrality: new Int32Array(costs.length).fill(1) } : {}),
  };
}

function toColumns(columns: readonly Column[], numRows: number): Parameters<Model['addCols']>[0] {
  const { starts, indices, values } = pack(
    columns.map(({ rows, values: own }) => ({ indices: rows, values: own })),
  );
  return {
    cost: Float64Array.from(columns, ({ cost }) => cost),
    lower: new Float64Array(columns.length),
    upper: Float64Array.from(columns, ({ upper }) => upper),
    matrix: {
      format: 'csc',
      numRows,
      numCols: columns.length,
      starts: Int32Array.from([...starts, indices.length]),
      indices: Int32Array.from(indices),
      values: Float64Array.from(values),
    },
  };
}

function pack(vectors: readonly Pick<Row, 'indices' | 'values'>[]): {
  starts: number[];
  indices: number[];
  values: number[];
} {
  const starts: number[] = [];
  const indices: number[] = [];
  const values: number[] = [];
  for (const vector of vectors) {
    starts.push(indices.length);
    indices.push(...vector.indices);
    values.push(...vector.values);
  }
  return { starts, indices, values };
}
