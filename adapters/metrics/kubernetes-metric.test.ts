import { describe, expect, it } from 'vitest';
import { describeMetricProviderContract } from '../../test/contracts/metric-provider.ts';
import { metricRequest, noSignal } from '../../test/support/metric-requests.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ClusterHealthReader } from '../../domain/verification/metric-ports.ts';
import { createKubernetesMetric } from './kubernetes-metric.ts';

const clusters: ClusterHealthReader = {
  readHealth: ({ application, datacentre, component }, { signal }) =>
    new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason as Error);
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop);
      if (datacentre === 'gone') {
        reject(
          new DomainError('unavailable', 'The cluster does not answer.', {
            code: 'cluster-unreachable',
            remedy: 'Bring it back.',
          }),
        );
      }
      if (datacentre === 'nowhere') resolve(undefined);
      if (datacentre !== 'mad') return;
      const wanted = component === undefined ? 4 : component === 'none' ? 0 : 2;
      const pods = component === 'partly' ? 1 : wanted;
      resolve({ namespace: `ctc-${application}`, wanted, ready: 1, pods, restarts: 7 });
    }),
};
const of = (
  measure: 'readiness' | 'restarts',
  datacentre: string,
  component: string | undefined = 'web',
) =>
  metricRequest<'kubernetes'>(
    { kind: 'kubernetes', measure },
    {
      args: {
        change: 'c',
        attempt: '1',
        application: 'shop',
        release: '1.0.0',
        datacentre,
        ...(component === '' ? {} : { component }),
      },
    },
  );

describeMetricProviderContract('a cluster', () =>
  Promise.resolve({
    provider: createKubernetesMetric(clusters),
    good: of('readiness', 'mad'),
    empty: of('readiness', 'nowhere'),
    broken: of('readiness', 'gone'),
    hanging: of('readiness', 'hangs'),
  }),
);

describe('a cluster', () => {
  const provider = createKubernetesMetric(clusters);

  it('measures the share of replicas that are ready, of a component or all', async () => {
    expect((await provider.measure(of('readiness', 'mad'), noSignal())).value).toBe(0.5);
    expect((await provider.measure(of('readiness', 'mad', ''), noSignal())).value).toBe(0.25);
  });

  it('measures restarts', async () => {
    const { value, detail } = await provider.measure(of('restarts', 'mad'), noSignal());
    expect(value).toBe(7);
    expect(detail).toBe('1 of 2 ready, 7 restarts of 2 pods in namespace ctc-shop');
  });

  it('has no number of restarts while pods are lacking: none of them has been counted', async () => {
    expect((await provider.measure(of('restarts', 'mad', 'partly'), noSignal())).value).toBe(
      undefined,
    );
  });

  it('has no data of what should not run there: no replica is not every replica', async () => {
    const { value } = await provider.measure(of('readiness', 'mad', 'none'), noSignal());
    expect(value).toBeUndefined();
  });

  it('is refused where there is none', async () => {
    const none = createKubernetesMetric(undefined);
    await expect(none.measure(of('restarts', 'mad'), noSignal())).rejects.toMatchObject({
      kind: 'refused',
    });
  });
});
