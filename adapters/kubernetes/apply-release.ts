import { setTimeout as delay } from 'node:timers/promises';
import { Semaphore } from 'async-mutex';
import type {
  DeploymentPlan,
  DeploymentStage,
  DesiredState,
  Fence,
  PlannedObject,
} from '../../domain/deployment/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { inApplyOrder } from './apply-order.ts';
import type { ClusterClient, ClusterRequest } from './cluster-client.ts';
import { describeRef, refKey, type ClusterObject, type ObjectRef } from './cluster-objects.ts';
import type { ClusterResources } from './cluster-resources.ts';
import { endpointsOf } from './endpoints.ts';
import { markedManifest } from './release-objects.ts';
import {
  createNamespace,
  refuseStale,
  type RecordedObject,
  type ReleaseRecords,
} from './release-record.ts';
import { leftOver, resolveObjects, type ResolvedObject } from './resolve-objects.ts';
import { rolloutStatus } from './rollout-status.ts';
import {
  createApplier,
  describeConflict,
  FieldConflictError,
  type Applier,
} from './server-side-apply.ts';

export interface ClusterAccess {
  readonly client: ClusterClient;
  readonly resources: ClusterResources;
  readonly records: ReleaseRecords;
}

export interface AppliedObject {
  readonly object: ResolvedObject;
  readonly before: ClusterObject | undefined;
  readonly after: ClusterObject;
}

/** Requests under way at once to one API server. */
const mostAtOnce = 8;
const establishedWithinMs = 60_000;
/** Never pruned: with them goes what others may have put in, and data. */
const keptKinds = [
  'Namespace',
  'CustomResourceDefinition',
  'PersistentVolumeClaim',
  'PersistentVolume',
];

/**
 * Makes the cluster hold a stage of the desired state. The record is written before anything is touched, and
 * names all that was and all that will be: whatever a crash leaves behind is known to the next attempt.
 */
export async function applyRelease(
  { client, resources, records }: ClusterAccess,
  desired: DesiredState,
  fence: Fence,
  how: {
    readonly stage: DeploymentStage;
    /** ISO instant. */
    readonly now: () => string;
  },
  options: ClusterRequest,
): Promise<AppliedObject[]> {
  const { application, datacentre } = desired;
  const force = desired.options?.forceConflicts === true;
  const applier = createApplier(client, resources, desired, force);
  refuseStale(await records.read(application, options), fence, application, datacentre);
  const wanted = await resolveObjects(resources, desired, how.stage, options);
  const marked = new Map(
    wanted.map((object) => [object, markedManifest(object, object.ref.namespace, desired, fence)]),
  );
  const manifestOf = (object: ResolvedObject) => marked.get(object) ?? object.manifest;
  const planned = wanted.map(({ ref, component }): RecordedObject => ({ ...ref, component }));
  const recorded = await records.write(
    application,
    fence,
    (before) => ({
      ...headOf(desired, fence, how),
      endpoints: endpointsOf(desired, client.server),
      applied: false,
      objects: [...leftOver(before?.objects ?? [], wanted), ...planned],
    }),
    options,
  );

  await ensureNamespaces(client, resources, wanted, options);
  const applied: AppliedObject[] = [];
  const conflicting: FieldConflictError[] = [];
  for (const group of inApplyOrder(wanted, ({ ref }) => ref.kind)) {
    // Between groups a newer attempt is noticed even where it has not come to the same objects yet.
    refuseStale(await records.read(application, options), fence, application, datacentre);
    await eachAtOnce(group, async (object) => {
      try {
        applied.push({ object, ...(await applier.apply(object.ref, manifestOf(object), options)) });
      } catch (error) {
        if (!(error instanceof FieldConflictError)) throw error;
        conflicting.push(error);
      }
    });
    await awaitDefinitions(resources, group, options);
  }
  if (conflicting.length > 0) {
    throw managedByOthers(
      desired,
      conflicting.map(({ ref, conflicts }) => ({ object: describeRef(ref), conflicts })),
    );
  }

  if (how.stage === 'full') {
    const gone = leftOver(recorded.objects, wanted);
    await removeAll(applier, gone, fence.token, options);
  }
  const results = new Map(applied.map(({ object, after }) => [refKey(object.ref), after.metadata]));
  await records.write(
    application,
    fence,
    (before) => ({
      ...headOf(desired, fence, how),
      endpoints: endpointsOf(desired, client.server),
      applied: true,
      objects: [
        ...(how.stage === 'full' ? [] : leftOver(before?.objects ?? [], wanted)),
        ...planned.map((ref) => {
          const { uid, generation } = results.get(refKey(ref)) ?? {};
          return {
            ...ref,
            ...(uid === undefined ? {} : { uid }),
            ...(generation === undefined ? {} : { generation }),
          };
        }),
      ],
    }),
    options,
  );
  return applied;
}

