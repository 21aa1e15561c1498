import type { SimulationInput, SimulationResult } from './simulation.ts';

/** The simulator: embedded, or an external OPTIMUS by HTTP. Deterministic for the same input. */
export interface Optimus {
  /**
   * The best placements that meet every NFR. An input that no placement can satisfy is a result
   * (`status: 'infeasible'`), not an error.
   * @throws DomainError `invalid` when the input contradicts itself, `unavailable` when the engine is away.
   */
  simulate(input: SimulationInput, options?: { signal?: AbortSignal }): Promise<SimulationResult>;
}
