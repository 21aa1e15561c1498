import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { describeMetricProviderContract } from '../../test/contracts/metric-provider.ts';
import { startHttpSource, type HttpSource } from '../../test/support/http-source.ts';
import { metricRequest, noSignal } from '../../test/support/metric-requests.ts';
import { findPrometheus, startPrometheus } from '../../test/support/prometheus.ts';
import { assessValue, compileConditions } from '../../domain/verification/assess-value.ts';
import { metricSchema } from '../../domain/verification/metric.ts';
import { createCelEvaluator } from '../cel/cel-evaluator.ts';
import { createPrometheusMetric, type PrometheusSettings } from './prometheus-metric.ts';

const program = await findPrometheus();
if (program === undefined) {
  const words =
    'There is no Prometheus on the path: apt-get install --no-install-recommends prometheus.';
  if (process.env['CI'] === 'true') throw new Error(words);
  process.stderr.write(`\n  ${words}\n  The tests against it are skipped.\n\n`);
}

const exposition = `
# TYPE shop_error_ratio gauge
shop_error_ratio{dc="mad",release="1.0.0"} 0.02
shop_error_ratio{dc="bcn",release="1.0.0"} 0.4
shop_error_ratio{dc="par",release="1x0x0"} 0.9
# TYPE shop_requests counter
shop_requests_total{dc="mad"} 100
`;

describe.skipIf(program === undefined)('with a real Prometheus', () => {
  let url = '';
  const closing: (() => Promise<void>)[] = [];
  const of = (query: string, more: Parameters<typeof metricRequest<'prometheus'>>[1] = {}) =>
    metricRequest<'prometheus'>({ kind: 'prometheus', query }, more);
  const measure = (query: string, more: Partial<PrometheusSettings> = {}) =>
    createPrometheusMetric({ url, urls: {}, ...more }).measure(of(query), noSignal());

  beforeAll(async () => {
    const exporter = await startHttpSource((_request, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(exposition);
    });
    const prometheus = await startPrometheus(program ?? '', [new URL(exporter.url).host]);
    ({ url } = prometheus);
    closing.push(prometheus.stop, exporter.close);
    await vi.waitFor(
      async () => expect((await measure('shop_error_ratio')).value).toHaveLength(3),
      { timeout: 30_000, interval: 100 },
    );
  });
  afterAll(async () => {
    for (const close of closing) await close();
  });

  describeMetricProviderContract('Prometheus', async () => {
    const silent = await startHttpSource(() => undefined);
    closing.push(silent.close);
    return {
      provider: createPrometheusMetric({ url, urls: { hangs: silent.url } }),
      good: of('shop_error_ratio{dc="{{args.datacentre}}"}'),
      empty: of('shop_error_ratio{dc="nowhere"}'),
      broken: of('shop_error_ratio{'),
      hanging: of('up', { args: { ...of('').args, datacentre: 'hangs' } }),
    };
  });

  it.each([
    ['a vector', 'shop_error_ratio{dc="{{args.datacentre}}"}', [0.02]],
    ['a vector of several', 'sort(shop_error_ratio)', [0.02, 0.4, 0.9]],
    ['a scalar', 'scalar(shop_error_ratio{dc="bcn"})', 0.4],
    ['a text', '"as it is"', 'as it is'],
    ['infinity', 'shop_requests_total / 0', [Number.POSITIVE_INFINITY]],
    [
      'a release as plain text in a regular expression',
      'shop_error_ratio{release=~"{{args.release}}",dc=~"mad|par"}',
      [0.02],
    ],
  ])('measures %s', async (_what, query, value) => {
    expect((await measure(query)).value).toEqual(value);
  });

  it('measures a range as a list for each series', async () => {
    const { value } = await measure('shop_error_ratio{dc="mad"}[1m]');
    expect(value).toEqual([expect.arrayContaining([0.02])]);
  });

  it.each([
    ['an empty vector', 'shop_error_ratio{dc="nowhere"}'],
    ['what is no number', 'shop_error_ratio * NaN'],
    ['a scalar of nothing', 'scalar(shop_error_ratio{dc="nowhere"})'],
    ['no requests at all', 'rate(shop_requests_total[1m]) / rate(shop_requests_total[1m])'],
  ])('is inconclusive of %s', async (_what, query) => {
    const metric = metricSchema.parse({
      name: 'm',
      provider: { kind: 'prometheus', query },
      successCondition: 'result.all(ratio, ratio < 0.05)',
    });
    const { value } = await measure(query);
    const conditions = compileConditions(metric, createCelEvaluator());
    expect(assessValue(conditions, value).phase).toBe('Inconclusive');
  });

  it('passes on what Prometheus says of a broken query', async () => {
    await expect(measure('sum by (')).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/cannot answer sum by \(: bad_data, .*parse error/),
    });
    await expect(measure('shop_error_ratio * on() shop_error_ratio')).rejects.toThrow(
      /many-to-many/,
    );
  });

  it('asks the server of the datacentre, or else the one for all', async () => {
    const nowhere = 'http://127.0.0.1:1';
    expect((await measure('vector(1)', { url: nowhere, urls: { mad: `${url}/` } })).value).toEqual([
      1,
    ]);
    await expect(measure('vector(1)', { url: nowhere, urls: { bcn: url } })).rejects.toThrow(
      /refused/,
    );
    const none = createPrometheusMetric({ urls: { bcn: url } });
    await expect(none.measure(of('vector(1)'), noSignal())).rejects.toMatchObject({
      code: 'no-prometheus',
    });
  });
});

