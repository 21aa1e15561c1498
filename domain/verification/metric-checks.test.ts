import { describe, expect, it } from 'vitest';
import { createWhyNotMeasurable } from '../../adapters/metrics/create-metric-provider.ts';
import { DomainError } from '../errors.ts';
import type { ExpressionEvaluator } from './expressions.ts';
import { metricSchema, type Metric } from './metric.ts';
import { complaintsAboutMetrics, refuseBadMetrics } from './metric-checks.ts';

const evaluator: ExpressionEvaluator = {
  compile: (expression) => {
    if (expression !== 'broken') return () => true;
    throw new DomainError('invalid', 'At character 1: no.', {
      code: 'expression-invalid',
      remedy: 'Known: result.',
    });
  },
};
const metric = (provider: object, more: object = {}): Metric =>
  metricSchema.parse({ name: 'm', provider, successCondition: 'result', ...more });
const nothing = { prometheus: { urls: {} }, hosts: [], commands: [] };
const complaints = (
  one: Metric,
  settings: Parameters<typeof createWhyNotMeasurable>[0] = {
    prometheus: { url: 'http://p', urls: {} },
    hosts: ['a.example'],
    webhookSecret: 'x',
    commands: ['/bin/true'],
  },
): string[] =>
  complaintsAboutMetrics([one], evaluator, createWhyNotMeasurable(settings)).map(
    ({ field, message }) => `${field.replace('verification.metrics.0.', '')}: ${message}`,
  );

describe('what is wrong with a metric before anything is measured', () => {
  const http = { kind: 'http', url: 'https://a.example/{{args.release}}' };

  it.each([
    ['prometheus', metric({ kind: 'prometheus', query: 'up' })],
    ['http', metric(http)],
    ['http of a replica', metric({ kind: 'http', path: '/' }, { scope: 'component' })],
    ['webhook', metric({ kind: 'webhook', url: 'https://a.example/' })],
    ['command', metric({ kind: 'command', program: '/bin/true', args: ['{{args.change}}'] })],
    ['prediction', metric({ kind: 'prediction', of: 'availability' })],
  ])('is nothing with %s, where it is allowed', (_what, one) => {
    expect(complaints(one)).toEqual([]);
  });

  it('are its conditions, with the place and what is known', () => {
    expect(complaints(metric(http, { failureCondition: 'broken' }))).toEqual([
      'failureCondition: At character 1: no. Known: result.',
    ]);
  });

  it.each([
    [{ kind: 'prometheus', query: 'up{{{args.change}}}' }, /^provider.query: arguments may stand/],
    [{ kind: 'webhook', url: 'https://a.example/{{args.x}}' }, /^provider.url: .*args\.x/],
    [
      { kind: 'command', program: '/bin/true', args: ['ok', '{{args.component}}'] },
      /^provider.args.1: .*not known with the scope "application"/,
    ],
  ])('are arguments of %j', (provider, words) => {
    expect(complaints(metric(provider)).join('\n')).toMatch(words);
  });

  it.each([
    [metric({ kind: 'prometheus', query: 'up' }), /set CTC_PROMETHEUS_URL/],
    [metric(http), /a\.example is not in CTC_VERIFICATION_HOSTS/],
    [metric({ kind: 'webhook', url: 'https://a.example/' }), /CTC_VERIFICATION_WEBHOOK_SECRET/],
    [metric({ kind: 'command', program: '/bin/true' }), /CTC_VERIFICATION_COMMANDS/],
  ])('is what is not allowed here, and how it would be', (one, words) => {
    expect(complaints(one, nothing).join('\n')).toMatch(words);
  });

  it('takes a Prometheus of some datacentres for enough of what is measured in each', () => {
    const some = { ...nothing, prometheus: { urls: { mad: 'http://p' } } };
    const query = { kind: 'prometheus', query: 'up' };
    expect(complaints(metric(query, { scope: 'datacentre' }), some)).toEqual([]);
    expect(complaints(metric(query), some)).toHaveLength(1);
  });

  it('refuses the definition with all of it at once', () => {
    const list = [
      { field: 'a', message: 'b' },
      { field: 'c', message: 'd' },
    ];
    expect(() => refuseBadMetrics(list)).toThrow(expect.objectContaining({ complaints: list }));
    expect(() => refuseBadMetrics([])).not.toThrow();
  });
});
