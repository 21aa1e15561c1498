import { parentPort } from 'node:worker_threads';
import * as highsModule from 'highs';
import type { Highs } from 'highs';
import type { SimulationInput } from '../../domain/placement/simulation.ts';
import { explainInfeasibility, explainRejections } from './explain.ts';
import { bestPlacements, type SolveLp } from './optimise.ts';

/** Runs in a thread of its own: solving blocks it, and ending it is how a solve is cancelled. */
// The types describe the CommonJS build; Node loads the ES module, whose default is the loader.
const loadHighs = highsModule.default as unknown as () => Promise<Highs>;
const highs = await loadHighs();
const placementsWanted = 5;

const solve: SolveLp = (lp, variables) => {
  const result = highs.solve(lp, { output_flag: false, mip_rel_gap: 0, mip_abs_gap: 1e-7 });
  if (result.Status === 'Infeasible') return undefined;
  if (result.Status !== 'Optimal') throw new Error(`HiGHS ended with status "${result.Status}".`);
  return Array.from({ length: variables }, (_, index) => {
    const column = result.Columns[`x${index}`];
    return column !== undefined && 'Primal' in column ? column.Primal : 0;
  });
};

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