describe('a Prometheus that misbehaves', () => {
  let source: HttpSource;
  beforeAll(async () => {
    source = await startHttpSource(({ path }, response) => {
      const [, kind = ''] = path.split('/');
      if (kind === 'shut') return void response.writeHead(401).end();
      if (kind === 'down') return void response.writeHead(503).end('no');
      if (kind === 'moved') return void response.writeHead(301, { location: '/ok' }).end();
      if (kind === 'html') return void response.end('<html>');
      if (kind === 'other') return void response.end('{"status":"success","data":[]}');
      const histogram = { resultType: 'vector', result: [{ histogram: [0, {}] }] };
      const scalar = { resultType: 'scalar', result: [0, '1'] };
      const data = kind === 'histogram' ? histogram : scalar;
      response.end(JSON.stringify({ status: 'success', data, warnings: ['one store is away'] }));
    });
  });
  afterAll(() => source.close());
  const measure = (kind: string, token?: string) =>
    createPrometheusMetric({
      url: `${source.url}/${kind}`,
      urls: {},
      ...(token === undefined ? {} : { token }),
    }).measure(metricRequest<'prometheus'>({ kind: 'prometheus', query: 'up' }), noSignal());

  it.each([
    ['shut', 'forbidden', /answers 401/],
    ['down', 'unavailable', /answers 503/],
    ['moved', 'invalid', /redirects \(301\)/],
    ['html', 'invalid', /not JSON: <html>/],
    ['other', 'invalid', /does not answer as Prometheus does/],
    ['histogram', 'invalid', /native histograms/],
  ])('and is %s gives no value', async (kind, error, words) => {
    await expect(measure(kind)).rejects.toMatchObject({
      kind: error,
      message: expect.stringMatching(words),
    });
  });

  it('has its warnings passed on, and gets the token', async () => {
    const { value, detail } = await measure('ok', 'secret');
    expect(value).toBe(1);
    expect(detail).toMatch(/gives a scalar; it warns: one store is away$/);
    const last = source.received.at(-1);
    expect(last?.path).toBe('/ok/api/v1/query');
    expect(last?.headers.authorization).toBe('Bearer secret');
    expect(new URLSearchParams(last?.body).get('query')).toBe('up');
  });
});
