import { createClusterClient } from '../../../adapters/kubernetes/cluster-client.ts';
import { loadKubeConfig } from '../../../adapters/kubernetes/cluster-credentials.ts';
import {
  createKubernetesDriver,
  type KubernetesDriver,
} from '../../../adapters/kubernetes/kubernetes-driver.ts';

/** The real driver on one of the tests' clusters, with credentials read as from the file of clusters. */
export async function driverOf(
  { kubeconfig }: { readonly kubeconfig: string },
  {
    datacentre,
    recordNamespace,
  }: { readonly datacentre: string; readonly recordNamespace: string },
): Promise<{ readonly driver: KubernetesDriver; readonly close: () => Promise<void> }> {
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
