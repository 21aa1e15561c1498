import type {
  ClusterHealthReader,
  MetricProvider,
  MetricRequest,
} from '../../domain/verification/metric-ports.ts';
import type { MetricProviderKind } from '../../domain/verification/metric-providers.ts';
import type { WhyNotMeasurable } from '../../domain/verification/metric-checks.ts';
import { whyNotHost } from './allowed-hosts.ts';
import { createCommandMetric, whyNotProgram } from './command-metric.ts';
import { createHttpMetric } from './http-metric.ts';
import { createKubernetesMetric } from './kubernetes-metric.ts';
import { createPredictionMetric, type PredictionMetricDeps } from './prediction-metric.ts';
import { createPrometheusMetric, type PrometheusSettings } from './prometheus-metric.ts';
import { createWebhookMetric } from './webhook-metric.ts';

/** What may be measured here, and how; the same in every process. */
export interface MetricSettings {
  readonly prometheus: PrometheusSettings;
  /** Hosts that metrics may ask besides the application's own replicas. */
  readonly hosts: readonly string[];
  readonly webhookSecret?: string;
  /** Absolute paths of the programs that may be run. */
  readonly commands: readonly string[];
}

export interface MetricProviderDeps extends PredictionMetricDeps {
  readonly clusterHealth?: ClusterHealthReader;
}

/** All ways to measure, as one. A new one is a file beside this and a line here. */
export function createMetricProvider(
  settings: MetricSettings,
  deps: MetricProviderDeps,
): MetricProvider {
  const { hosts, webhookSecret } = settings;
  const providers: { readonly [Kind in MetricProviderKind]: MetricProvider<Kind> } = {
    http: createHttpMetric({ hosts }),
    prometheus: createPrometheusMetric(settings.prometheus),
    kubernetes: createKubernetesMetric(deps.clusterHealth),
    webhook: createWebhookMetric({
      hosts,
      ...(webhookSecret === undefined ? {} : { secret: webhookSecret }),
    }),
    command: createCommandMetric({ programs: settings.commands }),
    prediction: createPredictionMetric(deps),
  };
  return {
    measure: <Kind extends MetricProviderKind>(
      request: MetricRequest<Kind>,
      options: { readonly signal: AbortSignal },
    ) => {
      const provider: MetricProvider<Kind> = providers[request.provider.kind];
      return provider.measure(request, options);
    },
  };
}

/** What would be refused when it is measured, told when it is registered. */
export function createWhyNotMeasurable({
  prometheus,
  hosts,
  webhookSecret,
  commands,
}: MetricSettings): WhyNotMeasurable {
  return ({ provider, scope }) => {
    switch (provider.kind) {
      case 'prometheus': {
        const some = scope !== 'application' && Object.keys(prometheus.urls).length > 0;
        return prometheus.url !== undefined || some
          ? undefined
          : 'there is no Prometheus to ask: set CTC_PROMETHEUS_URL';
      }
      case 'http':
        return provider.url === undefined ? undefined : whyNotHost(hosts, new URL(provider.url));
      case 'webhook':
        return webhookSecret === undefined
          ? 'webhooks need a secret to sign with: set CTC_VERIFICATION_WEBHOOK_SECRET'
          : whyNotHost(hosts, new URL(provider.url));
      case 'command':
        return whyNotProgram(commands, provider.program);
      case 'kubernetes':
      case 'prediction':
        return undefined;
    }
  };
}
