import type { DeploymentPlan, DesiredState, Fence } from '../../domain/deployment/ports.ts';
import { adoptOrphan } from './adopt-orphan.ts';
import { storeAppliedSet } from './applied-sets.ts';
import type { ApplyMode } from './applied-sets.ts';
import { decideAction } from './decide-action.ts';
import type { WantedInstance } from './desired-instances.ts';
import { recordEffect } from './effects.ts';
import { checkFence, claimFence } from './fences.ts';
import { takeInOrphans } from './find-orphans.ts';
import {
  deleteInstance,
  findInstance,
  insertInstance,
  keepInstance,
  listInstances,
  markStopping,
} from './instances.ts';
import type { Instance } from './instances.ts';
import { isAlive } from './proc.ts';
import { planDesired } from './plan-desired.ts';
import type { PlanContext } from './plan-desired.ts';
import { startProcess } from './start-process.ts';
import type { StartedProcess } from './start-process.ts';
import { stopProcess } from './stop-process.ts';
import type { StopOptions } from './stop-process.ts';
import { watchChild } from './watch-child.ts';
import type { WatchContext } from './watch-child.ts';

export interface ApplyContext extends PlanContext, WatchContext {
  readonly stopGraceMs: number;
}

export interface ApplyRequest {
  readonly desired: DesiredState;
  readonly fence: Fence;
  readonly mode: ApplyMode;
  /** Markers of instances that a rollback found unhealthy. */
  readonly unhealthy: ReadonlySet<string>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Makes the site run exactly the desired state. Every effect happens in a transaction that has just checked
 * the fence, and what is to be done is decided anew in each of them: so it can be killed anywhere and called
 * again, and a newer attempt stops it at its next step.
 */
export async function applyDesired(
  context: ApplyContext,
  request: ApplyRequest,
): Promise<DeploymentPlan> {
  const { state } = context;
  const { desired, fence, mode, unhealthy, signal } = request;
  signal?.throwIfAborted();
  const { plan, wanted, orphans } = state.locked(() => {
    claimFence(state, desired, fence);
    const planned = planDesired(context, desired, fence.token, unhealthy);
    const found = takeInOrphans(state, desired, fence, (component, specHash, orphan) =>
      adoptOrphan(state, desired, fence.token, planned.wanted.get(component), specHash, orphan),
    );
    storeAppliedSet(state, desired, fence, mode);
    // Again after the adoption, so that the answer does not announce a start that will not happen.
    const { plan } = planDesired(context, desired, fence.token, unhealthy);
    return { plan, wanted: planned.wanted, orphans: found };
  });
  for (const orphan of orphans) {
    context.logger.warn({ pid: orphan.pid, marker: orphan.marker }, 'ending an unrecorded process');
    await stopProcess(orphan, orphan.marker, stopOptions(context, request));
  }
  const components = new Set([
    ...wanted.keys(),
    ...listInstances(state, desired).map(({ component }) => component),
  ]);
  // All are let finish: none may still be at work when the caller hears of the first one's failure.
  const results = await Promise.allSettled(
    [...components].map((component) =>
      converge(context, request, component, wanted.get(component)),
    ),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return plan;
}

/** One component, step by step, until nothing is left to do. */
async function converge(
  context: ApplyContext,
  request: ApplyRequest,
  component: string,
  wanted: WantedInstance | undefined,
): Promise<void> {
  const { state } = context;
  const { desired, fence } = request;
  for (;;) {
    request.signal?.throwIfAborted();
    const next = state.locked((): Step => {
      checkFence(state, desired, fence);
      return takeStep(context, request, component, wanted);
    });
    if (next.stop !== undefined) {
      await stopProcess(next.stop, next.stop.marker, stopOptions(context, request));
    } else {
      if (next.started !== undefined) await watchChild(context, next.started);
      return;
    }
  }
}

interface Step {
  /** Its stop is on record and now to be carried out; then comes the next step. */
  readonly stop?: Instance;
  readonly started?: StartedProcess;
}

/** Decides and records under the lock; starting happens here, stopping takes time and follows. */
function takeStep(
  { state, host }: ApplyContext,
  { desired, fence, unhealthy }: ApplyRequest,
  component: string,
  wanted: WantedInstance | undefined,
): Step {
  let instance = findInstance(state, desired, component);
  const alive = instance !== undefined && isAlive(instance, instance.marker);
  if (instance?.stopping === 1) {
    if (alive) return { stop: instance };
    deleteInstance(state, desired, component);
    instance = undefined;
  }
  const { action, reason } = decideAction({
    wantedSpecHash: wanted?.specHash,
    instance,
    alive,
    unhealthy: instance !== undefined && unhealthy.has(instance.marker),
    token: fence.token,
  });
  if (instance !== undefined && (action === 'replace' || action === 'stop')) {
    markStopping(state, desired, component);
    const { pid, marker } = instance;
    recordEffect(state, desired, fence, { component, action: 'stop', pid, marker, detail: reason });
    return { stop: instance };
  }
  if (action === 'forget') deleteInstance(state, desired, component);
  if (action === 'keep') keepInstance(state, desired, component, fence.token);
  if (action !== 'start' || wanted === undefined) return {};
  deleteInstance(state, desired, component);
  const started = startProcess(state, desired, wanted, host, fence.token);
  insertInstance(state, desired, started.instance);
  const { pid, marker } = started.instance;
  if (pid !== 0) {
    recordEffect(state, desired, fence, {
      component,
      action: 'start',
      pid,
      marker,
      detail: reason,
    });
  }
  return { started };
}

function stopOptions(
  { state, stopGraceMs }: ApplyContext,
  { desired, fence, signal }: ApplyRequest,
): StopOptions {
  return {
    graceMs: stopGraceMs,
    signal,
    fenced: (send) => {
      state.locked(() => {
        checkFence(state, desired, fence);
        send();
      });
    },
  };
}
