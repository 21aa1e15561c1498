import { undominated, type Machine } from './machines.ts';
import type { PlacementProblem } from './placement-problem.ts';

/** A datacentre as the searches for patterns see it. */
export interface Site {
  /** With their indices, cheapest first. */
  readonly machines: readonly (readonly [index: number, machine: Machine])[];
  /** Machines that there may be too few of, in any datacentre. */
  readonly scarce: ReadonlySet<number>;
  /** Blocks that can stand there. */
  readonly allowed: readonly number[];
}

export function createSites(problem: PlacementProblem, scarce: ReadonlySet<number>): Site[] {
  return problem.sites.map((_, site) => ({
    machines: undominated(
      [...problem.machines.entries()].filter(([, machine]) => machine.site === site),
      scarce,
    ),
    scarce,
    allowed: problem.rules.blocks.flatMap(({ components }, block) =>
      components.every((component) => problem.pairAt(component, site) !== undefined) ? [block] : [],
    ),
  }));
}
