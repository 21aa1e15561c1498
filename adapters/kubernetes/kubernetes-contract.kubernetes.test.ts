import { randomBytes } from 'node:crypto';
import { describeDatacentreDriverContract } from '../../test/contracts/datacentre-driver.ts';
import { deploymentOf, serviceOf } from '../../test/support/kubernetes/manifests.ts';
import { startIngress } from '../../test/support/kubernetes/ingress.ts';
import { connectToKubernetes } from '../../test/support/kubernetes/kubernetes-api.ts';
import {
  createTestNamespace,
  describeWithDatacentres,
  sharedDatacentres,
} from '../../test/support/kubernetes/shared-datacentres.ts';
import { driverOf } from '../../test/support/kubernetes/drivers.ts';

await describeWithDatacentres('A cluster', () => {
  describeDatacentreDriverContract('Kubernetes', async () => {
    const [shared] = await sharedDatacentres();
    if (shared === undefined) throw new Error('There is no datacentre to test with.');
    const api = await connectToKubernetes(shared.kubeconfig);
    const namespace = await createTestNamespace(api);
    const ingress = await startIngress(api, namespace.name, 'mad');
    // Records of their own: fences of one test do not count in the next.
    const recordNamespace = `test-records-${randomBytes(6).toString('hex')}`;
    const { driver, close } = await driverOf(shared, { datacentre: 'mad', recordNamespace });
    return {
      driver,
      datacentre: 'mad',
      sickDetail: 'not ready after',
      component: (name, { delayMs, crash, sick, readyTimeoutMs = 60_000 }) => ({
        name,
        bindings: {},
        kubernetes: {
          runtime: 'kubernetes',
          namespace: namespace.name,
          endpoint: { url: `${ingress.url}/${name}` },
          readyTimeoutMs,
          failAfterRestarts: 2,
          blueGreen: false,
          manifests: [
            deploymentOf(name, {
              annotations: {
                ...(delayMs === undefined ? {} : { 'answer.ctc.test/delay-ms': String(delayMs) }),
                ...(crash === undefined
                  ? {}
                  : {
                      'life.ctc.test/crash-after': '1ms',
                      'life.ctc.test/restart-after': '50ms',
                      'life.ctc.test/says': crash,
                    }),
                ...(sick === true ? { 'life.ctc.test/ready-after': 'never' } : {}),
              },
            }),
            serviceOf(name),
          ],
        },
      }),
      /** Each change of what a Deployment is to be is one. */
      async countEffects() {
        const deployments = await api.list(namespace.path('/apis/apps/v1', 'deployments'));
        return deployments.reduce((sum, { metadata }) => sum + Number(metadata['generation']), 0);
      },
      async close() {
        ingress.close();
        await namespace.remove();
        await api.delete(`/api/v1/namespaces/${recordNamespace}`).catch(() => undefined);
        await close();
        await api.close();
      },
    };
  });
});
