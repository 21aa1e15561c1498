import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeMetricProviderContract } from '../../test/contracts/metric-provider.ts';
import { startHttpSource, type HttpSource } from '../../test/support/http-source.ts';
import { metricRequest, noSignal } from '../../test/support/metric-requests.ts';
import { createWebhookMetric } from './webhook-metric.ts';

const key = Buffer.from('a secret of thirty-two characters');
const secret = `whsec_${key.toString('base64')}`;
const hosts = ['127.0.0.1'];
const serve = () =>
  startHttpSource(({ path }, response) => {
    if (path === '/hang') return;
    if (path === '/nothing') return void response.writeHead(204).end();
    if (path === '/no') return void response.writeHead(403).end('who are you?');
    if (path === '/down') return void response.writeHead(503).end();
    if (path === '/away') return void response.writeHead(307, { location: '/yes' }).end();
    if (path === '/text') return void response.end('fine!');
    response.end('{"verdict":{"errors":3}}');
  });

let source: HttpSource;
beforeAll(async () => {
  source = await serve();
});
afterAll(() => source.close());

const of = (url: string, pointer = '/verdict/errors') =>
  metricRequest<'webhook'>({ kind: 'webhook', url, pointer });

describeMetricProviderContract('a webhook', async () => {
  const own = await serve();
  return {
    provider: createWebhookMetric({ hosts, secret }),
    good: of(`${own.url}/yes`),
    empty: of(`${own.url}/nothing`),
    broken: of(`${own.url}/no`),
    hanging: of(`${own.url}/hang`),
    close: own.close,
  };
});

describe('a webhook', () => {
  const webhook = createWebhookMetric({ hosts, secret, nowMs: () => 1_764_000_000_123 });

  it('is told what is verified, signed, under an id that stays the same', async () => {
    const { value } = await webhook.measure(
      of(`${source.url}/yes?{{args.datacentre}}`),
      noSignal(),
    );
    await webhook.measure(of(`${source.url}/yes?{{args.datacentre}}`), noSignal());
    expect(value).toBe(3);
    const [first, second] = source.received.slice(-2);
    expect(first?.path).toBe('/yes?mad');
    expect(JSON.parse(first?.body ?? '')).toEqual({
      type: 'verification.measure',
      timestamp: '2025-11-24T16:00:00.000Z',
      data: {
        change: '0199d4c5-0000-7000-8000-000000000001',
        attempt: 2,
        application: 'shop',
        release: '1.0.0',
        datacentre: 'mad',
        component: 'web',
        metric: 'm',
        number: 1,
      },
    });
    const id = first?.headers['webhook-id'];
    expect(id).toBe('0199d4c5-0000-7000-8000-000000000001/2/m/web@mad/1');
    expect(second?.headers['webhook-id']).toBe(id);
    const signed = createHmac('sha256', key).update(
      `${String(id)}.1764000000.${first?.body ?? ''}`,
    );
    expect(first?.headers['webhook-signature']).toBe(`v1,${signed.digest('base64')}`);
  });

  it('measures the whole answer with the empty pointer', async () => {
    const { value } = await webhook.measure(of(`${source.url}/yes`, ''), noSignal());
    expect(value).toEqual({ verdict: { errors: 3 } });
  });

  it.each([
    ['/no', /answers 403: who are you\?/, 'invalid'],
    ['/down', /answers 503/, 'unavailable'],
    ['/away', /redirects \(307\)/, 'invalid'],
    ['/text', /not JSON: fine!/, 'invalid'],
  ])('that answers as %s does is an error, never a value', async (path, words, kind) => {
    const asked = webhook.measure(of(`${source.url}${path}`), noSignal());
    await expect(asked).rejects.toMatchObject({ kind, message: expect.stringMatching(words) });
  });

  it('is not asked without a secret, nor on a host that is not allowed', async () => {
    const before = source.received.length;
    const unsigned = createWebhookMetric({ hosts });
    await expect(unsigned.measure(of(`${source.url}/yes`), noSignal())).rejects.toMatchObject({
      code: 'no-webhook-secret',
    });
    const shut = createWebhookMetric({ hosts: [], secret });
    await expect(shut.measure(of(`${source.url}/yes`), noSignal())).rejects.toMatchObject({
      code: 'host-not-allowed',
    });
    expect(source.received.length).toBe(before);
  });
});
