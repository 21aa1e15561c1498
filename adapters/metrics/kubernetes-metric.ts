import { DomainError } from '../../domain/errors.ts';
import type {
  ClusterHealthReader,
  MetricProvider,
} from '../../domain/verification/metric-ports.ts';

/** The share of replicas that are ready, or the restarts, of what runs of the release in a cluster. */
export function createKubernetesMetric(
  reader: ClusterHealthReader | undefined,
): MetricProvider<'kubernetes'> {
  return {
    async measure({ provider, args }, { signal }) {
      const { application, datacentre, component } = args;
      if (reader === undefined || datacentre === undefined) {
        throw new DomainError('refused', 'No driver of a Kubernetes cluster is in use.', {
          code: 'no-cluster',
          remedy: 'Give the datacentre a cluster, or measure in another way.',
        });
      }
      const health = await reader.readHealth(
        { application, datacentre, ...(component === undefined ? {} : { component }) },
        { signal },
      );
      if (health === undefined || health.wanted === 0) {
        return { value: undefined, detail: `nothing of ${application} is in ${datacentre}` };
      }
      const { namespace, wanted, ready, pods, restarts } = health;
      return {
        value:
          provider.measure === 'readiness' ? ready / wanted : pods < wanted ? undefined : restarts,
        detail: `${ready} of ${wanted} ready, ${restarts} restarts of ${pods} pods in namespace ${namespace}`,
      };
    },
  };
}
