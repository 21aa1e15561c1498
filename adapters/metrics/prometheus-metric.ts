import * as z from 'zod';
import { DomainError, type ErrorKind } from '../../domain/errors.ts';
import { fillQuery } from '../../domain/verification/metric-arguments.ts';
import type { MetricProvider } from '../../domain/verification/metric-ports.ts';
import type { MetricValue } from '../../domain/verification/metric-value.ts';
import { requestBounded } from './bounded-request.ts';
import { parseAnswer } from './json-answer.ts';

export interface PrometheusSettings {
  /** For what is measured in no datacentre, or in one without a server of its own. */
  readonly url?: string;
  /** By datacentre. */
  readonly urls: Readonly<Record<string, string>>;
  readonly token?: string;
}

const sample = z.tuple([z.number(), z.string()]);
const answerSchema = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    data: z.discriminatedUnion('resultType', [
      z.object({ resultType: z.literal('scalar'), result: sample }),
      z.object({ resultType: z.literal('string'), result: sample }),
      z.object({
        resultType: z.literal('vector'),
        result: z.array(z.object({ value: sample.optional() })),
      }),
      z.object({
        resultType: z.literal('matrix'),
        result: z.array(z.object({ values: z.array(sample).optional() })),
      }),
    ]),
    warnings: z.array(z.string()).optional(),
  }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
]);
type Answer = z.output<typeof answerSchema>;

/**
 * An instant query by Prometheus' HTTP API. A vector becomes the list of its numbers, in Prometheus' order,
 * as in Argo Rollouts; an empty one is no data.
 */
export function createPrometheusMetric(settings: PrometheusSettings): MetricProvider<'prometheus'> {
  return {
    async measure({ provider, args, timeoutMs }, { signal }) {
      const url = queryAddress(settings, args.datacentre);
      const query = fillQuery(provider.query, args);
      const { status, body } = await requestBounded(url, {
        method: 'POST',
        signal,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'application/json',
          ...(settings.token === undefined ? {} : { authorization: `Bearer ${settings.token}` }),
        },
        // Prometheus gives up, too, when nobody waits any more.
        body: new URLSearchParams({ query, timeout: `${timeoutMs}ms` }).toString(),
      });
      const answer = readAnswer(url, status, body);
      if (answer.status === 'error') {
        const kind: ErrorKind = status === 400 || status === 422 ? 'invalid' : 'unavailable';
        throw new DomainError(
          kind,
          `Prometheus at ${url.host} cannot answer ${query}: ${answer.errorType}, ${answer.error}.`,
          {
            code: 'prometheus-query-failed',
            remedy: 'Try the query in its web page, and mend it.',
          },
        );
      }
      const { data, warnings = [] } = answer;
      const value = valueOf(data);
      const said = warnings.length === 0 ? '' : `; it warns: ${warnings.join('; ').slice(0, 300)}`;
      return { value, detail: `${query} at ${url.host} gives a ${data.resultType}${said}` };
    },
  };
}

function queryAddress({ url, urls }: PrometheusSettings, datacentre: string | undefined): URL {
  const server = (datacentre === undefined ? undefined : urls[datacentre]) ?? url;
  if (server !== undefined) return new URL(`${server.replace(/\/+$/, '')}/api/v1/query`);
  throw new DomainError(
    'refused',
    datacentre === undefined
      ? 'There is no Prometheus to ask.'
      : `There is no Prometheus to ask about ${datacentre}.`,
    {
      code: 'no-prometheus',
      remedy: 'Set CTC_PROMETHEUS_URL, or name one for each datacentre in CTC_PROMETHEUS_URLS.',
    },
  );
}

function readAnswer(url: URL, status: number, body: string): Answer {
  if (status === 401 || status === 403) {
    throw new DomainError('forbidden', `Prometheus at ${url.host} answers ${status}.`, {
      code: 'prometheus-forbidden',
      remedy: 'Set CTC_PROMETHEUS_TOKEN to a token that may query.',
    });
  }
  if (status >= 300 && status < 400) {
    throw new DomainError('invalid', `Prometheus at ${url.host} redirects (${status}).`, {
      code: 'prometheus-redirects',
      remedy: 'Set CTC_PROMETHEUS_URL to the address it redirects to.',
    });
  }
  if (status >= 500 && !body.startsWith('{')) {
    throw new DomainError('unavailable', `Prometheus at ${url.host} answers ${status}.`, {
      code: 'prometheus-unavailable',
      remedy: 'Check that it runs; behind a proxy, that the proxy reaches it.',
    });
  }
  const parsed = answerSchema.safeParse(parseAnswer(`Prometheus at ${url.host}`, body));
  if (parsed.success) return parsed.data;
  throw new DomainError(
    'invalid',
    `${url.host} does not answer as Prometheus does: ${parsed.error.issues[0]?.message ?? ''}.`,
    {
      code: 'metric-answer-invalid',
      remedy: 'CTC_PROMETHEUS_URL must lead to where /api/v1/query is.',
    },
  );
}

function valueOf(data: Extract<Answer, { status: 'success' }>['data']): MetricValue | undefined {
  switch (data.resultType) {
    case 'scalar':
      return numberOf(data.result[1]);
    case 'string':
      return data.result[1];
    case 'vector':
      return someOf(data.result.map(({ value }) => plain(value && numberOf(value[1]))));
    case 'matrix':
      return someOf(
        data.result.map(({ values }) => plain(values?.map(([, text]) => numberOf(text)))),
      );
  }
}

function someOf(values: readonly MetricValue[]): MetricValue | undefined {
  return values.length === 0 ? undefined : values;
}

function plain(value: MetricValue | undefined): MetricValue {
  if (value !== undefined) return value;
  throw new DomainError('invalid', 'The query gives native histograms, which are no numbers.', {
    code: 'prometheus-histogram',
    remedy: 'Take a number of them, such as histogram_quantile(0.95, …).',
  });
}

/** Prometheus writes numbers as Go does. */
function numberOf(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}
