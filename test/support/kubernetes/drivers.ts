import { createClusterClient } from '../../../adapters/kubernetes/cluster-client.ts';
import { loadKubeConfig } from '../../../adapters/kubernetes/cluster-credentials.ts';
import { createKubernetesDriver } from '../../../adapters/kubernetes/kubernetes-driver.ts';
import type { DatacentreDriver } from '../../../domain/deployment/ports.ts';

/** The real driver on one of the tests' clusters, with credentials read as from the file of clusters. */
export async function driverOf(
  { kubeconfig }: { readonly kubeconfig: string },
  {
    datacentre,
    recordNamespace,
  }: { readonly datacentre: string; readonly recordNamespace: string },
): Promise<{ readonly driver: DatacentreDriver; readonly close: () => Promise<void> }> {
  const account = {
    kubeconfig: { file: kubeconfig },
    inCluster: false,
    recordNamespace,
  };
  const client = await createClusterClient({
    name: datacentre,
    load: () => loadKubeConfig(datacentre, account, '/'),
  });
  return {
    driver: createKubernetesDriver({ client, datacentre, recordNamespace }),
    close: () => client.close(),
  };
}
