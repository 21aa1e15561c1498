import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Manifest } from '../../domain/application/release-definition.ts';
import type { DesiredState, Fence } from '../../domain/deployment/ports.ts';
import type { ClusterHealth } from '../../domain/verification/metric-ports.ts';
import { driverOf } from '../../test/support/kubernetes/drivers.ts';
import {
  connectToKubernetes,
  type KubernetesApi,
} from '../../test/support/kubernetes/kubernetes-api.ts';
import {
  daemonSetOf,
  deploymentOf,
  jobOf,
  serviceOf,
  statefulSetOf,
} from '../../test/support/kubernetes/manifests.ts';
import {
  createTestNamespace,
  describeWithDatacentres,
  sharedDatacentres,
  type TestNamespace,
} from '../../test/support/kubernetes/shared-datacentres.ts';
import { metricRequest, noSignal } from '../../test/support/metric-requests.ts';
import { createKubernetesMetric } from '../metrics/kubernetes-metric.ts';
import type { KubernetesDriver } from './kubernetes-driver.ts';

const fence = (token: number): Fence => ({ token, change: `CHG-${token}`, attempt: 1 });
const site = { application: 'shop', datacentre: 'mad' };

await describeWithDatacentres('The health of a release in a cluster', () => {
  let api: KubernetesApi;
  let driver: KubernetesDriver;
  let namespace: TestNamespace;
  let recordNamespace: string;
  let close: () => Promise<void>;

  beforeEach(async () => {
    const [shared] = await sharedDatacentres();
    if (shared === undefined) throw new Error('There is no datacentre to test with.');
    api = await connectToKubernetes(shared.kubeconfig);
    namespace = await createTestNamespace(api);
    recordNamespace = `test-records-${randomBytes(6).toString('hex')}`;
    ({ driver, close } = await driverOf(shared, { datacentre: 'mad', recordNamespace }));
  });
  afterEach(async () => {
    await namespace.remove();
    await api.delete(`/api/v1/namespaces/${recordNamespace}`).catch(() => undefined);
    await close();
    await api.close();
  });

  const apply = (release: string, token: number, components: Record<string, Manifest[]>) => {
    const desired: DesiredState = {
      ...site,
      release,
      releaseDigest: `${token}`.repeat(64).slice(0, 64),
      components: Object.entries(components).map(([name, manifests]) => ({
        name,
        bindings: {},
        kubernetes: {
          runtime: 'kubernetes',
          namespace: namespace.name,
          manifests,
          readyTimeoutMs: 60_000,
          failAfterRestarts: 100,
          blueGreen: false,
        },
      })),
    };
    return driver.apply(desired, fence(token));
  };
  const health = (component?: string) =>
    driver.readHealth({ ...site, ...(component === undefined ? {} : { component }) }, noSignal());
  const untilHealth = (expected: Partial<ClusterHealth>, component?: string) =>
    expect.poll(() => health(component), { timeout: 60_000, interval: 50 }).toMatchObject(expected);

  it('counts what should run and what is ready, of all components or of one', async () => {
    expect(await health()).toBeUndefined();
    await apply('1.0.0', 1, {
      web: [deploymentOf('web', { replicas: 3 }), serviceOf('web')],
      store: [statefulSetOf('store', { replicas: 2 })],
      migrate: [jobOf('migrate')],
    });
    const whole = { namespace: namespace.name, wanted: 5, ready: 5, pods: 5, restarts: 0 };
    await untilHealth(whole);
    expect(await health('web')).toEqual({ ...whole, wanted: 3, ready: 3, pods: 3 });
    // What only ends, or is not there, is no replica.
    expect(await health('migrate')).toBeUndefined();
    expect(await health('nothing')).toBeUndefined();
  });

  it('counts only pods of the release in force: those that hold on from the one before are none of it', async () => {
    await apply('1.0.0', 1, { web: [deploymentOf('web', { replicas: 2 })] });
    await untilHealth({ ready: 2 });
    await apply('2.0.0', 2, {
      web: [
        deploymentOf('web', { replicas: 2, annotations: { 'life.ctc.test/ready-after': 'never' } }),
      ],
    });
    expect(await health()).toMatchObject({ wanted: 2, ready: 0 });
    await untilHealth({ pods: 1, ready: 0 });
    const pods = await api.list(namespace.path('/api/v1', 'pods'));
    expect(pods.length).toBeGreaterThan(1);
  });

  it('counts restarts, which a metric then judges', async () => {
    await apply('1.0.0', 1, {
      web: [
        deploymentOf('web', {
          annotations: {
            'life.ctc.test/crash-after': '100ms',
            'life.ctc.test/restart-after': '100ms',
          },
        }),
      ],
      agent: [daemonSetOf('agent')],
    });
    const metric = createKubernetesMetric(driver);
    const request = metricRequest<'kubernetes'>(
      { kind: 'kubernetes', measure: 'restarts' },
      { args: { change: 'c', attempt: '1', release: '1.0.0', ...site } },
    );
    const measure = async () => (await metric.measure(request, noSignal())).value;
    await expect.poll(measure, { timeout: 60_000, interval: 50 }).toBeGreaterThan(1);
    expect(await health('agent')).toMatchObject({ restarts: 0 });
  });

  it('misses what somebody has deleted', async () => {
    await apply('1.0.0', 1, {
      web: [deploymentOf('web', { replicas: 2 })],
      api: [deploymentOf('api')],
    });
    await untilHealth({ wanted: 3, ready: 3 });
    await api.delete(namespace.path('/apis/apps/v1', 'deployments', 'api'));
    await untilHealth({ wanted: 3, ready: 2, pods: 2 });
  });
});
