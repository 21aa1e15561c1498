import type { MetricRequest } from '../../domain/verification/metric-ports.ts';
import type {
  MetricProviderKind,
  ProviderSpecOf,
} from '../../domain/verification/metric-providers.ts';

/** A request to measure something of the shop in Madrid; the rest as given. */
export function metricRequest<Kind extends MetricProviderKind>(
  provider: ProviderSpecOf<Kind>,
  more: Partial<Omit<MetricRequest<Kind>, 'provider'>> = {},
): MetricRequest<Kind> {
  return {
    provider,
    metric: 'm',
    scope: 'component',
    number: 1,
    timeoutMs: 5_000,
    args: {
      change: '0199d4c5-0000-7000-8000-000000000001',
      attempt: '2',
      application: 'shop',
      release: '1.0.0',
      datacentre: 'mad',
      component: 'web',
    },
    target: {
      ref: { changeId: '0199d4c5-0000-7000-8000-000000000001', attempt: 2 },
      placement: {
        assignments: [
          { component: 'web', datacentre: 'mad', offer: 'mad-small' },
          { component: 'api', datacentre: 'mad', offer: 'mad-large' },
        ],
      },
      probe: { entries: ['web'], path: '/', samples: 5, intervalMs: 10, timeoutMs: 1_000 },
    },
    ...more,
  };
}

export const noSignal = (): { signal: AbortSignal } => ({ signal: new AbortController().signal });
