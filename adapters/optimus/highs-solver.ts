import * as highsModule from 'highs';
import type { Highs } from 'highs';
import type { SolveLp } from './optimise.ts';

// The types describe the CommonJS build; Node loads the ES module, whose default is the loader.
const loadHighs = highsModule.default as unknown as () => Promise<Highs>;

/** HiGHS (MIT) as WebAssembly: proven optima, the same for the same model. Blocks while it solves. */
export async function createHighsSolver(): Promise<SolveLp> {
  const highs = await loadHighs();
  return (lp, variables) => {
    const result = highs.solve(lp, { output_flag: false, mip_rel_gap: 0, mip_abs_gap: 1e-7 });
    if (result.Status === 'Infeasible') return undefined;
    if (result.Status !== 'Optimal') throw new Error(`HiGHS ended with status "${result.Status}".`);
    return Array.from({ length: variables }, (_, index) => {
      const column = result.Columns[`x${index}`];
      return column !== undefined && 'Primal' in column ? column.Primal : 0;
    });
  };
}
