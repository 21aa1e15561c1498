import { DomainError } from '../errors.ts';
import type { ApplicationDefinition } from '../application/application-definition.ts';
import type { ReleaseDefinition } from '../application/release-definition.ts';
import { distinctReplicas } from '../placement/rented-machines.ts';
import type { Latency, Placement } from '../placement/simulation.ts';
import type { DesiredState, RolloutOptions } from './ports.ts';

export type DesiredByDatacentre = Readonly<Record<string, DesiredState>>;

/**
 * What is to run in each datacentre, without bindings: datacentres named in `occupied` and unused by the
 * placement get an empty set, which removes what runs there.
 */
export function desiredStates(input: {
  readonly application: ApplicationDefinition;
  readonly release: ReleaseDefinition;
  readonly releaseDigest: string;
  readonly placement: Placement;
  readonly occupied: readonly string[];
  readonly options?: RolloutOptions;
}): Record<string, DesiredState> {
  const { application, release, releaseDigest, placement } = input;
  const datacentres = new Set([
    ...placement.assignments.map(({ datacentre }) => datacentre),
    ...input.occupied,
  ]);
  const states: Record<string, DesiredState> = {};
  for (const datacentre of [...datacentres].sort()) {
    // However many instances a datacentre is to hold: how they are run there is the release's to say.
    const components = distinctReplicas(placement.assignments)
      .filter((assignment) => assignment.datacentre === datacentre)
      .map(({ component }) => {
        const spec = release.components[component];
        if (spec === undefined) {
          throw new DomainError(
            'invalid',
            `Release ${release.version} of ${application.name} does not say how "${component}" runs.`,
            {
              code: 'release-lacks-component',
              remedy: `Register a release that has components.${component}.`,
            },
          );
        }
        return spec.runtime === 'kubernetes'
          ? { name: component, kubernetes: spec, bindings: {} }
          : { name: component, process: spec, bindings: {} };
      })
      .sort((a, b) => a.name.localeCompare(b.name));
    states[datacentre] = {
      application: application.name,
      datacentre,
      release: release.version,
      releaseDigest,
      components,
      ...(input.options === undefined ? {} : { options: input.options }),
    };
  }
  return states;
}

/**
 * Adds to each component where the components that it calls answer: its own datacentre first, then by
 * rising latency, the same order that Optimus predicts response times with.
 */
export function bindComponents(
  states: DesiredByDatacentre,
  application: ApplicationDefinition,
  endpoints: readonly { datacentre: string; component: string; url: string }[],
  latencies: readonly Latency[],
): Record<string, DesiredState> {
  const latencyMs = (from: string, to: string): number =>
    from === to
      ? -1
      : (latencies.find(
          (pair) =>
            (pair.from === from && pair.to === to) || (pair.from === to && pair.to === from),
        )?.ms ?? Number.POSITIVE_INFINITY);
  const calls = new Map(application.components.map(({ name, calls: callees }) => [name, callees]));
  const bindingsOf = (component: string, datacentre: string): Record<string, string[]> =>
    Object.fromEntries(
      (calls.get(component) ?? []).map((callee) => [
        callee,
        endpoints
          .filter((endpoint) => endpoint.component === callee)
          .map((endpoint) => ({ ...endpoint, ms: latencyMs(datacentre, endpoint.datacentre) }))
          .filter(({ ms }) => ms !== Number.POSITIVE_INFINITY)
          .sort((a, b) => a.ms - b.ms || a.datacentre.localeCompare(b.datacentre))
          .map(({ url }) => url),
      ]),
    );
  return Object.fromEntries(
    Object.entries(states).map(([datacentre, state]) => [
      datacentre,
      {
        ...state,
        components: state.components.map((component) => ({
          ...component,
          bindings: bindingsOf(component.name, datacentre),
        })),
      },
    ]),
  );
}
