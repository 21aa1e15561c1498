import {
  describeRequirement,
  softRequirements,
  type Requirement,
} from '../../domain/application/nfrs.ts';
import { DomainError } from '../../domain/errors.ts';
import { playFailures } from '../../domain/placement/play-failures.ts';
import type {
  RankedPlacement,
  SimulationInput,
  SimulationResult,
} from '../../domain/placement/simulation.ts';
import { explainInfeasibility, explainRejections } from './explain.ts';
import {
  bestPlacements,
  searchPlacements,
  type BestPlacements,
  type SearchOptions,
} from './optimise.ts';
import { createDeadline, type Deadline, type Solver } from './solver.ts';

/** What a simulation finds out: the result without what says where it comes from. */
export type SimulationAnswer = Omit<SimulationResult, 'engine' | 'inputsHash'>;

const usualTrials = 100_000;
/** Share of the time left for each look at whether soft requirements can be met. */
const softShare = 0.15;

export interface AnswerOptions extends Pick<SearchOptions, 'deadline' | 'mostPatterns'> {
  /** How many placements are wanted. */
  readonly placements: number;
  /** How often failures are played for each of them. */
  readonly trials?: number | undefined;
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
  { placements, trials, onProgress, ...options }: AnswerOptions,
): SimulationAnswer {
  const { deadline } = options;
  const { nfrs } = input.application;
  const unmet = giveWay(input, solver, deadline);
  const gaveWay =
    unmet.length === 0
      ? {}
      : {
          unmet: unmet.map((requirement) => ({
            requirement,
            target: describeRequirement(nfrs, requirement),
          })),
        };
  const search = { ...options, without: new Set(unmet) };
  const best = bestPlacements(input, solver, placements, search, (soFar) =>
    onProgress?.({ ...toAnswer(soFar), ...gaveWay }),
  );
  const [first] = best.ranked;
  if (first === undefined) {
    if (best.isOpen) throw nothingFound(best);
    return { ...toAnswer(best), ...explainInfeasibility(input, solver, deadline) };
  }
  const answer = { ...toAnswer(best), ...gaveWay };
  return {
    ...answer,
    placements: tryFailures(input, answer.placements, trials),
    rejectedDatacentres: explainRejections(input, solver, first, search),
  };
}

/**
 * The soft requirements that cannot be met: from the most important on each is kept if it can be met with all
 * that were kept before it. All of them where not even the hard ones can be met; that is then for the search to say.
 */
function giveWay(input: SimulationInput, solver: Solver, deadline: Deadline): Requirement[] {
  const soft = softRequirements(input.application.nfrs);
  if (soft.length === 0) return [];
  const canBeMet = (without: readonly Requirement[]): boolean => {
    const part = createDeadline(deadline.remainingMs() * softShare);
    const search = { deadline: part, without: new Set(without) };
    return searchPlacements(input, solver, search).next().status === 'found';
  };
  if (canBeMet([])) return [];
  let left = soft;
  for (const requirement of soft.toReversed()) {
    const fewer = left.filter((one) => one !== requirement);
    if (canBeMet(fewer)) left = fewer;
  }
  return left;
}

/** The availability of each by playing failures too, where datacentres have something in common or it was asked for. */
function tryFailures(
  input: SimulationInput,
  placements: readonly RankedPlacement[],
  asked: number | undefined,
): RankedPlacement[] {
  const trials = asked ?? ((input.failureDomains ?? []).length > 0 ? usualTrials : 0);
  if (trials === 0) return [...placements];
  return placements.map((one) => ({
    ...one,
    trial: playFailures(input, one.placement, { trials, seed: one.rank }),
  }));
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
