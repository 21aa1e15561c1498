import type { Front, FrontRequest } from './front.ts';
import type { SimulationInput, SimulationResult } from './simulation.ts';

export interface SimulateOptions {
  readonly signal?: AbortSignal;
  /** Longest time for an answer, in milliseconds; kept within a tenth. Default: what is configured. */
  readonly timeLimitMs?: number;
  /** How many placements are wanted, 1 to 5; 5 by default. */
  readonly placements?: number;
  /**
   * How often failures are played for each placement; by default often enough where datacentres have failure
   * domains in common, and not at all where they have none.
   */
  readonly trials?: number;
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
  /**
   * The placements between which two figures are traded, all other requirements kept.
   * @throws DomainError `invalid` and `unavailable` as for simulations; `unavailable` also from an engine that
   *   finds no fronts.
   */
  findFront(
    input: SimulationInput,
    request: FrontRequest,
    options?: Pick<SimulateOptions, 'signal' | 'timeLimitMs'>,
  ): Promise<Front>;
}
