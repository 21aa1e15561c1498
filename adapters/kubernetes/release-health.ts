import type { ClusterHealth } from '../../domain/verification/metric-ports.ts';
import type { ClusterAccess } from './apply-release.ts';
import type { ClusterRequest } from './cluster-client.ts';
import type { ClusterObject } from './cluster-objects.ts';
import { newestPods, podHealth } from './pod-failures.ts';
import { recordAt } from './release-objects.ts';
import type { RecordedObject } from './release-record.ts';
import { isObserved } from './rollout-status.ts';

/** What keeps replicas running. Jobs end, and custom resources tell only their operators how many there are. */
const keepsRunning = ['Deployment', 'StatefulSet', 'DaemonSet'];

type WorkloadHealth = Omit<ClusterHealth, 'namespace'>;

/** How many replicas of a release should run and are ready, and their restarts; undefined where none is of it. */
export async function readReleaseHealth(
  { records, resources }: ClusterAccess,
  { application, component }: { readonly application: string; readonly component?: string },
  options: ClusterRequest,
): Promise<ClusterHealth | undefined> {
  const record = await records.read(application, options);
  const workloads = (record?.objects ?? []).filter(
    (object) =>
      keepsRunning.includes(object.kind) &&
      (component === undefined || object.component === component),
  );
  if (workloads.length === 0) return undefined;

  const readHealth = async (object: RecordedObject): Promise<WorkloadHealth> => {
    const live = await resources.get(object, options);
    // Somebody has deleted it, which must not make the rest look whole.
    if (live === undefined) return { wanted: 1, ready: 0, pods: 0, restarts: 0 };
    const wanted = replicasWanted(live);
    // Until its controller has seen the specification, the newest pods are those of the one before.
    if (!isObserved(live, object.generation ?? 0)) {
      return { wanted: Math.max(1, wanted), ready: 0, pods: 0, restarts: 0 };
    }
    const pods = await newestPods(resources, live, options);
    const { ready, ...rest } = podHealth(
      pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined),
    );
    // One too many here does not make up for one too few there.
    return { ...rest, wanted, ready: Math.min(ready, wanted) };
  };
  const all = await Promise.all(workloads.map(readHealth));
  const sum = (field: keyof WorkloadHealth): number =>
    all.reduce((total, health) => total + health[field], 0);
  return {
    namespace: [...new Set(workloads.map(({ namespace }) => namespace))].join(', '),
    wanted: sum('wanted'),
    ready: sum('ready'),
    pods: sum('pods'),
    restarts: sum('restarts'),
  };
}

/** Of its newest revision: a partition of a StatefulSet leaves the others as they were. */
function replicasWanted(workload: ClusterObject): number {
  if (workload.kind === 'DaemonSet') {
    return Number(recordAt(workload, 'status')['desiredNumberScheduled'] ?? 0);
  }
  const spec = recordAt(workload, 'spec');
  const { partition } = recordAt(recordAt(spec, 'updateStrategy'), 'rollingUpdate');
  return Math.max(0, Number(spec['replicas'] ?? 1) - Number(partition ?? 0));
}
