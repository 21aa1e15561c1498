import { DomainError } from '../../domain/errors.ts';
import type { SimulationInput, SimulationResult } from '../../domain/placement/simulation.ts';
import { explainInfeasibility, explainRejections } from './explain.ts';
import { bestPlacements, type BestPlacements, type SearchOptions } from './optimise.ts';
import type { Solver } from './solver.ts';

/** What a simulation finds out: the result without what says where it comes from. */
export type SimulationAnswer = Omit<SimulationResult, 'engine' | 'inputsHash'>;

export interface AnswerOptions extends Pick<SearchOptions, 'deadline' | 'mostPatterns'> {
  /** How many placements are wanted. */
  readonly placements: number;
  /** Called with an answer without explanations whenever another placement was found. */
  readonly onProgress?: (answer: SimulationAnswer) => void;
}

/**
 * The whole of a simulation.
 * @throws DomainError `unavailable` when the deadline came before any placement was found.
 */
export function answerSimulation(
  input: SimulationInput,
  solver: Solver,
  { placements, onProgress, ...options }: AnswerOptions,
): SimulationAnswer {
  const best = bestPlacements(input, solver, placements, options, (soFar) =>
    onProgress?.(toAnswer(soFar)),
  );
  const [first] = best.ranked;
  if (first === undefined && best.isOpen) throw nothingFound(best);
  const { deadline } = options;
  return {
    ...toAnswer(best),
    ...(first === undefined
      ? { contradictions: explainInfeasibility(input, solver, deadline) }
      : { rejectedDatacentres: explainRejections(input, solver, first, deadline) }),
  };
}

function toAnswer({ ranked, proof }: BestPlacements): SimulationAnswer {
  return {
    status: ranked.length === 0 ? 'infeasible' : proof.ranksProven > 0 ? 'optimal' : 'feasible',
    placements: [...ranked],
    ...(ranked.length === 0 ? {} : { proof }),
    rejectedDatacentres: [],
    contradictions: [],
  };
}

function nothingFound({ proof }: BestPlacements): DomainError {
  return new DomainError(
    'unavailable',
    `No placement was found within the time limit, and none is proven not to exist; one would cost at least ${proof.lowerBound.toFixed(2)} a month.`,
    {
      code: 'optimus-time-limit',
      remedy: 'Give it more time, or ask for fewer datacentres, offers or components at once.',
    },
  );
}
