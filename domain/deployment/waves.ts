import type { Placement } from '../placement/simulation.ts';

/**
 * Groups of datacentres in the order in which they are worked on: those that run something by the
 * strategy's waves (default: one after the other), then those that lose everything, together, so that
 * nothing is taken away before its replacement stands.
 */
export function planWaves(input: {
  readonly order: readonly string[];
  readonly waves: readonly (readonly string[])[] | undefined;
  readonly placement: Placement;
  /** Datacentres that still run something of the application. */
  readonly occupied: readonly string[];
}): string[][] {
  const used = new Set(input.placement.assignments.map(({ datacentre }) => datacentre));
  const asked = input.waves ?? input.order.map((datacentre) => [datacentre]);
  const filling = asked
    .map((wave) => wave.filter((datacentre) => used.has(datacentre)))
    .filter((wave) => wave.length > 0);
  const emptied = [...new Set(input.occupied)].filter((datacentre) => !used.has(datacentre)).sort();
  return emptied.length > 0 ? [...filling, emptied] : filling;
}
