import { parentPort } from 'node:worker_threads';
import type { SimulationInput } from '../../domain/placement/simulation.ts';
import { explainInfeasibility, explainRejections } from './explain.ts';
import { createHighsSolver } from './highs-solver.ts';
import { bestPlacements } from './optimise.ts';

/** Runs in a thread of its own: solving blocks it, and ending it is how a solve is cancelled. */
const solve = await createHighsSolver();
const placementsWanted = 5;

parentPort?.on('message', ({ id, input }: { id: number; input: SimulationInput }) => {
  try {
    const placements = bestPlacements(input, solve, placementsWanted);
    const best = placements[0];
    parentPort?.postMessage({
      id,
      answer: {
        status: best === undefined ? 'infeasible' : 'optimal',
        placements,
        rejectedDatacentres: best === undefined ? [] : explainRejections(input, solve, best),
        contradictions: best === undefined ? explainInfeasibility(input, solve) : [],
      },
    });
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
