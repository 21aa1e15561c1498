import { describe, expect, it } from 'vitest';
import { durationMs, durationSchema } from './duration.ts';
import { metricSchema, metricsSchema, plannedMs } from './metric.ts';

const smallest = {
  name: 'error-rate',
  provider: { kind: 'prometheus', query: 'up' },
  successCondition: 'result[0] < 0.05',
};
const complaints = (more: object): string[] => {
  const parsed = metricSchema.safeParse({ ...smallest, ...more });
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

describe('a metric', () => {
  it('is measured once, tolerates nothing but four errors in a row, and decides', () => {
    expect(metricSchema.parse(smallest)).toMatchObject({
      scope: 'application',
      count: 1,
      failureLimit: 0,
      inconclusiveLimit: 0,
      consecutiveErrorLimit: 4,
      dryRun: false,
      timeout: '10s',
    });
  });

  it('is read again as it was stored', () => {
    const once = metricSchema.parse(smallest);
    expect(metricSchema.parse(once)).toEqual(once);
  });

  it.each([
    ['no condition', { successCondition: undefined }, /without one nothing is judged/],
    ['more than one measurement and no interval', { count: 3 }, /how far apart the 3/],
    ['a limit no count can exceed', { failureLimit: 1 }, /failureLimit: must be less than count/],
    ['limits that let pass what has no data', { inconclusiveLimit: 1 }, /no data never passes/],
    [
      'limits that together let pass what has no success',
      { count: 5, interval: '1s', failureLimit: 3, inconclusiveLimit: 2 },
      /together with failureLimit/,
    ],
    ['a length of more than ninety minutes', { count: 92, interval: '1m' }, /take 91 minutes/],
    ['components and another scope', { components: ['web'] }, /needs the scope "component"/],
    [
      'an address and a path',
      { provider: { kind: 'http', path: '/', url: 'https://a.example/' } },
      /either path/,
    ],
    ['a path and no replica', { provider: { kind: 'http', path: '/' } }, /must be "component"/],
    [
      'a cluster and no datacentre',
      { provider: { kind: 'kubernetes', measure: 'readiness' } },
      /must be "datacentre" or "component"/,
    ],
    ['a time-out of no time', { timeout: '0s' }, /timeout: must be from 1ms/],
    [
      'an address of another protocol',
      { provider: { kind: 'webhook', url: 'file:///etc/passwd' } },
      /http:\/\/ or https/,
    ],
    ['a relative program', { provider: { kind: 'command', program: 'sh' } }, /absolute path/],
    ['a field nobody knows', { limit: 1 }, /limit/],
  ])('is refused with %s', (_what, more, words) => {
    expect(complaints(more).join('\n')).toMatch(words);
  });

  it('may fail as often as it likes only when that is said', () => {
    expect(complaints({ failureLimit: -1 })).toEqual([]);
  });

  it('has a name of its own', () => {
    const parsed = metricsSchema.safeParse([smallest, smallest]);
    expect(parsed.error?.issues).toMatchObject([{ path: [1, 'name'] }]);
  });

  it('lasts its delay and the intervals between its measurements', () => {
    expect(plannedMs({ initialDelay: '10s', interval: '500ms', count: 3 })).toBe(11_000);
    expect(plannedMs({ count: 1 })).toBe(0);
  });
});

describe('a length of time', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1h1m1s1ms', 3_661_001],
    ['0s', 0],
  ])('%s is %i ms', (text, ms) => {
    expect(durationSchema.parse(text)).toBe(text);
    expect(durationMs(text)).toBe(ms);
  });

  it.each(['', '5', 's', '1s1m', '-1s', '1.5s', '1d'])('is not "%s"', (text) => {
    expect(durationSchema.safeParse(text).success).toBe(false);
  });
});
