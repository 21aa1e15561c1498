import { recordAt } from './release-objects.ts';
import type { ClusterObject } from './cluster-objects.ts';

export interface ObjectStatus {
  readonly state: 'ready' | 'starting' | 'failed';
  readonly detail: string;
}

const ready = (detail: string): ObjectStatus => ({ state: 'ready', detail });
const starting = (detail: string): ObjectStatus => ({ state: 'starting', detail });
const failed = (detail: string): ObjectStatus => ({ state: 'failed', detail });

/**
 * Whether an object has become what its specification says: for Deployments, StatefulSets and DaemonSets by the
 * rules of `kubectl rollout status` (kubectl's polymorphichelpers/rollout_status.go), for Jobs by their
 * conditions. `generation` is the one that our own apply returned: a status observed before it is of another
 * specification. Kinds without such a rule are ready once they exist; custom resources with a condition `Ready`,
 * or `Available`, by that.
 */
export function rolloutStatus(object: ClusterObject, generation: number): ObjectStatus {
  if (object.metadata.deletionTimestamp !== undefined) return failed('is being deleted');
  const group = object.apiVersion.split('/')[0];
  switch (`${group}/${object.kind}`) {
    case 'apps/Deployment':
      return deploymentStatus(object, generation);
    case 'apps/StatefulSet':
      return statefulSetStatus(object, generation);
    case 'apps/DaemonSet':
      return daemonSetStatus(object, generation);
    case 'batch/Job':
      return jobStatus(object);
    case 'apiextensions.k8s.io/CustomResourceDefinition':
      return byCondition(object, 'Established') ?? starting('is not established yet');
    default:
      return byCondition(object, 'Ready') ?? byCondition(object, 'Available') ?? ready('is there');
  }
}

function deploymentStatus(object: ClusterObject, generation: number): ObjectStatus {
  const { spec, status, count } = partsOf(object);
  if (!isObserved(object, generation)) return starting('its update has not been seen yet');
  const progressing = conditionOf(object, 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    return failed(`exceeded its progress deadline: ${progressing.message ?? ''}`.trimEnd());
  }
  const wanted = spec['replicas'];
  const updated = count('updatedReplicas');
  if (typeof wanted === 'number' && updated < wanted) {
    return starting(`${updated} of ${wanted} new replicas have been updated`);
  }
  if (count('replicas') > updated) {
    return starting(`${count('replicas') - updated} old replicas are pending termination`);
  }
  if (count('availableReplicas') < updated) {
    return starting(`${count('availableReplicas')} of ${updated} updated replicas are available`);
  }
  return ready(`${updated} replicas available${'replicas' in status ? '' : ' (none wanted)'}`);
}

function statefulSetStatus(object: ClusterObject, generation: number): ObjectStatus {
  const { spec, status, count } = partsOf(object);
  const strategy = recordAt(spec, 'updateStrategy');
  if (strategy['type'] !== 'RollingUpdate') {
    return failed('has no rolling update: whether it is rolled out cannot be told');
  }
  if (count('observedGeneration') === 0 || !isObserved(object, generation)) {
    return starting('its update has not been seen yet');
  }
  const wanted = spec['replicas'];
  if (typeof wanted === 'number' && count('readyReplicas') < wanted) {
    return starting(`${count('readyReplicas')} of ${wanted} pods are ready`);
  }
  const { partition } = recordAt(strategy, 'rollingUpdate');
  if (typeof wanted === 'number' && typeof partition === 'number' && partition > 0) {
    const due = wanted - partition;
    return count('updatedReplicas') < due
      ? starting(`${count('updatedReplicas')} of ${due} pods of the partition have been updated`)
      : ready(`${count('updatedReplicas')} pods of the partition updated`);
  }
  return status['updateRevision'] === status['currentRevision']
    ? ready(`${count('readyReplicas')} pods ready`)
    : starting(`${count('updatedReplicas')} pods are at the new revision`);
}

function daemonSetStatus(object: ClusterObject, generation: number): ObjectStatus {
  const { spec, count } = partsOf(object);
  if (recordAt(spec, 'updateStrategy')['type'] !== 'RollingUpdate') {
    return failed('has no rolling update: whether it is rolled out cannot be told');
  }
  if (!isObserved(object, generation)) return starting('its update has not been seen yet');
  const wanted = count('desiredNumberScheduled');
  if (count('updatedNumberScheduled') < wanted) {
    return starting(`${count('updatedNumberScheduled')} of ${wanted} new pods have been updated`);
  }
  if (count('numberAvailable') < wanted) {
    return starting(`${count('numberAvailable')} of ${wanted} updated pods are available`);
  }
  return ready(`${wanted} pods available`);
}

function jobStatus(object: ClusterObject): ObjectStatus {
  const failure = conditionOf(object, 'Failed');
  if (failure?.status === 'True') {
    return failed(`failed: ${failure.message ?? failure.reason ?? 'no reason given'}`);
  }
  if (conditionOf(object, 'Complete')?.status === 'True') return ready('complete');
  const { spec, count } = partsOf(object);
  if (spec['suspend'] === true) return starting('is suspended');
  return starting(`${count('active')} pods active, ${count('succeeded')} succeeded`);
}

function partsOf(object: ClusterObject) {
  const spec = recordAt(object, 'spec');
  const status = recordAt(object, 'status');
  const count = (field: string): number => {
    const value = status[field];
    return typeof value === 'number' ? value : 0;
  };
  return { spec, status, count };
}

/** Of the specification that is there, and not of one before ours. */
export function isObserved(object: ClusterObject, generation: number): boolean {
  const observed = recordAt(object, 'status')['observedGeneration'];
  const current = object.metadata.generation ?? 0;
  return typeof observed === 'number' && observed >= Math.max(current, generation);
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export function conditionOf(object: ClusterObject, type: string): Condition | undefined {
  const conditions = recordAt(object, 'status')['conditions'];
  if (!Array.isArray(conditions)) return undefined;
  return (conditions as Condition[]).find((condition) => condition.type === type);
}

function byCondition(object: ClusterObject, type: string): ObjectStatus | undefined {
  const condition = conditionOf(object, type);
  if (condition === undefined) return undefined;
  const words = condition.message ?? condition.reason ?? condition.status;
  return condition.status === 'True' ? ready(type) : starting(`is not ${type}: ${words}`);
}
