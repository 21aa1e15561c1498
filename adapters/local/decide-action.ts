import type { PlannedAction } from '../../domain/deployment/ports.ts';
import type { Instance } from './instances.ts';

export interface ComponentSituation {
  /** Hash of what is to run; undefined when the component is not wanted here. */
  readonly wantedSpecHash: string | undefined;
  readonly instance: Instance | undefined;
  readonly alive: boolean;
  /** Found unhealthy by a rollback, which replaces such instances even when they look the same. */
  readonly unhealthy: boolean;
  /** The attempt that asks; undefined for a plan, which belongs to none yet. */
  readonly token: number | undefined;
}

/** `leave`: it failed under this very attempt, and starting it for ever would hide that. */
export type Action = PlannedAction['action'] | 'leave' | 'forget';

/** What the exact desired state asks for one component, and why. */
export function decideAction(situation: ComponentSituation): { action: Action; reason: string } {
  const { wantedSpecHash, instance, alive, unhealthy, token } = situation;
  if (wantedSpecHash === undefined) {
    if (instance === undefined) return { action: 'forget', reason: 'nothing of it is here' };
    return alive
      ? { action: 'stop', reason: 'it is no longer wanted here' }
      : { action: 'forget', reason: 'it is no longer wanted here and has already ended' };
  }
  if (instance === undefined) return { action: 'start', reason: 'it does not run here yet' };
  if (instance.stopping === 1) {
    return { action: 'replace', reason: 'an earlier attempt was stopping it' };
  }
  if (instance.specHash !== wantedSpecHash) {
    return {
      action: alive ? 'replace' : 'start',
      reason: `release ${instance.release} here runs with another specification`,
    };
  }
  const ofThisAttempt = token !== undefined && instance.token === token;
  if (!alive) {
    return ofThisAttempt
      ? {
          action: 'leave',
          reason: 'it failed in this attempt; only a newer attempt starts it again',
        }
      : { action: 'start', reason: 'it has ended' };
  }
  if (unhealthy && !ofThisAttempt) {
    return { action: 'replace', reason: 'it runs as wanted but is not healthy' };
  }
  return { action: 'keep', reason: 'it runs as wanted' };
}

/** As the port names it: what the driver only takes note of is not an action for anybody else. */
export function asPlannedAction(
  component: string,
  { action, reason }: { action: Action; reason: string },
): PlannedAction[] {
  if (action === 'forget') return [];
  return [{ component, action: action === 'leave' ? 'keep' : action, reason }];
}
