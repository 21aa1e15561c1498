import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesApi, KubernetesObject } from './kubernetes-api.ts';

interface Pod extends KubernetesObject {
  readonly metadata: KubernetesObject['metadata'] & {
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly annotations?: Record<string, string>;
  };
  readonly status: {
    readonly conditions?: { type: string; status: string }[];
    readonly containerStatuses?: { restartCount: number; state?: { running?: object } }[];
  };
}

export interface Ingress {
  readonly url: string;
  close(): void;
}

/**
 * What a load balancer in front of a cluster would be: `/<component>/…` answers for the newest running pod with
 * the label `app: <component>`. The pods of the tests have no containers that could answer, so it answers for
 * them, as what the API server says of them. A pod's annotation `answer.ctc.test/delay-ms` makes it slow;
 * `GET /<component>/sicken` makes its pods fail their readiness.
 */
export function startIngress(
  api: KubernetesApi,
  namespace: string,
  datacentre: string,
): Promise<Ingress> {
  return listen(answersOf(api, namespace, datacentre));
}

/** The ingresses of several datacentres behind one address: `/<datacentre>/<component>/…`. */
export function startEdge(
  apis: Readonly<Record<string, KubernetesApi>>,
  namespace: string,
): Promise<Ingress> {
  const answers = new Map(
    Object.entries(apis).map(([datacentre, api]) => [
      datacentre,
      answersOf(api, namespace, datacentre),
    ]),
  );
  return listen(async (url, response) => {
    const [, datacentre = '', ...rest] = url.split('/');
    const answer = answers.get(datacentre);
    if (answer === undefined) throw new Error(`There is no datacentre ${datacentre}.`);
    await answer(`/${rest.join('/')}`, response);
  });
}

type Answers = (url: string, response: ServerResponse) => Promise<void>;

async function listen(answer: Answers): Promise<Ingress> {
  const server = createServer((request, response) => {
    answer(request.url ?? '/', response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answersOf(api: KubernetesApi, namespace: string, datacentre: string): Answers {
  /** Without its API server a cluster goes on serving as it was told last. */
  const known = new Map<string, KubernetesObject[]>();
  const list = async (path: string): Promise<KubernetesObject[]> => {
    try {
      const found = await api.list(path);
      known.set(path, found);
      return found;
    } catch (error) {
      const before = known.get(path);
      if (before === undefined) throw error;
      return before;
    }
  };
  const pods = async (component: string): Promise<Pod[]> => {
    const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${component}`;
    const found = (await list(path)) as Pod[];
    return found.filter(
      ({ metadata, status }) =>
        metadata['deletionTimestamp'] === undefined &&
        status.containerStatuses?.every(
          // One that was restarted is about to crash again.
          ({ state, restartCount }) => state?.running !== undefined && restartCount === 0,
        ) === true,
    );
  };
  const releaseOf = async (component: string): Promise<string> => {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments?labelSelector=ctc%2Fcomponent%3D${component}`;
    const [deployment] = await list(path);
    const annotations = deployment?.metadata['annotations'] as Record<string, string> | undefined;
    return annotations?.['ctc/release'] ?? '';
  };
  const sicken = async (pod: Pod): Promise<void> => {
    const path = `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}`;
    // First, or it would be made ready again at once.
    await api.patch(path, {
      metadata: { annotations: { 'life.ctc.test/ready-after': 'never' } },
    });
    const conditions = (pod.status.conditions ?? []).map((condition) =>
      ['Ready', 'ContainersReady'].includes(condition.type)
        ? { ...condition, status: 'False' }
        : condition,
    );
    const containerStatuses = (pod.status.containerStatuses ?? []).map((status) => ({
      ...status,
      ready: false,
    }));
    await api.patch(`${path}/status`, { status: { conditions, containerStatuses } });
  };
  return async (url, response) => {
    const [, component = '', action] = url.split('/');
    const running = await pods(component);
    const newest = running.toSorted((a, b) =>
      b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp),
    )[0];
    if (newest === undefined) {
      response.destroy();
      return;
    }
    if (action === 'sicken') await Promise.all(running.map(sicken));
    const begun = performance.now();
    const delayMs = Number(newest.metadata.annotations?.['answer.ctc.test/delay-ms'] ?? 0);
    if (delayMs > 0) await delay(delayMs);
    const took = Math.max(delayMs, performance.now() - begun);
    response.setHeader('server-timing', `${component};desc="${datacentre}";dur=${took.toFixed(1)}`);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ release: await releaseOf(component), pid: newest.metadata.uid }));
  };
}
