import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testKubeconfigs } from '../../../platform/config.ts';
import {
  isRunning,
  processMark,
  readRecordFile,
} from '../../../platform/embedded/process-record.ts';
import type { Datacentre } from './datacentre.ts';
import { connectToKubernetes, type KubernetesApi } from './kubernetes-api.ts';
import { readKubeconfig } from './kubeconfig.ts';
import {
  createTestNamespace,
  describeWithDatacentres,
  sharedDatacentres,
  type TestNamespace,
} from './shared-datacentres.ts';
import { startDatacentres, type Datacentres } from './start-datacentres.ts';

const within = { timeout: 60_000, interval: 100 };
const apps = '/apis/apps/v1';
const batch = '/apis/batch/v1';
const core = '/api/v1';

/** A workload of one container; `life` are the annotations of its pods (node-and-pod-life.yaml). */
function workload(
  kind: string,
  name: string,
  life: Record<string, string> = {},
  spec: Record<string, unknown> = {},
) {
  const labels = { app: name };
  return {
    apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      ...(kind === 'Job' ? {} : { selector: { matchLabels: labels } }),
      template: {
        metadata: {
          labels,
          annotations: Object.fromEntries(
            Object.entries(life).map(([key, value]) => [`life.ctc.test/${key}`, value]),
          ),
        },
        spec: {
          containers: [{ name: 'main', image: 'example/main:1.0.0' }],
          ...(kind === 'Job' ? { restartPolicy: 'Never' } : {}),
        },
      },
      ...spec,
    },
  };
}

interface Place {
  readonly name: string;
  readonly kubeconfig: string;
  readonly api: KubernetesApi;
  readonly namespace: TestNamespace;
}

async function openPlace(datacentre: { name: string; kubeconfig: string }): Promise<Place> {
  const { name, kubeconfig } = datacentre;
  const api = await connectToKubernetes(kubeconfig);
  return { name, kubeconfig, api, namespace: await createTestNamespace(api) };
}

async function closePlace({ api, namespace }: Place): Promise<void> {
  await namespace.remove();
  await api.close();
}

type Counts = Readonly<Record<string, number | undefined>>;

async function statusOf(
  { api, namespace }: Place,
  group: string,
  plural: string,
  name: string,
): Promise<Counts> {
  return (await api.get(namespace.path(group, plural, name)))['status'] as Counts;
}

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

async function podsOf({ api, namespace }: Place, app: string): Promise<readonly Pod[]> {
  const pods = await api.list(`${namespace.path(core, 'pods')}?labelSelector=app%3D${app}`);
  return pods as unknown as readonly Pod[];
}

const isReady = ({ status: { conditions = [] } }: Pod): boolean =>
  conditions.some(({ type, status }) => type === 'Ready' && status === 'True');

