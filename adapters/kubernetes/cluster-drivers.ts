import { DomainError } from '../../domain/errors.ts';
import { createClusterClient, type ClusterClient } from './cluster-client.ts';
import { loadKubeConfig, readClustersFile } from './cluster-credentials.ts';
import { createKubernetesDriver, type KubernetesDriver } from './kubernetes-driver.ts';

/** One driver for each cluster of the file, made when it is asked for first. */
export function createClusterDrivers(clustersFile: string): {
  readonly driverFor: (datacentre: string) => Promise<KubernetesDriver>;
  close(): Promise<void>;
} {
  const clients: ClusterClient[] = [];
  const drivers = new Map<string, Promise<KubernetesDriver>>();

  const open = async (datacentre: string): Promise<KubernetesDriver> => {
    const account = (await readClustersFile(clustersFile)).get(datacentre);
    if (account === undefined) {
      throw new DomainError(
        'not-found',
        `The file of clusters has no datacentre "${datacentre}".`,
        {
          code: 'no-such-cluster',
          remedy: `Add clusters.${datacentre} to ${clustersFile}.`,
        },
      );
    }
    const client = await createClusterClient({
      name: datacentre,
      load: () => loadKubeConfig(datacentre, account, clustersFile),
    });
    clients.push(client);
    return createKubernetesDriver({
      client,
      datacentre,
      recordNamespace: account.recordNamespace,
    });
  };
  return {
    driverFor(datacentre) {
      const known = drivers.get(datacentre);
      if (known !== undefined) return known;
      const opening = open(datacentre);
      drivers.set(datacentre, opening);
      // What could not be opened is tried again by the next call.
      opening.catch(() => drivers.delete(datacentre));
      return opening;
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}
