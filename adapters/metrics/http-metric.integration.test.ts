import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeMetricProviderContract } from '../../test/contracts/metric-provider.ts';
import { startHttpSource, type HttpSource } from '../../test/support/http-source.ts';
import { metricRequest, noSignal } from '../../test/support/metric-requests.ts';
import type { ProviderSpecOf } from '../../domain/verification/metric-providers.ts';
import { createHttpMetric } from './http-metric.ts';

let source: HttpSource;
let elsewhere: HttpSource;
const serve = () =>
  startHttpSource(({ path }, response) => {
    const redirect = (to: string) => response.writeHead(302, { location: to }).end();
    switch (path) {
      case '/hang':
        return;
      case '/json':
        return void response.end('{"checks":[{"ready":true}],"a/b":1,"empty":[]}');
      case '/bad':
        return void response.writeHead(503).end('<html>overloaded</html>');
      case '/here':
        return void redirect('/json');
      case '/round':
        return void redirect('/round');
      case '/away':
        return void redirect(`${elsewhere.url}/json`);
      case '/large':
        return void response.end('x'.repeat(2_000_000));
      case '/broken':
        return void response.destroy();
      default:
        return void response.end(`"${path}"`);
    }
  });

beforeAll(async () => {
  source = await serve();
  elsewhere = await serve();
});
afterAll(async () => {
  await source.close();
  await elsewhere.close();
});

const measure = (provider: Omit<ProviderSpecOf<'http'>, 'kind'>, hosts: string[] = []) =>
  createHttpMetric({ hosts }).measure(
    metricRequest<'http'>(
      { kind: 'http', ...provider },
      { target: { ...metricRequest({ kind: 'http' }).target, endpoint: source.url } },
    ),
    noSignal(),
  );

describeMetricProviderContract('HTTP', async () => {
  const own = await serve();
  const of = (path: string) =>
    metricRequest<'http'>({ kind: 'http', url: `${own.url}${path}`, pointer: '/checks/0/ready' });
  return {
    provider: createHttpMetric({ hosts: ['127.0.0.1'] }),
    good: of('/json'),
    empty: { ...of('/json'), provider: { ...of('/json').provider, pointer: '/nothing' } },
    broken: of('/broken'),
    hanging: of('/hang'),
    close: own.close,
  };
});

describe('an HTTP probe', () => {
  it('measures status and latency of a replica, with arguments in its path', async () => {
    const { value, detail } = await measure({ path: '/of/{{args.release}}?{{args.component}}' });
    expect(value).toEqual({ status: 200, latencyMs: expect.any(Number) });
    expect(source.received.at(-1)?.path).toBe('/of/1.0.0?web');
    expect(detail).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+\/of\/1\.0\.0 answers 200 in/);
  });

  it.each([
    ['/checks/0/ready', true],
    ['/a~1b', 1],
    ['/empty', []],
    ['', { checks: [{ ready: true }], 'a/b': 1, empty: [] }],
  ])('measures what "%s" points at', async (pointer, body) => {
    expect((await measure({ path: '/json', pointer })).value).toMatchObject({ status: 200, body });
  });

  it.each(['/checks/1', '/checks/length', '/__proto__', '/checks/0/ready/x', '/toString'])(
    'has no data where "%s" points at nothing',
    async (pointer) => {
      expect((await measure({ path: '/json', pointer })).value).toBeUndefined();
    },
  );

  it('takes a bad answer as a value, JSON or not', async () => {
    const { value } = await measure({ path: '/bad', pointer: '/checks' });
    expect(value).toMatchObject({ status: 503, body: null });
  });

  it('follows a redirect on the same server only, and not without end', async () => {
    expect((await measure({ path: '/here', pointer: '/a~1b' })).value).toMatchObject({ body: 1 });
    expect((await measure({ path: '/away' })).value).toMatchObject({ status: 302 });
    expect((await measure({ path: '/round' })).value).toMatchObject({ status: 302 });
    expect(elsewhere.received).toEqual([]);
  });

  it.each([
    ['a path that leads away', { path: '//127.0.0.1:1/x' }, [], /leads to 127\.0\.0\.1:1/],
    ['another host', { url: 'http://10.0.0.1/' }, ['*.example.com'], /allowed: \*\.example\.com/],
    ['a host when none is allowed', { url: 'http://169.254.169.254/' }, [], /it is empty/],
    ['another port', { url: 'http://127.0.0.1:1/' }, ['127.0.0.1:2'], /not in CTC_VERIFICATION/],
  ])('never asks %s', async (_what, provider, hosts, words) => {
    await expect(measure(provider, hosts)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(words),
    });
  });

  it.each([
    ['a good answer that is no JSON', { path: '/', pointer: '/x/y' }, 'not there'],
    ['an answer without end', { path: '/large' }, /more than 1048576 bytes/],
    ['a connection that breaks', { path: '/broken' }, /cannot be reached/],
    ['nobody who listens', { url: 'http://127.0.0.1:1/' }, /connection refused/],
  ])('says so of %s', async (_what, provider, words) => {
    const asked = measure(provider, ['127.0.0.1']);
    if (typeof words === 'string') expect((await asked).value).toBeUndefined();
    else await expect(asked).rejects.toThrow(words);
  });
});