function headOf(
  desired: DesiredState,
  fence: Fence,
  { stage, now }: { readonly stage: DeploymentStage; readonly now: () => string },
) {
  const specs = desired.components.flatMap(({ name, kubernetes }) =>
    kubernetes === undefined ? [] : [[name, kubernetes] as const],
  );
  return {
    fence,
    release: desired.release,
    releaseDigest: desired.releaseDigest,
    stage,
    appliedAt: now(),
    readyTimeouts: Object.fromEntries(specs.map(([name, spec]) => [name, spec.readyTimeoutMs])),
    failAfterRestarts: Object.fromEntries(
      specs.map(([name, spec]) => [name, spec.failAfterRestarts]),
    ),
  };
}

/** Refuses what the plan says cannot be applied, before anything is touched. */
export function refuseProblems(desired: DesiredState, { objects = [] }: DeploymentPlan): void {
  const conflicting = objects.filter(({ conflicts }) => conflicts.length > 0);
  if (conflicting.length > 0) throw managedByOthers(desired, conflicting);
  const problems = objects.filter(({ problem }) => problem !== undefined);
  if (problems.length === 0) return;
  throw new DomainError(
    'invalid',
    `${desired.datacentre} does not take release ${desired.release} of ${desired.application}. ${problems.map(({ problem }) => problem).join(' ')}`,
    {
      code: 'objects-refused',
      complaints: problems.map(({ object, problem }) => ({
        field: object,
        message: problem ?? '',
      })),
      remedy: 'Correct the manifests, and register a new release.',
    },
  );
}

function managedByOthers(
  desired: DesiredState,
  refused: readonly Pick<PlannedObject, 'object' | 'conflicts'>[],
): DomainError {
  const words = refused.map(
    ({ object, conflicts }) => `${object}: ${conflicts.map(describeConflict).join('; ')}`,
  );
  return new DomainError(
    'conflict',
    `${desired.datacentre}: others manage fields that release ${desired.release} of ${desired.application} sets. ${words.join('. ')}.`,
    {
      code: 'field-manager-conflict',
      complaints: refused.flatMap(({ object, conflicts }) =>
        conflicts.map((conflict) => ({ field: object, message: describeConflict(conflict) })),
      ),
      remedy:
        'Agree with whoever changed them, leave the fields out of the manifests, or ask for the change with strategy.forceConflicts.',
    },
  );
}

async function ensureNamespaces(
  client: ClusterClient,
  resources: ClusterResources,
  wanted: readonly ResolvedObject[],
  options: ClusterRequest,
): Promise<void> {
  const own = new Set(
    wanted.filter(({ ref }) => ref.kind === 'Namespace').map(({ ref }) => ref.name),
  );
  const needed = new Set(wanted.flatMap(({ ref: { namespace } }) => namespace ?? []));
  for (const name of needed) {
    if (own.has(name)) continue;
    const ref = { apiVersion: 'v1', kind: 'Namespace', name };
    if ((await resources.get(ref, options)) === undefined) {
      await createNamespace(client, name, options);
    }
  }
}

/** Custom resources can be applied once their definitions are served. */
async function awaitDefinitions(
  resources: ClusterResources,
  group: readonly ResolvedObject[],
  options: ClusterRequest,
): Promise<void> {
  const until = performance.now() + establishedWithinMs;
  for (const { ref } of group) {
    if (ref.kind !== 'CustomResourceDefinition') continue;
    for (;;) {
      const live = await resources.get(ref, options);
      if (live !== undefined && rolloutStatus(live, 0).state === 'ready') break;
      if (performance.now() > until) {
        throw new DomainError('unavailable', `${describeRef(ref)} is not served yet.`, {
          code: 'definition-not-established',
        });
      }
      await delay(200, undefined, options.signal === undefined ? {} : { signal: options.signal });
    }
  }
}

/** In the other order than they were applied in. */
export async function removeAll(
  applier: Applier,
  gone: readonly ObjectRef[],
  token: number,
  options: ClusterRequest,
): Promise<void> {
  const prunable = gone.filter(({ kind }) => !keptKinds.includes(kind));
  for (const group of inApplyOrder(prunable, ({ kind }) => kind).reverse()) {
    await eachAtOnce(group, (ref) => applier.remove(ref, token, options));
  }
}

export async function eachAtOnce<T>(
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> {
  const semaphore = new Semaphore(mostAtOnce);
  const results = await Promise.allSettled(
    items.map((item) => semaphore.runExclusive(() => act(item))),
  );
  // Only when all have ended: nothing acts any more when the caller learns of a failure.
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
