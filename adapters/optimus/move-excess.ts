import type { Pattern } from './pattern-rules.ts';
import type { PlacementProblem } from './placement-problem.ts';
import { holds, noDemand, together, type Demand, type Machine } from './machines.ts';

/** Machines rented: how many of each pattern. */
export type Rented = readonly (readonly [pattern: Pattern, count: number])[];

/** Machines of which more are rented than there are. */
export function overdrawnMachines({ machines }: PlacementProblem, rented: Rented): number[] {
  const counts = new Map<number, number>();
  for (const [{ machine }, count] of rented) {
    counts.set(machine, (counts.get(machine) ?? 0) + count);
  }
  return [...counts].flatMap(([machine, count]) =>
    // Parts of machines, of a relaxed program, do not add up exactly.
    count > (machines[machine]?.available ?? 0) + 1e-6 ? [machine] : [],
  );
}

/**
 * The same on machines that there are: what is too much of one is moved to the cheapest other in its
 * datacentre that holds it and is free.
 * @returns undefined when there is none for some.
 */
export function moveExcess(problem: PlacementProblem, rented: Rented): Rented | undefined {
  const { machines, rules } = problem;
  const free = machines.map(({ available }) => available);
  const moved: (readonly [Pattern, number])[] = [];
  for (const [pattern, count] of rented) {
    const home = machines[pattern.machine];
    if (home === undefined) continue;
    const needs = rules.blocks
      .filter(({ components: [first] }) => pattern.components.includes(first ?? -1))
      .reduce<Demand>(together, noDemand);
    const isChoice = (machine: Machine): boolean =>
      machine.site === home.site && holds(machine, needs);
    let left = count;
    // Machines are sorted by price within their datacentre.
    for (const machine of [pattern.machine, ...machines.keys()]) {
      const here = machines[machine];
      if (left === 0 || here === undefined || !isChoice(here)) continue;
      const taken = Math.min(left, free[machine] ?? 0);
      if (taken === 0) continue;
      free[machine] = (free[machine] ?? 0) - taken;
      left -= taken;
      moved.push([{ machine, components: pattern.components }, taken]);
    }
    if (left > 0) return undefined;
  }
  return moved;
}
