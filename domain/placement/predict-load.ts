import type { ApplicationDefinition } from '../application/application-definition.ts';
import { countInstances } from './moving.ts';
import type { Placement, SimulationInput } from './simulation.ts';

/**
 * Requests that each component gets for one that users make of the application: every entry gets it, and every
 * caller calls each of its components once.
 */
export function requestsPerRequest(
  components: ApplicationDefinition['components'],
): ReadonlyMap<string, number> {
  const callers = new Map<string, string[]>();
  for (const { name, calls } of components) {
    for (const callee of calls) callers.set(callee, [...(callers.get(callee) ?? []), name]);
  }
  const entries = new Set(components.flatMap(({ name, entry }) => (entry ? [name] : [])));
  const known = new Map<string, number>();
  const of = (name: string): number => {
    const requests =
      known.get(name) ??
      (callers.get(name) ?? []).reduce(
        (sum, caller) => sum + of(caller),
        entries.has(name) ? 1 : 0,
      );
    known.set(name, requests);
    return requests;
  };
  return new Map(components.map(({ name }) => [name, of(name)]));
}

/** Fewest instances of each component for so many answers a second; components without a known capacity need none. */
export function instancesForThroughput(
  components: ApplicationDefinition['components'],
  perSecond: number,
): ReadonlyMap<string, number> {
  const requests = requestsPerRequest(components);
  return new Map(
    components.flatMap(({ name, capacityPerSecond }) =>
      capacityPerSecond === undefined
        ? []
        : // Shares of capacities are not exact.
          [[name, Math.ceil((perSecond * (requests.get(name) ?? 0)) / capacityPerSecond - 1e-9)]],
    ),
  );
}

/** Answers a second of the component with the least to spare; undefined where no capacity is known. */
export function predictThroughput(
  { components }: Pick<ApplicationDefinition, 'components'>,
  { assignments }: Pick<Placement, 'assignments'>,
): number | undefined {
  const requests = requestsPerRequest(components);
  const limits = components.flatMap(({ name, capacityPerSecond }) => {
    const instances = assignments.filter(({ component }) => component === name).length;
    const each = requests.get(name) ?? 0;
    // One that is not deployed has given way to another.
    if (capacityPerSecond === undefined || instances === 0 || each === 0) return [];
    return [(capacityPerSecond * instances) / each];
  });
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** What leaves datacentres by the links that say how much, and what that costs; undefined where none does. */
export function predictTraffic(
  { application, datacentres }: Pick<SimulationInput, 'application' | 'datacentres'>,
  { assignments }: Pick<Placement, 'assignments'>,
): { readonly gbPerMonth: number; readonly monthlyCost: number } | undefined {
  const links = (application.links ?? []).filter(({ gbPerMonth }) => gbPerMonth !== undefined);
  if (links.length === 0) return undefined;
  const instances = countInstances(assignments);
  const deployed = new Set(assignments.map(({ component }) => component));
  let [gb, monthlyCost] = [0, 0];
  for (const { from, to, gbPerMonth = 0 } of links) {
    if (!deployed.has(to)) continue;
    for (const { id, egressPricePerGb = 0 } of datacentres) {
      if (!instances.has(`${from}@${id}`) || instances.has(`${to}@${id}`)) continue;
      gb += gbPerMonth;
      monthlyCost += gbPerMonth * egressPricePerGb;
    }
  }
  return { gbPerMonth: gb, monthlyCost };
}
