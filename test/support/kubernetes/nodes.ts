import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterAccess } from './kubeconfig.ts';
import { createKubernetesApi, KubernetesApiError, type KubernetesApi } from './kubernetes-api.ts';

const nodeNames = ['node-1', 'node-2', 'node-3'];
const room = { cpu: '64', memory: '256Gi', pods: '250', 'ephemeral-storage': '1Ti' };

/** Adds the nodes that kwok plays; those that are there stay. */
export async function createNodes(access: ClusterAccess): Promise<void> {
  await withApi(access, async (api) => {
    for (const name of nodeNames) {
      try {
        await api.create('/api/v1/nodes', {
          apiVersion: 'v1',
          kind: 'Node',
          metadata: {
            name,
            labels: {
              'kubernetes.io/hostname': name,
              'kubernetes.io/os': 'linux',
              'kubernetes.io/arch': 'amd64',
            },
          },
          status: { allocatable: room, capacity: room },
        });
      } catch (error) {
        if (!(error instanceof KubernetesApiError && error.status === 409)) throw error;
      }
    }
  });
}

/** Resolves when pods can be placed: all nodes ready and without taints, the default account there. */
export async function nodesAreReady(access: ClusterAccess, withinMs: number): Promise<void> {
  await withApi(access, async (api) => {
    const deadline = performance.now() + withinMs;
    for (;;) {
      if ((await readyNodes(api)) === nodeNames.length && (await hasDefaultAccount(api))) return;
      if (performance.now() > deadline) {
        throw new Error(`its nodes were not ready within ${withinMs / 1000} s`);
      }
      await delay(50);
    }
  });
}

interface Node {
  readonly spec: { readonly taints?: readonly unknown[] };
  readonly status: { readonly conditions?: readonly { type: string; status: string }[] };
}

async function readyNodes(api: KubernetesApi): Promise<number> {
  const nodes = (await api.list('/api/v1/nodes')) as unknown as readonly Node[];
  return nodes.filter(({ spec: { taints = [] }, status: { conditions = [] } }) => {
    const isReady = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
    return isReady && taints.length === 0;
  }).length;
}

/** Pods without an account of their own are refused before it is there. */
async function hasDefaultAccount(api: KubernetesApi): Promise<boolean> {
  const accounts = await api.list('/api/v1/namespaces/default/serviceaccounts');
  return accounts.some(({ metadata }) => metadata.name === 'default');
}

async function withApi(
  access: ClusterAccess,
  act: (api: KubernetesApi) => Promise<void>,
): Promise<void> {
  const api = createKubernetesApi(access);
  try {
    await act(api);
  } finally {
    await api.close();
  }
}
