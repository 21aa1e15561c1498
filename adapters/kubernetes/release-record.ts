import type { DeploymentStage, Fence } from '../../domain/deployment/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ClusterClient, ClusterRequest } from './cluster-client.ts';
import { ClusterStatusError } from './cluster-errors.ts';
import { marks, type ObjectRef } from './cluster-objects.ts';
import { recordAt } from './release-objects.ts';

/** An object that CTC applied, or is about to. */
export interface RecordedObject extends ObjectRef {
  readonly component: string;
  readonly uid?: string;
  /** As our own apply returned it. */
  readonly generation?: number;
}

/** What CTC keeps in the cluster about one application: who may act on it, and what is to be pruned. */
export interface ReleaseRecord {
  readonly fence: Fence;
  readonly release: string;
  readonly releaseDigest: string;
  readonly stage: DeploymentStage;
  /** Whether everything that was to be applied has been. */
  readonly applied: boolean;
  /** ISO instant by the worker's clock. */
  readonly appliedAt: string;
  /** Milliseconds after which a component that is not ready has failed, by component. */
  readonly readyTimeouts: Readonly<Record<string, number>>;
  readonly failAfterRestarts: Readonly<Record<string, number>>;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly objects: readonly RecordedObject[];
}

export interface ReleaseRecords {
  read(application: string, options?: ClusterRequest): Promise<ReleaseRecord | undefined>;
  /**
   * Writes what `next` makes of the record: compared and set, so that of two writers one begins again with what
   * the other wrote. @throws DomainError `stale` when a newer attempt has taken the record.
   */
  write(
    application: string,
    fence: Fence,
    next: (before: ReleaseRecord | undefined) => ReleaseRecord,
    options?: ClusterRequest,
  ): Promise<ReleaseRecord>;
}

/** ConfigMaps in a namespace of CTC's own: the fence is the API server's optimistic lock. */
export function createReleaseRecords(
  client: ClusterClient,
  { namespace, datacentre }: { readonly namespace: string; readonly datacentre: string },
): ReleaseRecords {
  const root = `/api/v1/namespaces/${namespace}/configmaps`;
  const nameOf = (application: string): string => `release.${application}`;

  const find = async (application: string, options: ClusterRequest) => {
    const found = (await client.find(`${root}/${nameOf(application)}`, options)) as
      { metadata: { resourceVersion: string }; data?: Record<string, string> } | undefined;
    if (found === undefined) return undefined;
    const text = recordAt(found, 'data')['record'];
    return {
      resourceVersion: found.metadata.resourceVersion,
      record: JSON.parse(String(text)) as ReleaseRecord,
    };
  };
  const store = async (
    application: string,
    record: ReleaseRecord,
    resourceVersion: string | undefined,
    options: ClusterRequest,
  ): Promise<void> => {
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: nameOf(application),
        labels: { [marks.managedBy]: 'ctc', [marks.application]: application },
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      data: { record: JSON.stringify(record) },
    };
    const contentType = 'application/json';
    if (resourceVersion !== undefined) {
      await client.send('PUT', `${root}/${nameOf(application)}`, { ...options, body, contentType });
      return;
    }
    try {
      await client.send('POST', root, { ...options, body, contentType });
    } catch (error) {
      if (!(error instanceof ClusterStatusError && error.status === 404)) throw error;
      await createNamespace(client, namespace, options);
      await client.send('POST', root, { ...options, body, contentType });
    }
  };

  return {
    read: async (application, options = {}) => (await find(application, options))?.record,
    async write(application, fence, next, options = {}) {
      for (;;) {
        const found = await find(application, options);
        refuseStale(found?.record, fence, application, datacentre);
        const record = next(found?.record);
        try {
          await store(application, record, found?.resourceVersion, options);
          return record;
        } catch (error) {
          // Somebody wrote in between: his fence decides who goes on.
          if (!(error instanceof ClusterStatusError && error.status === 409)) throw error;
        }
      }
    },
  };
}

export function refuseStale(
  record: ReleaseRecord | undefined,
  fence: Fence,
  application: string,
  datacentre: string,
): void {
  if (record === undefined || record.fence.token <= fence.token) return;
  throw stale(record.fence, application, datacentre);
}

export function stale(
  newer: { readonly change: string; readonly attempt: number | string },
  application: string,
  datacentre: string,
): DomainError {
  return new DomainError(
    'stale',
    `A newer attempt (${newer.attempt} of change ${newer.change}) holds ${application} in ${datacentre}.`,
    { code: 'fenced-off' },
  );
}

/** Does nothing where it is there already. */
export async function createNamespace(
  client: ClusterClient,
  name: string,
  options: ClusterRequest,
): Promise<void> {
  try {
    await client.send('POST', '/api/v1/namespaces', {
      ...options,
      contentType: 'application/json',
      body: {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name, labels: { [marks.managedBy]: 'ctc' } },
      },
    });
  } catch (error) {
    if (!(error instanceof ClusterStatusError && error.status === 409)) throw error;
  }
}
