import type { FastifyRequest } from 'fastify';
import { company, type Target } from '../domain/access/grants.ts';
import type { AppDeps } from './app-deps.ts';

type Touches = (request: FastifyRequest) => Promise<Target>;

/** What routes touch, by their parameters: for `config.touches`. @throws DomainError `not-found`. */
export function touchedChange({ changes, targets }: Pick<AppDeps, 'changes' | 'targets'>): Touches {
  return async (request) => {
    const { change } = request.params as { change: string };
    return targets.ofChange((await changes.get(change)).id);
  };
}

export function touchedApplication({ targets }: Pick<AppDeps, 'targets'>): Touches {
  return (request) =>
    targets.ofApplication((request.params as { application: string }).application);
}

/** That of its application; an incident that is about none concerns the whole company. */
export function touchedIncident({
  incidentReader,
  targets,
}: Pick<AppDeps, 'incidentReader' | 'targets'>): Touches {
  return async (request) => {
    const { incident } = request.params as { incident: string };
    const application = await incidentReader.applicationOf(incident);
    return application === null ? company : targets.ofApplication(application);
  };
}

export function touchedContract({
  contracts,
  targets,
}: Pick<AppDeps, 'contracts' | 'targets'>): Touches {
  return async (request) => {
    const { contract } = await contracts.get((request.params as { contract: string }).contract);
    return targets.ofContract(contract);
  };
}

export function touchedFreeze({ freezes, targets }: Pick<AppDeps, 'freezes' | 'targets'>): Touches {
  return async (request) => {
    const { freeze } = await freezes.get((request.params as { freeze: string }).freeze);
    return targets.ofScope(freeze.scope);
  };
}

export function touchedLineStop({
  lineStops,
  targets,
}: Pick<AppDeps, 'lineStops' | 'targets'>): Touches {
  return async (request) =>
    targets.ofScope((await lineStops.get((request.params as { id: string }).id)).scope);
}

/** Everything that either touches: what one of them is not confined in, both are not. */
export function both(one: Target, other: Target): Target {
  const union = (a: readonly string[], b: readonly string[]): string[] =>
    a.length === 0 || b.length === 0 ? [] : [...new Set([...a, ...b])].sort();
  return {
    departments: union(one.departments, other.departments),
    datacentres: union(one.datacentres, other.datacentres),
    solutions: union(one.solutions, other.solutions),
  };
}
