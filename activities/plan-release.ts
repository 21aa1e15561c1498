import type { ApplicationDefinition } from '../domain/application/application-definition.ts';
import type { ReleaseDefinition } from '../domain/application/release-definition.ts';
import type { ReleaseChange } from '../domain/change/change-request.ts';
import { desiredStates } from '../domain/deployment/desired-states.ts';
import type { DesiredState, RolloutOptions } from '../domain/deployment/ports.ts';
import { firstWave } from '../domain/deployment/waves.ts';
import type {
  Placement,
  RankedPlacement,
  SimulationResult,
} from '../domain/placement/simulation.ts';

export function optionsOf({ strategy }: ReleaseChange): RolloutOptions {
  return {
    ...(strategy.canaryPercent === undefined ? {} : { canaryPercent: strategy.canaryPercent }),
    ...(strategy.forceConflicts ? { forceConflicts: true } : {}),
  };
}

/** The best placement, or the best that begins with a mandatory first wave. */
export function choosePlacement(
  { placements }: SimulationResult,
  { datacentres, strategy }: ReleaseChange,
): RankedPlacement | undefined {
  if (!strategy.firstWaveMandatory) return placements[0];
  const first = firstWave({ order: datacentres, waves: strategy.waves });
  return placements.find(({ placement }) =>
    placement.assignments.some(({ datacentre }) => first.includes(datacentre)),
  );
}

/** What is to run in each datacentre by a placement, before it is known where components answer. */
export function unboundStates(input: {
  readonly application: ApplicationDefinition;
  readonly release: { readonly definition: ReleaseDefinition; readonly digest: string };
  readonly placement: Placement;
  readonly occupied: readonly string[];
  readonly options: RolloutOptions;
}): Record<string, DesiredState> {
  const { application, release, placement, occupied, options } = input;
  return desiredStates({
    application,
    release: release.definition,
    releaseDigest: release.digest,
    placement,
    occupied,
    options,
  });
}
