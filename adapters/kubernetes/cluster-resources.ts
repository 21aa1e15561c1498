import { DomainError } from '../../domain/errors.ts';
import type { ClusterClient, ClusterRequest } from './cluster-client.ts';
import type { ClusterObject, ObjectRef } from './cluster-objects.ts';

interface Resource {
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Where the API server keeps each kind, as it says itself; custom resources are found as soon as they are there. */
export interface ClusterResources {
  /** Undefined where the cluster has no such kind (yet). */
  find(apiVersion: string, kind: string, options?: ClusterRequest): Promise<Resource | undefined>;
  /** The path of an object. @throws DomainError `invalid` naming the kind that the cluster does not have. */
  pathOf(ref: ObjectRef, options?: ClusterRequest): Promise<string>;
  get(ref: ObjectRef, options?: ClusterRequest): Promise<ClusterObject | undefined>;
  /** All of a kind in a namespace that have these labels. */
  list(
    of: { readonly apiVersion: string; readonly kind: string; readonly namespace: string },
    labels: Readonly<Record<string, string>>,
    options?: ClusterRequest,
  ): Promise<ClusterObject[]>;
}

export function createClusterResources(client: ClusterClient): ClusterResources {
  const known = new Map<string, Map<string, Resource>>();

  const read = async (
    apiVersion: string,
    options: ClusterRequest,
  ): Promise<Map<string, Resource>> => {
    const found = (await client.find(rootOf(apiVersion), options)) as
      { resources?: readonly { name: string; kind: string; namespaced: boolean }[] } | undefined;
    const kinds = new Map(
      (found?.resources ?? [])
        // `deployments/status` is no place of its own.
        .filter(({ name }) => !name.includes('/'))
        .map(({ name, kind, namespaced }) => [kind, { plural: name, namespaced }]),
    );
    known.set(apiVersion, kinds);
    return kinds;
  };
  const find: ClusterResources['find'] = async (apiVersion, kind, options = {}) =>
    known.get(apiVersion)?.get(kind) ?? (await read(apiVersion, options)).get(kind);

  const pathOf: ClusterResources['pathOf'] = async (ref, options = {}) => {
    const resource = await find(ref.apiVersion, ref.kind, options);
    if (resource === undefined) throw unknownKind(ref);
    const namespace =
      resource.namespaced && ref.namespace !== undefined
        ? `/namespaces/${encodeURIComponent(ref.namespace)}`
        : '';
    return `${rootOf(ref.apiVersion)}${namespace}/${resource.plural}/${encodeURIComponent(ref.name)}`;
  };
  return {
    find,
    pathOf,
    async get(ref, options = {}) {
      const resource = await find(ref.apiVersion, ref.kind, options);
      if (resource === undefined) return undefined;
      return (await client.find(await pathOf(ref, options), options)) as ClusterObject | undefined;
    },
    async list({ apiVersion, kind, namespace }, labels, options = {}) {
      const resource = await find(apiVersion, kind, options);
      if (resource === undefined) return [];
      const path = `${rootOf(apiVersion)}/namespaces/${encodeURIComponent(namespace)}/${resource.plural}`;
      const items: ClusterObject[] = [];
      let next: string | undefined;
      do {
        const page = (await client.send('GET', path, {
          ...options,
          query: {
            labelSelector: Object.entries(labels)
              .map(([key, value]) => `${key}=${value}`)
              .join(','),
            limit: '250',
            continue: next,
          },
        })) as { items: ClusterObject[]; metadata: { continue?: string } };
        // Lists leave out what all their items have in common.
        items.push(...page.items.map((item) => ({ ...item, apiVersion, kind })));
        next = page.metadata.continue === '' ? undefined : page.metadata.continue;
      } while (next !== undefined);
      return items;
    },
  };
}

export function unknownKind({ apiVersion, kind, name }: ObjectRef): DomainError {
  return new DomainError('invalid', `The cluster has no ${kind} of ${apiVersion} (${name}).`, {
    code: 'no-such-kind',
    remedy: 'Add its CustomResourceDefinition to the release, or install it in the cluster first.',
  });
}

const rootOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
