/** A row of a program: `lower` ≤ Σ `values`[i] × x[`indices`[i]] ≤ `upper`. */
export interface Row {
  readonly lower: number;
  readonly upper: number;
  readonly indices: readonly number[];
  readonly values: readonly number[];
}

/** A variable with its coefficients in rows that exist already. */
export interface Column {
  readonly cost: number;
  readonly upper: number;
  readonly rows: readonly number[];
  readonly values: readonly number[];
}

/** Least cost over bounded variables; all of them are whole numbers, unless it is solved relaxed. */
export interface Program {
  readonly costs: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  readonly rows: readonly Row[];
}

export type MipAnswer =
  /** `optimal`: proven. `feasible`: the deadline came first; nothing costs less than `bound`. */
  | {
      readonly status: 'optimal' | 'feasible';
      readonly values: readonly number[];
      readonly objective: number;
      readonly bound: number;
    }
  | { readonly status: 'infeasible' }
  /** The deadline came before any solution. */
  | { readonly status: 'unknown'; readonly bound: number };

export type LpAnswer =
  | {
      readonly status: 'optimal';
      readonly values: readonly number[];
      readonly objective: number;
      /** A column's reduced cost is its cost less its coefficients times these. */
      readonly rowDuals: readonly number[];
    }
  | { readonly status: 'infeasible' }
  | { readonly status: 'unknown' };

/** A relaxed program that columns are added to; each solve starts from the basis of the one before. */
export interface LpSession {
  addColumns(columns: readonly Column[]): void;
  /** `central`: of many optima one in the middle, by an interior point; its row duals swing less. */
  solve(deadline: Deadline, options?: { readonly central: boolean }): LpAnswer;
  close(): void;
}

export interface Solver {
  /** `start`: values of some variables, by index, that a solution is known to have. */
  solveMip(program: Program, deadline: Deadline, start?: ReadonlyMap<number, number>): MipAnswer;
  openLp(program: Program): LpSession;
}

export interface Deadline {
  /** Milliseconds left, never less than 0. */
  remainingMs(): number;
  isOver(): boolean;
}

export function createDeadline(limitMs: number): Deadline {
  const endsAt = performance.now() + limitMs;
  return {
    remainingMs: () => Math.max(0, endsAt - performance.now()),
    isOver: () => performance.now() >= endsAt,
  };
}
