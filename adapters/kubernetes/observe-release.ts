import type {
  DeploymentSite,
  Observation,
  ObservedInstance,
} from '../../domain/deployment/ports.ts';
import type { ClusterAccess } from './apply-release.ts';
import type { ClusterRequest } from './cluster-client.ts';
import { describeRef, marks, type ClusterObject } from './cluster-objects.ts';
import { findPodFailure } from './pod-failures.ts';
import type { RecordedObject, ReleaseRecord } from './release-record.ts';
import { rolloutStatus, type ObjectStatus } from './rollout-status.ts';

interface ObservedObject {
  readonly object: RecordedObject;
  readonly live: ClusterObject | undefined;
  readonly status: ObjectStatus;
  readonly logTail?: string;
}

/** What runs of an application: each component in the worst state of its objects. */
export async function observeRelease(
  access: ClusterAccess,
  { application, datacentre }: DeploymentSite,
  now: () => Date,
  options: ClusterRequest,
): Promise<Observation> {
  const record = await access.records.read(application, options);
  const observedAt = now();
  const components = Map.groupBy(record?.objects ?? [], ({ component }) => component);
  const instances = await Promise.all(
    [...components].map(async ([component, objects]): Promise<ObservedInstance> => {
      const known = record as ReleaseRecord;
      const seen = await Promise.all(
        objects.map((object) => observeObject(access, known, object, options)),
      );
      return instanceOf(component, known, seen, observedAt);
    }),
  );
  return {
    application,
    datacentre,
    observedAt: observedAt.toISOString(),
    fence: record?.fence,
    instances,
  };
}

async function observeObject(
  { client, resources }: ClusterAccess,
  record: ReleaseRecord,
  object: RecordedObject,
  options: ClusterRequest,
): Promise<ObservedObject> {
  const live = await resources.get(object, options);
  if (live === undefined) {
    // Before the apply has ended it may simply not have got here yet.
    const status = record.applied
      ? { state: 'failed' as const, detail: 'is not there: somebody has deleted it' }
      : { state: 'starting' as const, detail: 'is not there yet' };
    return { object, live, status };
  }
  const status = rolloutStatus(live, object.generation ?? 0);
  if (status.state !== 'starting') return { object, live, status };
  const restarts = record.failAfterRestarts[object.component] ?? 3;
  const failure = await findPodFailure(client, resources, live, restarts, options);
  return failure === undefined
    ? { object, live, status }
    : {
        object,
        live,
        status: { state: 'failed', detail: failure.detail },
        ...(failure.logTail === undefined ? {} : { logTail: failure.logTail }),
      };
}

const order = ['failed', 'starting', 'ready'] as const;

function instanceOf(
  component: string,
  record: ReleaseRecord,
  seen: readonly ObservedObject[],
  observedAt: Date,
): ObservedInstance {
  const sorted = seen.toSorted(
    (a, b) => order.indexOf(a.status.state) - order.indexOf(b.status.state),
  );
  const worst = sorted.find(({ status }) => status.state === sorted[0]?.status.state);
  const state = worst?.status.state ?? 'starting';
  const unready = sorted.filter(({ status }) => status.state === state);
  const words = unready
    .filter(({ live }) => state !== 'ready' || live?.kind !== 'Service')
    .map(({ object, status }) => `${describeRef(object)} ${status.detail}`)
    .join('; ');
  const waitedMs = observedAt.getTime() - Date.parse(record.appliedAt);
  const timeoutMs = record.readyTimeouts[component] ?? Infinity;
  const isLate = state === 'starting' && record.applied && waitedMs > timeoutMs;
  const release = releaseOf(seen);
  const logTail = unready.find((one) => one.logTail !== undefined)?.logTail;
  return {
    component,
    ...release,
    state: isLate ? 'failed' : state,
    url: record.endpoints[component] ?? '',
    detail: isLate ? `not ready after ${timeoutMs} ms: ${words}` : words,
    startedAt: startedAt(seen) ?? record.appliedAt,
    ...(logTail === undefined ? {} : { logTail }),
  };
}

/** The release that all its objects are of; the one of those that lag behind where they differ. */
function releaseOf(
  seen: readonly ObservedObject[],
): Pick<ObservedInstance, 'release' | 'releaseDigest'> {
  const oldest = seen
    .flatMap(({ live }) => live ?? [])
    .toSorted((a, b) => fenceNumber(a) - fenceNumber(b))[0];
  const { annotations = {} } = oldest?.metadata ?? {};
  return {
    release: annotations[marks.release] ?? '',
    releaseDigest: annotations[marks.releaseDigest] ?? '',
  };
}

const fenceNumber = ({ metadata }: ClusterObject): number =>
  Number(metadata.annotations?.[marks.fence] ?? 0);

function startedAt(seen: readonly ObservedObject[]): string | undefined {
  return seen
    .flatMap(({ live }) => live?.metadata.creationTimestamp ?? [])
    .toSorted()
    .at(-1);
}
