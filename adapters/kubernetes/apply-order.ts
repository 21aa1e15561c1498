/**
 * The order in which kinds are applied, and the other way round removed: what others need to exist comes first
 * (after Helm's order of installation). What is not named comes with the workloads, custom resources last.
 */
const ranks: readonly (readonly string[])[] = [
  ['Namespace'],
  ['CustomResourceDefinition', 'PriorityClass', 'StorageClass'],
  ['NetworkPolicy', 'ResourceQuota', 'LimitRange', 'PodDisruptionBudget'],
  ['ServiceAccount', 'Secret', 'ConfigMap'],
  ['ClusterRole', 'Role'],
  ['ClusterRoleBinding', 'RoleBinding'],
  ['PersistentVolume', 'PersistentVolumeClaim'],
  ['Service'],
  [
    'DaemonSet',
    'Pod',
    'ReplicaSet',
    'ReplicationController',
    'Deployment',
    'StatefulSet',
    'Job',
    'CronJob',
  ],
  ['HorizontalPodAutoscaler', 'Ingress', 'IngressClass', 'Gateway', 'HTTPRoute'],
  ['APIService'],
  ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'],
];

const rankOf = new Map(ranks.flatMap((kinds, rank) => kinds.map((kind) => [kind, rank])));

/** Groups that are applied one after the other; within one the order does not matter. */
export function inApplyOrder<T>(objects: readonly T[], kindOf: (object: T) => string): T[][] {
  const byRank = Map.groupBy(objects, (object) => rankOf.get(kindOf(object)) ?? ranks.length);
  return [...byRank].sort(([a], [b]) => a - b).map(([, group]) => group);
}
