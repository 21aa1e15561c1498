import diff from 'microdiff';
import type {
  DeploymentPlan,
  DesiredState,
  FieldChange,
  PlannedAction,
  PlannedObject,
} from '../../domain/deployment/ports.ts';
import { isDomainError } from '../../domain/errors.ts';
import { eachAtOnce, type ClusterAccess } from './apply-release.ts';
import type { ClusterRequest } from './cluster-client.ts';
import { bookkeeping, describeRef, type ClusterObject } from './cluster-objects.ts';
import { endpointsOf } from './endpoints.ts';
import { markedManifest } from './release-objects.ts';
import type { RecordedObject } from './release-record.ts';
import { leftOver, resolveObjects, type ResolvedObject } from './resolve-objects.ts';
import { createApplier, FieldConflictError } from './server-side-apply.ts';

/** What applying the desired state would do, object by object, as the API server itself says. */
export async function planRelease(
  access: ClusterAccess,
  desired: DesiredState,
  options: ClusterRequest,
): Promise<DeploymentPlan> {
  const { client, resources, records } = access;
  const { application, datacentre } = desired;
  const wanted = await resolveObjects(resources, desired, 'full', options);
  const record = await records.read(application, options);
  const planned = new Map<ResolvedObject, PlannedObject>();
  await eachAtOnce(wanted, async (object) => {
    planned.set(object, await planObject(access, desired, object, options));
  });
  const gone = leftOver(record?.objects ?? [], wanted);
  const objects = [
    ...wanted.flatMap((object) => planned.get(object) ?? []),
    ...gone.map((ref): PlannedObject => ({
      component: ref.component,
      object: describeRef(ref),
      action: 'delete',
      changes: [],
      conflicts: [],
    })),
  ];
  return {
    application,
    datacentre,
    actions: actionsOf(desired, record?.objects ?? [], objects),
    objects,
    endpoints: Object.entries(endpointsOf(desired, client.server)).map(([component, url]) => ({
      component,
      url,
    })),
  };
}

async function planObject(
  { client, resources }: ClusterAccess,
  desired: DesiredState,
  object: ResolvedObject,
  options: ClusterRequest,
): Promise<PlannedObject> {
  const { ref, component } = object;
  const plan = (
    action: PlannedObject['action'],
    rest: Partial<PlannedObject> = {},
  ): PlannedObject => ({
    component,
    object: describeRef(ref),
    action,
    changes: [],
    conflicts: [],
    ...rest,
  });
  const fence = { token: 0, change: '', attempt: 0 };
  const marked = markedManifest(object, ref.namespace, desired, fence);
  const force = desired.options?.forceConflicts === true;
  const applier = createApplier(client, resources, desired, force);
  try {
    for (let look = 1; ; look += 1) {
      const live = await resources.get(ref, options);
      if (live === undefined) return plan('create');
      // The bookkeeping of whoever was here last stands: it is no difference that counts.
      const after = await applier.dryRun(ref, withBookkeepingOf(live, marked), options);
      // A controller may have written in between: what it did is no difference that we would make.
      const isSame = after.metadata.resourceVersion === live.metadata.resourceVersion;
      if (!isSame && look < mostLooks) continue;
      const changes = differences(live, after);
      return plan(changes.length === 0 ? 'keep' : 'update', { changes });
    }
  } catch (error) {
    if (error instanceof FieldConflictError) {
      return plan('update', { conflicts: error.conflicts, problem: error.message });
    }
    if (!isDomainError(error) || error.kind !== 'invalid') throw error;
    if (ref.kind === 'Job') {
      // A Job's pods cannot be changed: another one takes its place.
      return plan('update', { changes: [{ path: 'spec', after: 'replaced as a whole' }] });
    }
    return plan('unknown', { problem: error.message });
  }
}

function withBookkeepingOf(
  live: ClusterObject,
  manifest: ResolvedObject['manifest'],
): ResolvedObject['manifest'] {
  const annotations = { ...manifest.metadata.annotations };
  for (const name of bookkeeping) {
    const value = live.metadata.annotations?.[name];
    if (value === undefined) Reflect.deleteProperty(annotations, name);
    else annotations[name] = value;
  }
  return { ...manifest, metadata: { ...manifest.metadata, annotations } };
}

/** At an object that is written to all the time, what differs is told as it was last seen. */
const mostLooks = 5;

/** Fields that the API server keeps for itself. */
const ownFields = ['managedFields', 'resourceVersion', 'generation', 'creationTimestamp', 'uid'];

/** Field by field; of a Secret only which fields differ. */
export function differences(before: ClusterObject, after: ClusterObject): FieldChange[] {
  const hidden = before.kind === 'Secret';
  return diff(compared(before), compared(after)).map((difference) => {
    const path = difference.path.join('.');
    if (hidden && /^(data|stringData)\b/.test(path)) return { path, before: '•••', after: '•••' };
    switch (difference.type) {
      case 'CREATE':
        return { path, after: difference.value as unknown };
      case 'REMOVE':
        return { path, before: difference.oldValue as unknown };
      case 'CHANGE':
        return {
          path,
          before: difference.oldValue as unknown,
          after: difference.value as unknown,
        };
    }
  });
}

function compared({ status: _status, metadata, ...rest }: ClusterObject): Record<string, unknown> {
  const kept = Object.entries(metadata).filter(([field]) => !ownFields.includes(field));
  return { ...rest, metadata: Object.fromEntries(kept) };
}

/** By component, as every driver says it. */
function actionsOf(
  desired: DesiredState,
  recorded: readonly RecordedObject[],
  objects: readonly PlannedObject[],
): PlannedAction[] {
  const running = new Set(recorded.map(({ component }) => component));
  const wanted = desired.components.map(({ name }): PlannedAction => {
    const own = objects.filter(({ component }) => component === name);
    const touched = own.filter(({ action }) => action !== 'keep');
    if (!running.has(name))
      return { component: name, action: 'start', reason: 'nothing of it runs here' };
    if (touched.length === 0) {
      return { component: name, action: 'keep', reason: 'every object is as it is wanted' };
    }
    const reason = touched.map(({ object, action }) => `${action} ${object}`).join(', ');
    return { component: name, action: 'replace', reason };
  });
  const names = new Set(desired.components.map(({ name }) => name));
  const stopped = [...running]
    .filter((name) => !names.has(name))
    .map((component): PlannedAction => ({
      component,
      action: 'stop',
      reason: 'it is wanted no more',
    }));
  return [...wanted, ...stopped];
}
