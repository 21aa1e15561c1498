import { describe, expect, it } from 'vitest';
import { reportAnalysis, summariseMetrics, withMetrics } from './analysis-report.ts';
import type { MeasurementPhase } from './assess-value.ts';
import type { VerificationReport } from './judge-verification.ts';
import { metricSchema, type Metric } from './metric.ts';
import type { RecordedMeasurement } from './metric-ports.ts';
import { seriesOf } from './series.ts';

const metric = (more: object = {}): Metric =>
  metricSchema.parse({
    name: 'ratio',
    provider: { kind: 'prometheus', query: 'up' },
    scope: 'datacentre',
    successCondition: 'result > 0',
    ...more,
  });
const assignments = [
  { component: 'web', datacentre: 'mad', offer: 'x' },
  { component: 'api', datacentre: 'mad', offer: 'y' },
  { component: 'web', datacentre: 'bcn', offer: 'z' },
];
const at = '2026-11-24T12:00:00.000Z';
const said = (scopeKey: string, phase: MeasurementPhase, name = 'ratio'): RecordedMeasurement => ({
  metric: name,
  scopeKey,
  number: 1,
  phase,
  value: 1,
  detail: 'x',
  at,
});
const report = (metrics: Metric[], recorded: RecordedMeasurement[], placed = assignments) =>
  reportAnalysis(metrics, seriesOf(metrics, { assignments: placed }), recorded, Date.parse(at));
const passed: VerificationReport = {
  verdict: 'passed',
  summary: 'Every requirement holds.',
  requirements: [],
  entries: [],
};

describe('the series of a metric', () => {
  it.each([
    [{ scope: 'application' }, ['']],
    [{ scope: 'datacentre' }, ['bcn', 'mad']],
    [{ scope: 'component' }, ['web@mad', 'api@mad', 'web@bcn']],
    [{ scope: 'component', components: ['web'] }, ['web@mad', 'web@bcn']],
  ])('with %j are %j', (more, keys) => {
    const series = seriesOf([metric(more)], { assignments });
    expect(series.map(({ scopeKey }) => scopeKey)).toEqual(keys);
  });

  it('are not without bound', () => {
    const many = Array.from({ length: 1_001 }, (_, index) => ({
      component: `c${index}`,
      datacentre: 'mad',
      offer: 'x',
    }));
    expect(() => seriesOf([metric({ scope: 'component' })], { assignments: many })).toThrow(
      /1001 series; at most 1000/,
    );
  });
});

describe('the report of metrics', () => {
  it('runs until every series has ended, and is as bad as the worst of them', () => {
    expect(report([metric()], [said('mad', 'Successful')])).toMatchObject({
      phase: undefined,
      metrics: [{ phase: 'Running', series: [{ phase: 'Running' }, { phase: 'Successful' }] }],
    });
    const done = report([metric()], [said('mad', 'Successful'), said('bcn', 'Inconclusive')]);
    expect(done).toMatchObject({ phase: 'Inconclusive', metrics: [{ phase: 'Inconclusive' }] });
  });

  it('takes nothing that was stopped for passed', () => {
    expect(report([metric()], [said('mad', 'Failed')])).toMatchObject({
      phase: 'Failed',
      metrics: [{ series: [{ scope: 'bcn', phase: 'Inconclusive', last: null }, {}] }],
    });
  });

  it('does not pass with no datacentre to measure', () => {
    const empty = report([metric()], [], []);
    expect(empty).toMatchObject({ phase: 'Inconclusive', metrics: [{ phase: 'Inconclusive' }] });
    expect(summariseMetrics(empty.metrics)).toBe(
      'Metrics: ratio: there is nothing to measure it of.',
    );
  });

  it.each<[VerificationReport['verdict'], MeasurementPhase, VerificationReport['verdict']]>([
    ['passed', 'Successful', 'passed'],
    ['passed', 'Inconclusive', 'inconclusive'],
    ['passed', 'Error', 'inconclusive'],
    ['passed', 'Failed', 'violated'],
    ['inconclusive', 'Successful', 'inconclusive'],
    ['inconclusive', 'Failed', 'violated'],
    ['violated', 'Successful', 'violated'],
  ])('makes of %s requirements and %s metrics: %s', (verdict, phase, wanted) => {
    const errors = phase === 'Error' ? { consecutiveErrorLimit: 0 } : {};
    const analysis = report([metric({ scope: 'application', ...errors })], [said('', phase)]);
    expect(withMetrics({ ...passed, verdict }, analysis).verdict).toBe(wanted);
  });

  it('leaves the requirements alone where every metric is a dry run', () => {
    const analysis = report([metric({ scope: 'application', dryRun: true })], [said('', 'Failed')]);
    const judged = withMetrics(passed, analysis);
    expect(judged.verdict).toBe('passed');
    expect(judged.summary).toBe(
      'Every requirement holds. No metric decides. 1 more recorded only.',
    );
    expect(judged.metrics).toMatchObject([{ phase: 'Failed', dryRun: true }]);
  });

  it('says which series failed, by which limit, and what it measured', () => {
    const metrics = [metric(), metric({ name: 'dry', dryRun: true, scope: 'application' })];
    const recorded = [
      said('bcn', 'Successful'),
      said('mad', 'Failed'),
      said('', 'Successful', 'dry'),
    ];
    expect(summariseMetrics(report(metrics, recorded).metrics)).toBe(
      'Metrics: ratio of mad: Failed (1 failed, none is allowed; last: x). 1 more recorded only.',
    );
  });
});
