import type { Placement } from '../placement/simulation.ts';
import type { DeploymentStage, DesiredState } from './ports.ts';

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

/** The first wave of what was asked for: the only one of a request without waves is its first datacentre. */
export function firstWave(input: {
  readonly order: readonly string[];
  readonly waves: readonly (readonly string[])[] | undefined;
}): readonly string[] {
  return input.waves?.[0] ?? input.order.slice(0, 1);
}

/** The steps in which a datacentre gets there; none in between where nothing of it runs in steps. */
export function stagesOf(state: DesiredState): readonly DeploymentStage[] {
  const { components, options } = state;
  const canary = options?.canaryPercent !== undefined && components.length > 0;
  const switched = components.some(({ kubernetes }) => kubernetes?.blueGreen === true);
  return [
    ...(canary ? (['canary'] as const) : []),
    ...(switched ? (['prepare'] as const) : []),
    'full',
  ];
}
