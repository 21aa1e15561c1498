import { describe, expect, it } from 'vitest';
import { createChangeReader } from '../../adapters/postgres/change-reader.ts';
import { useWorkflowHarness } from '../../test/support/vitest-harness.ts';
import { DomainError } from '../../domain/errors.ts';

const harness = useWorkflowHarness();

const errorRatio = {
  name: 'error-ratio',
  provider: { kind: 'prometheus', query: 'errors{dc="{{args.datacentre}}"}' },
  scope: 'datacentre',
  successCondition: 'result[0] < 0.05',
  interval: '1ms',
  count: 3,
};
/** An application with metrics whose release 1.0.0 was verified and closed. */
async function runningApplication(...metrics: object[]): Promise<string> {
  const application = await harness.registerApplication({
    verification: { path: '/', samples: 5, intervalMs: 10, timeoutMs: 1000, metrics },
  });
  harness.metrics.let('error-ratio', ({ args }) =>
    args.release === '1.0.0' ? [0.01] : [args.datacentre === 'mad' ? 0.3 : 0.02],
  );
  const first = await harness.requestRelease(application, '1.0.0', { body: { class: 'standard' } });
  await harness.approve(first);
  await harness.untilState(first, 'closed');
  return application;
}
async function deploy(application: string, strategy: object = {}): Promise<string> {
  const id = await harness.requestRelease(application, '2.0.0', {
    body: { strategy: { maxRedeployments: 0, ...strategy } },
  });
  await harness.approve(id);
  return id;
}
const shown = (id: string) =>
  createChangeReader({
    database: harness.database,
    engine: { freeWindows: () => Promise.resolve([]) },
  }).get(id);
const releases = (application: string): string[] => [
  ...new Set(Object.values(harness.datacentres.running(application))),
];

describe('a release whose metrics are measured', () => {
  it('completes when every metric of every datacentre is successful', async () => {
    const application = await runningApplication(errorRatio);
    harness.metrics.let('error-ratio', () => [0.01]);
    const id = await deploy(application);
    await harness.untilState(id, 'completed');
    const { attempts } = await shown(id);
    expect(attempts).toMatchObject([
      { metrics: [{ metric: 'error-ratio', phase: 'Successful', dryRun: false }] },
    ]);
    const scopes = attempts[0]?.metrics[0]?.series.map(({ scope, counts }) => [
      scope,
      counts.successful,
    ]);
    expect(scopes?.length).toBeGreaterThan(1);
    expect(scopes?.every(([, count]) => count === 3)).toBe(true);
    const log = await harness.log(id);
    expect(log.find(({ event }) => event === 'verify')?.message).toContain(
      'Metrics: error-ratio successful.',
    );
  });

  it('is rolled back when a metric fails in one datacentre, and the rollback needs no metric', async () => {
    const application = await runningApplication(errorRatio);
    const before = harness.datacentres.running(application);
    const id = await deploy(application);
    await harness.untilState(id, 'rolled-back');
    expect(harness.datacentres.running(application)).toEqual(before);
    const log = await harness.log(id);
    expect(log.find(({ event }) => event === 'violate')?.message).toMatch(
      /error-ratio of mad: Failed \(1 failed, none is allowed; last: \[0\.3\] does not meet/,
    );
    const { attempts } = await shown(id);
    expect(attempts).toMatchObject([
      { kind: 'deploy', metrics: [{ phase: 'Failed' }], verification: { verdict: 'violated' } },
      { kind: 'rollback', metrics: [], verification: { verdict: 'passed' } },
    ]);
    expect(harness.metrics.requests.some(({ args }) => args.attempt === '2')).toBe(false);
  });

  it.each([
    ['has no data', () => undefined],
    [
      'cannot be measured',
      () =>
        new DomainError('unavailable', 'Prometheus does not answer.', {
          code: 'prometheus-unavailable',
          remedy: 'Bring it back.',
        }),
    ],
  ])('is never taken for good when a metric %s', async (_what, say) => {
    const application = await runningApplication({ ...errorRatio, consecutiveErrorLimit: 1 });
    harness.metrics.let('error-ratio', say);
    const id = await deploy(application);
    await harness.untilState(id, 'rolled-back');
    expect((await harness.log(id)).map(({ event }) => event)).toContain('lack-evidence');
    expect(releases(application)).toEqual(['1.0.0']);
  });

  it('is not held back by a metric that is only recorded', async () => {
    const application = await runningApplication({ ...errorRatio, dryRun: true });
    const id = await deploy(application);
    await harness.untilState(id, 'completed');
    const { attempts } = await shown(id);
    expect(attempts).toMatchObject([{ metrics: [{ phase: 'Failed', dryRun: true }] }]);
  });

  it('is measured only where it stands: not in a datacentre that was given back', async () => {
    const application = await runningApplication(errorRatio);
    harness.metrics.let('error-ratio', ({ args }) => (args.datacentre === 'bcn' ? [0.9] : [0.01]));
    harness.datacentres.let({ datacentre: 'bcn', release: '2.0.0' }, { state: 'failed' });
    const id = await deploy(application, { failureLimit: 1 });
    await harness.untilState(id, 'completed');
    const { attempts } = await shown(id);
    const scopes = attempts[0]?.metrics[0]?.series.map(({ scope }) => scope);
    expect(scopes).toEqual(['mad', 'par']);
  });

  it('is not kept waiting for metrics when a requirement is violated', async () => {
    const application = await runningApplication(errorRatio);
    harness.datacentres.let({ component: 'web', release: '2.0.0' }, { durationMs: 900 });
    const id = await deploy(application);
    await harness.untilState(id, 'rolled-back');
    expect(harness.metrics.requests.some(({ args }) => args.release === '2.0.0')).toBe(false);
  });
});
