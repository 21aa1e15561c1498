import { setTimeout as delay } from 'node:timers/promises';
import type { Manifest } from '../../domain/application/release-definition.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ClusterClient, ClusterRequest } from './cluster-client.ts';
import { ClusterStatusError } from './cluster-errors.ts';
import {
  describeRef,
  fenceOf,
  marks,
  type ClusterObject,
  type ObjectRef,
} from './cluster-objects.ts';
import type { ClusterResources } from './cluster-resources.ts';
import { stale } from './release-record.ts';

/** Fields that somebody else manages. */
export interface FieldConflict {
  readonly manager: string;
  readonly fields: readonly string[];
}

/** An object that was not applied because of them. */
export class FieldConflictError extends Error {
  readonly ref: ObjectRef;
  readonly conflicts: readonly FieldConflict[];

  constructor(ref: ObjectRef, conflicts: readonly FieldConflict[]) {
    super(`${describeRef(ref)}: ${conflicts.map(describeConflict).join('; ')}`);
    this.name = 'FieldConflictError';
    this.ref = ref;
    this.conflicts = conflicts;
  }
}

export interface Applier {
  /** What the API server would make of it, with its defaults and webhooks; nothing is stored. */
  dryRun(ref: ObjectRef, manifest: Manifest, options: ClusterRequest): Promise<ClusterObject>;
  /**
   * Applies one object, unless a newer attempt has applied it. Only what is read just before is written over:
   * the API server refuses what changed in between, and it is read again.
   * @throws FieldConflictError; DomainError `stale`, `invalid`, and as the client does.
   */
  apply(
    ref: ObjectRef,
    manifest: Manifest,
    options: ClusterRequest,
  ): Promise<{ readonly before: ClusterObject | undefined; readonly after: ClusterObject }>;
  /** Deletes what is still ours. @throws DomainError `stale`. */
  remove(ref: ObjectRef, token: number, options: ClusterRequest): Promise<void>;
  /** Until it is gone, finalizers and all. @throws DomainError `unavailable` when it takes too long. */
  awaitGone(ref: ObjectRef, options: ClusterRequest): Promise<void>;
}

const contentType = 'application/apply-patch+yaml'; // JSON is YAML
const pollMs = 200;
const goneWithinMs = 120_000;

export function createApplier(
  client: ClusterClient,
  resources: ClusterResources,
  site: { readonly application: string; readonly datacentre: string },
  force: boolean,
): Applier {
  const patch = async (
    ref: ObjectRef,
    body: unknown,
    query: Record<string, string>,
    options: ClusterRequest,
  ): Promise<ClusterObject> => {
    try {
      return (await client.send('PATCH', await resources.pathOf(ref, options), {
        ...options,
        body,
        contentType,
        query: { fieldManager: marks.fieldManager, force: String(force), ...query },
      })) as ClusterObject;
    } catch (error) {
      throw explained(ref, error);
    }
  };
  const awaitGone: Applier['awaitGone'] = async (ref, options) => {
    const until = performance.now() + goneWithinMs;
    while ((await resources.get(ref, options)) !== undefined) {
      if (performance.now() > until) {
        throw new DomainError('unavailable', `${describeRef(ref)} is still being deleted.`, {
          code: 'deletion-pending',
          remedy: 'Look at its finalizers.',
        });
      }
      await delay(
        pollMs,
        undefined,
        options.signal === undefined ? {} : { signal: options.signal },
      );
    }
  };
  const refuseNewer = (live: ClusterObject | undefined, token: number): void => {
    if (live === undefined || fenceOf(live) <= token) return;
    const { annotations = {} } = live.metadata;
    const newer = {
      change: annotations[marks.change] ?? '',
      attempt: annotations[marks.attempt] ?? '',
    };
    throw stale(newer, site.application, site.datacentre);
  };
  const removeLive = async (
    ref: ObjectRef,
    live: ClusterObject,
    options: ClusterRequest,
  ): Promise<void> => {
    const { uid, resourceVersion } = live.metadata;
    await client.send('DELETE', await resources.pathOf(ref, options), {
      ...options,
      contentType: 'application/json',
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        preconditions: { uid, resourceVersion },
      },
    });
  };

  return {
    awaitGone,
    dryRun: (ref, manifest, options) => patch(ref, manifest, { dryRun: 'All' }, options),

    async apply(ref, manifest, options) {
      const token = fenceOf(manifest as unknown as ClusterObject);
      for (;;) {
        const before = await resources.get(ref, options);
        refuseNewer(before, token);
        if (before?.metadata.deletionTimestamp !== undefined) {
          await awaitGone(ref, options);
          continue;
        }
        const resourceVersion = before?.metadata.resourceVersion;
        const body =
          resourceVersion === undefined
            ? manifest
            : { ...manifest, metadata: { ...manifest.metadata, resourceVersion } };
        try {
          return { before, after: await patch(ref, body, {}, options) };
        } catch (error) {
          if (isOutdated(error)) continue;
          // A Job's pods cannot be changed: another one takes its place.
          if (before === undefined || ref.kind !== 'Job' || !isInvalid(error)) throw error;
          await ignoringGone(() => removeLive(ref, before, options));
          await awaitGone(ref, options);
        }
      }
    },

    async remove(ref, token, options) {
      for (;;) {
        const live = await resources.get(ref, options);
        if (live === undefined || live.metadata.deletionTimestamp !== undefined) return;
        refuseNewer(live, token);
        // Somebody has made it his own since.
        if (live.metadata.labels?.[marks.application] !== site.application) return;
        try {
          await ignoringGone(() => removeLive(ref, live, options));
          return;
        } catch (error) {
          if (!isOutdated(error)) throw error;
        }
      }
    },
  };
}

const isOutdated = (error: unknown): boolean =>
  error instanceof ClusterStatusError && error.status === 409 && error.reason === 'Conflict';
const isInvalid = (error: unknown): boolean =>
  error instanceof DomainError && error.code === 'object-refused';

async function ignoringGone(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof ClusterStatusError && error.status === 404)) throw error;
  }
}

function explained(ref: ObjectRef, error: unknown): unknown {
  if (!(error instanceof ClusterStatusError)) return error;
  const foreign = error.causes.filter(({ reason }) => reason === 'FieldManagerConflict');
  if (error.status === 409 && foreign.length > 0) {
    const byManager = Map.groupBy(foreign, ({ message }) => managerIn(message));
    return new FieldConflictError(
      ref,
      [...byManager].map(([manager, causes]) => ({
        manager,
        fields: causes.map(({ field }) => field ?? '').sort(),
      })),
    );
  }
  if (error.status !== 400 && error.status !== 422) return error;
  return new DomainError('invalid', `${describeRef(ref)} is refused: ${error.message}`, {
    code: 'object-refused',
    cause: error,
    complaints: error.causes.map(({ field, message }) => ({
      field: field ?? describeRef(ref),
      message: message ?? '',
    })),
    remedy: 'Correct the manifest, and register a new release.',
  });
}

/** `conflict with "kubectl-edit" using apps/v1` */
function managerIn(message = ''): string {
  return /^conflict with "([^"]*)"/.exec(message)?.[1] ?? message;
}

export function describeConflict({ manager, fields }: FieldConflict): string {
  return `"${manager}" manages ${fields.join(', ')}`;
}