await describeWithDatacentres("the run's datacentres", () => {
  let places: Place[] = [];
  beforeAll(async () => {
    places = await Promise.all((await sharedDatacentres()).map(openPlace));
  });
  afterAll(async () => {
    await Promise.all(places.map(closePlace));
  });
  const first = () => places[0]!;

  it('are three of different addresses, authorities and names of users', async () => {
    const accesses = await Promise.all(
      places.map(async ({ kubeconfig }) => readKubeconfig(kubeconfig)),
    );
    for (const part of ['name', 'url', 'ca'] as const) {
      expect(new Set(accesses.map((access) => access[part])).size, part).toBe(3);
    }
  });

  it('each make a Deployment available', async () => {
    await Promise.all(
      places.map(async (place) => {
        const deployment = workload('Deployment', 'shop', {}, { replicas: 3 });
        await place.api.create(place.namespace.path(apps, 'deployments'), deployment);
        await expect
          .poll(async () => statusOf(place, apps, 'deployments', 'shop'), within)
          .toMatchObject({ availableReplicas: 3, readyReplicas: 3, updatedReplicas: 3 });
      }),
    );
  });

  it('say which version of Kubernetes they are', async () => {
    const version = await first().api.send('GET', '/version');
    expect(version).toMatchObject({ gitVersion: expect.stringMatching(/^v1\.\d+\.\d+/) });
  });

  it('run a StatefulSet, a DaemonSet and a Job to where they are to be', async () => {
    const place = first();
    const { api, namespace } = place;
    await api.create(
      namespace.path(apps, 'statefulsets'),
      workload('StatefulSet', 'store', {}, { replicas: 2, serviceName: 'store' }),
    );
    await api.create(namespace.path(apps, 'daemonsets'), workload('DaemonSet', 'agent'));
    await api.create(namespace.path(batch, 'jobs'), workload('Job', 'migration'));
    await expect
      .poll(async () => statusOf(place, apps, 'statefulsets', 'store'), within)
      .toMatchObject({ readyReplicas: 2, availableReplicas: 2 });
    await expect
      .poll(async () => {
        const status = await statusOf(place, apps, 'daemonsets', 'agent');
        const { desiredNumberScheduled: wanted = 0, numberAvailable = 0 } = status;
        return wanted > 0 && numberAvailable === wanted;
      }, within)
      .toBe(true);
    await expect
      .poll(async () => statusOf(place, batch, 'jobs', 'migration'), within)
      .toMatchObject({ succeeded: 1 });
    const pods = await podsOf(place, 'store');
    expect(pods.map(({ metadata }) => metadata.name).sort()).toEqual(['store-0', 'store-1']);
  });

  it('give the pods of a Service endpoints', async () => {
    const { api, namespace } = first();
    await api.create(namespace.path(core, 'services'), {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'front' },
      spec: { selector: { app: 'front' }, ports: [{ port: 80 }] },
    });
    await api.create(
      namespace.path(apps, 'deployments'),
      workload('Deployment', 'front', {}, { replicas: 2 }),
    );
    await expect
      .poll(async () => {
        const slices = await api.list(
          `${namespace.path('/apis/discovery.k8s.io/v1', 'endpointslices')}?labelSelector=kubernetes.io%2Fservice-name%3Dfront`,
        );
        return slices.flatMap(({ endpoints }) => (endpoints ?? []) as unknown[]).length;
      }, within)
      .toBe(2);
  });

  it('crash pods that are to crash, again and again', async () => {
    const place = first();
    await place.api.create(
      place.namespace.path(apps, 'deployments'),
      workload('Deployment', 'broken', { 'crash-after': '100ms', 'exit-code': '137' }),
    );
    await expect
      .poll(async () => {
        const [pod] = await podsOf(place, 'broken');
        return pod?.status.containerStatuses?.[0]?.restartCount ?? 0;
      }, within)
      .toBeGreaterThanOrEqual(2);
    await expect
      .poll(async () => (await podsOf(place, 'broken'))[0]?.status.containerStatuses?.[0], within)
      .toMatchObject({
        ready: false,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 137, reason: 'Error' } },
      });
    const { unavailableReplicas } = await statusOf(place, apps, 'deployments', 'broken');
    expect(unavailableReplicas).toBe(1);
  });

  it('crash a pod after it was ready, when it is to be both', async () => {
    const place = first();
    await place.api.create(
      place.namespace.path(apps, 'deployments'),
      workload('Deployment', 'late', { 'ready-after': '0s', 'crash-after': '1s' }),
    );
    await expect.poll(async () => (await podsOf(place, 'late')).some(isReady), within).toBe(true);
    await expect.poll(async () => (await podsOf(place, 'late')).some(isReady), within).toBe(false);
  });

  it('let pods be slow, never ready, or without their image', async () => {
    const place = first();
    const lives = {
      slow: { 'ready-after': '2s' },
      never: { 'ready-after': 'never' },
      nowhere: { image: 'missing' },
    };
    for (const [name, life] of Object.entries(lives)) {
      await place.api.create(
        place.namespace.path(apps, 'deployments'),
        workload('Deployment', name, life),
      );
    }
    await expect
      .poll(async () => (await podsOf(place, 'slow'))[0]?.status.phase, within)
      .toBe('Running');
    expect((await podsOf(place, 'slow')).some(isReady)).toBe(false);
    await expect.poll(async () => (await podsOf(place, 'slow')).some(isReady), within).toBe(true);
    await expect
      .poll(async () => (await podsOf(place, 'nowhere'))[0]?.status, within)
      .toMatchObject({
        phase: 'Pending',
        containerStatuses: [{ state: { waiting: { reason: 'ImagePullBackOff' } } }],
      });
    // It started with the slow one, which is ready by now.
    expect((await podsOf(place, 'never')).map(({ status }) => status.phase)).toEqual(['Running']);
    expect((await podsOf(place, 'never')).some(isReady)).toBe(false);
  });

  it('read how pods live from labels, too', async () => {
    const { api, namespace } = first();
    await api.create(namespace.path(core, 'pods'), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'lost', labels: { app: 'lost', 'life.ctc.test/image': 'missing' } },
      spec: { containers: [{ name: 'main', image: 'example/main:1.0.0' }] },
    });
    await expect
      .poll(async () => (await podsOf(first(), 'lost'))[0]?.status, within)
      .toMatchObject({ containerStatuses: [{ state: { waiting: {} } }] });
  });

  it('fail a Job whose pods crash', async () => {
    const place = first();
    await place.api.create(
      place.namespace.path(batch, 'jobs'),
      workload('Job', 'doomed', { 'crash-after': '0s' }, { backoffLimit: 0 }),
    );
    await expect
      .poll(async () => statusOf(place, batch, 'jobs', 'doomed'), within)
      .toMatchObject({ failed: 1 });
  });

  it('remove all that is in a namespace with it', async () => {
    const place = await openPlace(first());
    await place.api.create(
      place.namespace.path(apps, 'deployments'),
      workload('Deployment', 'shop', { 'ends-after': '200ms' }),
    );
    await expect.poll(async () => (await podsOf(place, 'shop')).some(isReady), within).toBe(true);
    await place.namespace.remove();
    await expect
      .poll(
        async () => place.api.get(`/api/v1/namespaces/${place.namespace.name}`).catch(String),
        within,
      )
      .toContain('404');
    await place.api.close();
  });

  it('refuse who does not say who they are', async () => {
    const { url, ca } = await readKubeconfig(first().kubeconfig);
    const { createKubernetesApi } = await import('./kubernetes-api.ts');
    const stranger = createKubernetesApi({ name: 'stranger', url, ...(ca ? { ca } : {}) });
    await expect(stranger.get('/api/v1/namespaces')).rejects.toMatchObject({ status: 401 });
    await stranger.close();
  });

  // Real clusters are not for tests to kill.
  describe.skipIf(testKubeconfigs().length > 0)('a datacentre of one’s own', () => {
    let own: Datacentres;
    let datacentre: Datacentre;
    let place: Place;
    beforeAll(async () => {
      own = await startDatacentres(1, { names: ['own'] });
      datacentre = own.all[0]!;
      place = await openPlace(datacentre);
    });
    afterAll(async () => {
      await place.api.close();
      await own.stop();
    });

    it('comes back with its data after its API server was killed', async () => {
      await place.api.create(
        place.namespace.path(apps, 'deployments'),
        workload('Deployment', 'shop', {}, { replicas: 2 }),
      );
      await expect
        .poll(async () => statusOf(place, apps, 'deployments', 'shop'), within)
        .toMatchObject({ availableReplicas: 2 });
      const { metadata } = await place.api.get(place.namespace.path(apps, 'deployments', 'shop'));
      await datacentre.killApiServer();
      await expect(place.api.get('/readyz')).rejects.toThrow();
      await datacentre.startApiServer();
      const after = await place.api.get(place.namespace.path(apps, 'deployments', 'shop'));
      expect(after.metadata['uid']).toBe(metadata['uid']);
      // The controllers have found it again, too.
      await place.api.patch(place.namespace.path(apps, 'deployments', 'shop'), {
        spec: { replicas: 4 },
      });
      await expect
        .poll(async () => statusOf(place, apps, 'deployments', 'shop'), within)
        .toMatchObject({ availableReplicas: 4 });
    });

    it('comes back with its data after all of it was killed', async () => {
      await datacentre.kill();
      expect(datacentre.pids()).toEqual({});
      await datacentre.restart();
      await place.api.patch(place.namespace.path(apps, 'deployments', 'shop'), {
        spec: { replicas: 6 },
      });
      await expect
        .poll(async () => statusOf(place, apps, 'deployments', 'shop'), within)
        .toMatchObject({ availableReplicas: 6 });
    });

    it('ends with the process that started it, however that ends', async () => {
      const starter = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', 'tools/kubernetes/start.ts', '--datacentres=1'],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      let printed = '';
      starter.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      await expect.poll(() => printed, within).toContain('Ready');
      const kubeconfig = /KUBECONFIG=(\S+)/.exec(printed)?.[1] ?? '';
      const runDirectory = join(dirname(kubeconfig), '..', 'run');
      const records = await Promise.all(
        (await readdir(runDirectory)).map(async (name) => readRecordFile(join(runDirectory, name))),
      );
      const processes = records.filter((record) => record !== undefined);
      expect(processes.filter(isRunning)).toHaveLength(5);
      starter.kill('SIGKILL');
      await expect.poll(() => processes.filter(isRunning), within).toEqual([]);
    });

    it('leaves no process behind when it is stopped', async () => {
      const processes = Object.values(datacentre.pids()).map((pid) => ({
        pid,
        mark: processMark(pid) ?? '',
      }));
      expect(processes).toHaveLength(5);
      await datacentre.stop();
      expect(processes.filter(isRunning)).toEqual([]);
    });
  });
});
