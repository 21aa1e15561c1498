import type { ClusterClient, ClusterRequest } from './cluster-client.ts';
import type { ClusterObject } from './cluster-objects.ts';
import type { ClusterResources } from './cluster-resources.ts';
import { recordAt } from './release-objects.ts';
import { isObserved } from './rollout-status.ts';

export interface PodFailure {
  readonly detail: string;
  readonly logTail?: string;
}

interface ContainerStatus {
  readonly name: string;
  readonly restartCount?: number;
  readonly state?: { readonly waiting?: Waiting; readonly terminated?: Terminated };
  readonly lastState?: { readonly terminated?: Terminated };
}
interface Waiting {
  readonly reason?: string;
  readonly message?: string;
}
interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
}

/** What no waiting mends: the kubelet has given up trying at once, or the specification is wrong. */
const hopeless = [
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'CreateContainerConfigError',
  'CreateContainerError',
];
/** Kinds that say which generation of their specification they have seen. */
const controlled = ['Deployment', 'StatefulSet', 'DaemonSet'];
const logLines = 20;

/**
 * Why pods of a workload's newest revision will not get ready; undefined while they may. `kubectl rollout
 * status` would wait for the progress deadline, ten minutes by default.
 */
export async function findPodFailure(
  client: ClusterClient,
  resources: ClusterResources,
  workload: ClusterObject,
  failAfterRestarts: number,
  options: ClusterRequest,
): Promise<PodFailure | undefined> {
  // Pods that fail before the controller has seen the specification are of the one before.
  if (controlled.includes(workload.kind) && !isObserved(workload, 0)) return undefined;
  for (const pod of await newestPods(resources, workload, options)) {
    for (const container of containersOf(pod)) {
      const detail = complaintAbout(container, failAfterRestarts);
      if (detail === undefined) continue;
      const logTail = await logTailOf(client, pod, container, options);
      return {
        detail: `pod ${pod.metadata.name}: ${detail}`,
        ...(logTail === undefined ? {} : { logTail }),
      };
    }
  }
  return undefined;
}

/** Restarts of all containers, and how many of the pods are ready. */
export function podHealth(pods: readonly ClusterObject[]): {
  readonly pods: number;
  readonly ready: number;
  readonly restarts: number;
} {
  const isReady = (pod: ClusterObject): boolean => {
    const conditions = recordAt(pod, 'status')['conditions'];
    return (
      Array.isArray(conditions) &&
      (conditions as { type: string; status: string }[]).some(
        ({ type, status }) => type === 'Ready' && status === 'True',
      )
    );
  };
  return {
    pods: pods.length,
    ready: pods.filter(isReady).length,
    restarts: pods
      .flatMap(containersOf)
      .reduce((sum, { restartCount = 0 }) => sum + restartCount, 0),
  };
}

function containersOf(pod: ClusterObject): ContainerStatus[] {
  const status = recordAt(pod, 'status');
  return [status['initContainerStatuses'], status['containerStatuses']].flatMap((statuses) =>
    Array.isArray(statuses) ? (statuses as ContainerStatus[]) : [],
  );
}

function complaintAbout(
  { name, restartCount = 0, state, lastState }: ContainerStatus,
  failAfterRestarts: number,
): string | undefined {
  const { reason, message } = state?.waiting ?? {};
  if (reason !== undefined && hopeless.includes(reason)) {
    return `container ${name} cannot start: ${reason}${message === undefined ? '' : ` (${message})`}`;
  }
  const ended = state?.terminated ?? lastState?.terminated;
  if (restartCount < failAfterRestarts || ended === undefined) return undefined;
  return `container ${name} was restarted ${restartCount} times, and ended with exit code ${ended.exitCode}${
    ended.reason === undefined ? '' : ` (${ended.reason})`
  }`;
}

/** Which template a DaemonSet's pods are of; its generation counts more than its template. */
const templateGeneration = 'deprecated.daemonset.template.generation';

/** The pods of the newest specification that the workload's controller has seen. */
export async function newestPods(
  resources: ClusterResources,
  workload: ClusterObject,
  options: ClusterRequest,
): Promise<ClusterObject[]> {
  const { namespace, uid } = workload.metadata;
  if (namespace === undefined) return [];
  const labels = selectorOf(workload);
  if (labels === undefined) return [];
  const pods = { apiVersion: 'v1', kind: 'Pod', namespace };
  const ownedBy = (owner: string | undefined) => (object: ClusterObject) =>
    object.metadata.ownerReferences?.some((reference) => reference.uid === owner) === true;
  switch (workload.kind) {
    case 'Deployment': {
      const sets = await resources.list(
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace },
        labels,
        options,
      );
      const newest = newestReplicaSet(sets.filter(ownedBy(uid)));
      if (newest === undefined) return [];
      const found = await resources.list(pods, labels, options);
      return found.filter(ownedBy(newest.metadata.uid));
    }
    case 'StatefulSet': {
      const revision = recordAt(workload, 'status')['updateRevision'];
      if (typeof revision !== 'string') return [];
      return resources.list(pods, { ...labels, 'controller-revision-hash': revision }, options);
    }
    case 'DaemonSet': {
      const generation = workload.metadata.annotations?.[templateGeneration];
      if (generation === undefined) return [];
      return resources.list(pods, { ...labels, 'pod-template-generation': generation }, options);
    }
    default: {
      const found = await resources.list(pods, labels, options);
      return found.filter(ownedBy(uid));
    }
  }
}

/**
 * The one that the controller has put highest. Not the one that the Deployment's own annotation names: going
 * back to an earlier specification raises its set's revision first, and the Deployment's one sync later.
 */
export function newestReplicaSet(sets: readonly ClusterObject[]): ClusterObject | undefined {
  const revisionOf = ({ metadata }: ClusterObject): number =>
    Number(metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
  return sets.toSorted((a, b) => revisionOf(b) - revisionOf(a))[0];
}

function selectorOf(workload: ClusterObject): Readonly<Record<string, string>> | undefined {
  const labels = recordAt(recordAt(recordAt(workload, 'spec'), 'selector'), 'matchLabels');
  return Object.keys(labels).length === 0 ? undefined : (labels as Record<string, string>);
}

/** What the container said before it ended; the kubelet may be away, and the log is no reason to fail. */
async function logTailOf(
  client: ClusterClient,
  { metadata }: ClusterObject,
  { name, state, lastState }: ContainerStatus,
  options: ClusterRequest,
): Promise<string | undefined> {
  const said = (state?.terminated ?? lastState?.terminated)?.message;
  if (said !== undefined && said !== '') return said;
  try {
    const { status, text } = await client.raw(
      'GET',
      `/api/v1/namespaces/${metadata.namespace ?? ''}/pods/${metadata.name}/log`,
      { ...options, query: { container: name, previous: 'true', tailLines: String(logLines) } },
    );
    return status === 200 && text !== '' ? text : undefined;
  } catch {
    options.signal?.throwIfAborted();
    return undefined;
  }
}
