import type { DeploymentStage, DesiredState } from '../../domain/deployment/ports.ts';
import type { ClusterRequest } from './cluster-client.ts';
import { marks, refKey, type ClusterObject, type ObjectRef } from './cluster-objects.ts';
import { unknownKind, type ClusterResources } from './cluster-resources.ts';
import {
  complainAboutTwins,
  objectsAt,
  recordAt,
  releaseObjects,
  type ReleaseObject,
} from './release-objects.ts';

/** An object of a release, and where it belongs in the cluster. */
export interface ResolvedObject extends ReleaseObject {
  readonly ref: ObjectRef;
}

/**
 * What a stage of the desired state consists of. Reads the cluster only where the stage depends on what is live.
 * @throws DomainError `invalid` for a kind that neither the cluster nor the release knows, and for twins.
 */
export async function resolveObjects(
  resources: ClusterResources,
  desired: DesiredState,
  stage: DeploymentStage,
  options: ClusterRequest,
): Promise<ResolvedObject[]> {
  const all = releaseObjects(desired);
  const scopes = scopesOfDefinitions(all);
  const resolve = async (object: ReleaseObject): Promise<ResolvedObject> => {
    const { apiVersion, kind, metadata } = object.manifest;
    const known = await resources.find(apiVersion, kind, options);
    const namespaced = known?.namespaced ?? scopes.get(`${groupOf(apiVersion)}/${kind}`);
    if (namespaced === undefined) throw unknownKind({ apiVersion, kind, name: metadata.name });
    const component = desired.components.find(({ name }) => name === object.component);
    const namespace = metadata.namespace ?? component?.kubernetes?.namespace ?? desired.application;
    return {
      ...object,
      ref: { apiVersion, kind, name: metadata.name, ...(namespaced ? { namespace } : {}) },
    };
  };
  const resolved = await Promise.all(all.map(resolve));
  complainAboutTwins(
    desired,
    resolved.map(({ ref }) => ref),
  );
  if (stage === 'full') return resolved;
  const live = new Map<ReleaseObject, ClusterObject | undefined>();
  await Promise.all(
    resolved.map(async (object) => live.set(object, await resources.get(object.ref, options))),
  );
  const staged = objectsAt(stage, desired, resolved, (object) => {
    const found = live.get(object);
    if (found === undefined) return undefined;
    const replicas = recordAt(found, 'spec')['replicas'];
    return {
      replicas: typeof replicas === 'number' ? replicas : 1,
      digest: found.metadata.annotations?.[marks.releaseDigest] ?? '',
    };
  });
  return Promise.all(staged.map(resolve));
}

/** Kinds that the release itself defines, which the cluster may not know yet. */
function scopesOfDefinitions(objects: readonly ReleaseObject[]): ReadonlyMap<string, boolean> {
  return new Map(
    objects
      .filter(({ manifest }) => manifest.kind === 'CustomResourceDefinition')
      .map(({ manifest }) => {
        const spec = recordAt(manifest, 'spec');
        const kind = String(recordAt(spec, 'names')['kind']);
        return [`${String(spec['group'])}/${kind}`, spec['scope'] === 'Namespaced'];
      }),
  );
}

const groupOf = (apiVersion: string): string => apiVersion.split('/')[0] ?? '';

/** What was there and is not wanted any more. */
export function leftOver<T extends ObjectRef>(
  recorded: readonly T[],
  wanted: readonly ResolvedObject[],
): T[] {
  const keys = new Set(wanted.map(({ ref }) => refKey(ref)));
  return recorded.filter((ref) => !keys.has(refKey(ref)));
}
