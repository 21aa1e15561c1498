import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { importInventory } from '../../cli/commands/inventory-commands.ts';
import { startE2eSystem, type E2eSystem } from './e2e-system.ts';
import type { Datacentre } from './kubernetes/datacentre.ts';
import { startEdge, type Ingress } from './kubernetes/ingress.ts';
import { connectToKubernetes, type KubernetesApi } from './kubernetes/kubernetes-api.ts';
import { startDatacentres } from './kubernetes/start-datacentres.ts';

export const clusterNames = ['mad', 'bcn', 'par'] as const;
export type ClusterName = (typeof clusterNames)[number];

/** The whole system on three real control planes of its own, which may be killed. */
export interface ClusterSystem {
  readonly system: E2eSystem;
  readonly clusters: Readonly<Record<ClusterName, Datacentre>>;
  readonly apis: Readonly<Record<ClusterName, KubernetesApi>>;
  /** Answers for the pods of all three. */
  readonly edge: Ingress;
  stop(): Promise<void>;
}

const inventory = [
  'id,name,country,time_zone,driver,availability_percent,user_latency_ms',
  'mad,Madrid,ES,Europe/Madrid,kubernetes,99.5,8',
  'bcn,Barcelona,ES,Europe/Madrid,kubernetes,99.5,10',
  'par,Paris,FR,Europe/Paris,kubernetes,99.5,14',
  '',
].join('\n');

/** With the example inventory, whose datacentres are the clusters; what was begun is ended when one part fails. */
export async function startClusterSystem({
  namespace,
}: {
  readonly namespace: string;
}): Promise<ClusterSystem> {
  const opened: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const datacentres = await startDatacentres(3, { names: clusterNames });
    opened.push(() => datacentres.stop());
    const clusters = byName((index) => {
      const cluster = datacentres.all[index];
      if (cluster === undefined) throw new Error('A datacentre is missing.');
      return cluster;
    });
    const connections = await Promise.all(
      clusterNames.map((name) => connectToKubernetes(clusters[name].kubeconfig)),
    );
    opened.push(async () => {
      await Promise.all(connections.map((api) => api.close()));
    });
    const apis = byName((index) => connections[index] as KubernetesApi);
    const edge = await startEdge(apis, namespace);
    opened.push(() => {
      edge.close();
    });
    const directory = await mkdtemp(join(tmpdir(), 'ctc-clusters-'));
    opened.push(() => rm(directory, { recursive: true, force: true }));
    const accounts = Object.fromEntries(
      clusterNames.map((name) => [name, { kubeconfig: { file: clusters[name].kubeconfig } }]),
    );
    const clustersFile = join(directory, 'clusters.yaml');
    await writeFile(clustersFile, stringify({ clusters: accounts }));
    const system = await startE2eSystem({ CTC_KUBERNETES_CLUSTERS: clustersFile });
    opened.push(() => system.stop());
    const file = join(directory, 'datacentres.csv');
    await writeFile(file, inventory);
    const report = await importInventory(system.administrator, [file]);
    if (!report.imported) throw new Error(JSON.stringify(report.badLines));
    return { system, clusters, apis, edge, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const byName = <T>(of: (index: number) => T): Record<ClusterName, T> =>
  Object.fromEntries(clusterNames.map((name, index) => [name, of(index)])) as Record<
    ClusterName,
    T
  >;
