import type { DeploymentPlan, DesiredState } from '../../domain/deployment/ports.ts';
import { asPlannedAction, decideAction } from './decide-action.ts';
import { wantedInstances } from './desired-instances.ts';
import type { WantedInstance } from './desired-instances.ts';
import { listInstances } from './instances.ts';
import type { LocalState } from './local-state.ts';
import { isAlive } from './proc.ts';
import { reservePorts } from './reserve-ports.ts';
import type { PortRange } from './reserve-ports.ts';

export interface PlanContext {
  readonly state: LocalState;
  readonly host: string;
  readonly portRange: PortRange;
}

/** What would happen now. Call it under the lock, for it reserves ports. */
export function planDesired(
  { state, host, portRange }: PlanContext,
  desired: DesiredState,
  token: number | undefined,
  unhealthy: ReadonlySet<string>,
): { plan: DeploymentPlan; wanted: Map<string, WantedInstance> } {
  const names = desired.components.map(({ name }) => name);
  const wanted = wantedInstances(desired, reservePorts(state, portRange, desired, names), host);
  const instances = new Map(
    listInstances(state, desired).map((instance) => [instance.component, instance]),
  );
  const actions = [...new Set([...names, ...instances.keys()])].sort().flatMap((component) => {
    const instance = instances.get(component);
    const decision = decideAction({
      wantedSpecHash: wanted.get(component)?.specHash,
      instance,
      alive: instance !== undefined && isAlive(instance, instance.marker),
      unhealthy: instance !== undefined && unhealthy.has(instance.marker),
      token,
    });
    return asPlannedAction(component, decision);
  });
  const { application, datacentre } = desired;
  const endpoints = [...wanted.values()].map(({ name, url }) => ({ component: name, url }));
  return { plan: { application, datacentre, actions, endpoints }, wanted };
}
