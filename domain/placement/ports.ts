import type { SimulationInput, SimulationResult } from './simulation.ts';

export interface SimulateOptions {
  readonly signal?: AbortSignal;
  /** Longest time for an answer, in milliseconds; kept within a tenth. Default: what is configured. */
  readonly timeLimitMs?: number;
  /** How many placements are wanted, 1 to 5; 5 by default. */
  readonly placements?: number;
}

/** The simulator: embedded, or an external OPTIMUS by HTTP. Deterministic for the same input. */
export interface Optimus {
  /**
   * The best placements that meet every NFR. An input that no placement can satisfy is a result
   * (`status: 'infeasible'`), and so is a best placement that the time limit left without proof
   * (`'feasible'`), not an error.
   * @throws DomainError `invalid` when the input contradicts itself, `unavailable` when the engine is away
   *   or found no placement within the time limit.
   */
  simulate(input: SimulationInput, options?: SimulateOptions): Promise<SimulationResult>;
}
