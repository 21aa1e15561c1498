import type { Knex } from 'knex';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  addPrincipal,
  importCsv,
  insertChange,
  manualRequest,
  smallestCompany,
} from '../test/support/company-database.ts';
import { createTestDatabase, type TestDatabase } from '../test/support/postgres.ts';
import { createFakeMetrics } from '../test/fakes/fake-metrics.ts';
import { createCelEvaluator } from '../adapters/cel/cel-evaluator.ts';
import { createAnalysisRegister } from '../adapters/postgres/analysis-register.ts';
import { listMeasurements, metricsSoFar } from '../adapters/postgres/metrics-reader.ts';
import { createDatabase } from '../adapters/postgres/database.ts';
import {
  applicationDefinitionSchema,
  type ApplicationDefinition,
} from '../domain/application/application-definition.ts';
import type { StoredAttempt } from '../domain/change/ports.ts';
import type { DesiredState } from '../domain/deployment/ports.ts';
import type { MetricProvider } from '../domain/verification/metric-ports.ts';
import type { MetricValue } from '../domain/verification/metric-value.ts';
import { runAnalysis } from './run-analysis.ts';

let testDatabase: TestDatabase;
let db: Knex;
let changeId: string;
let nextAttempt = 0;
const metrics = createFakeMetrics();
const now = (): string => new Date().toISOString();

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  db = createDatabase({ url: testDatabase.url, poolMax: 10 });
  await importCsv(db, smallestCompany);
  await addPrincipal(db, 'ana');
  changeId = await insertChange(
    db,
    'ana',
    manualRequest({ start: '2026-12-01T01:00', end: '2026-12-01T03:00' }),
  );
});
afterAll(async () => {
  await db.destroy();
  await testDatabase.drop();
});
beforeEach(() => metrics.heal());

const metric = (more: object = {}): object => ({
  name: 'ratio',
  provider: { kind: 'prometheus', query: 'x' },
  successCondition: 'result < 5',
  count: 5,
  interval: '1ms',
  ...more,
});
const shop = (...specs: object[]): ApplicationDefinition =>
  applicationDefinitionSchema.parse({
    name: 'shop',
    title: 'Shop',
    department: 'hosting',
    components: [
      {
        name: 'web',
        entry: true,
        needs: { cores: 1, memoryMb: 1, storageGb: 0 },
        serviceTimeP95Ms: 1,
      },
    ],
    nfrs: {
      availability: { minPercent: 99 },
      monthlyCost: { max: 1, currency: 'EUR' },
      responseTime: { p95MaxMs: 1 },
      location: { countries: ['ES'] },
    },
    verification: { metrics: specs },
  });

const desiredIn = (datacentre: string, releaseDigest: string): DesiredState => ({
  application: 'shop',
  datacentre,
  release: '1.0.0',
  releaseDigest,
  components: [],
});

/** An attempt of its own, in Madrid and Barcelona. */
async function storedAttempt(): Promise<StoredAttempt> {
  nextAttempt += 1;
  const attempt: StoredAttempt = {
    changeId,
    attempt: nextAttempt,
    kind: 'deploy',
    application: 'shop',
    releaseVersion: '1.0.0',
    releaseDigest: 'd',
    placement: {
      assignments: ['mad', 'bcn'].map((datacentre) => ({
        component: 'web',
        datacentre,
        offer: `${datacentre}-small`,
      })),
    },
    waves: [],
    desired: Object.fromEntries(
      ['mad', 'bcn'].map((datacentre) => [datacentre, desiredIn(datacentre, 'd')]),
    ),
    endpoints: [{ component: 'web', datacentre: 'mad', url: 'http://web.mad.example' }],
  };
  await db('attempt').insert({
    change_id: changeId,
    number: nextAttempt,
    kind: 'deploy',
    application: 'shop',
    release_version: '1.0.0',
    release_digest: 'd',
    placement: JSON.stringify(attempt.placement),
    waves: '[]',
    desired: JSON.stringify(attempt.desired),
    tokens: '{}',
    endpoints: '[]',
    started_at: now(),
  });
  return attempt;
}

const analyse = (
  attempt: StoredAttempt,
  application: ApplicationDefinition,
  {
    signal = new AbortController().signal,
    provider = metrics.provider,
  }: { signal?: AbortSignal; provider?: MetricProvider } = {},
) =>
  runAnalysis(
    {
      metricProvider: provider,
      expressions: createCelEvaluator(),
      analyses: createAnalysisRegister(db),
      now,
    },
    attempt,
    application,
    signal,
  );
const rows = (attempt: StoredAttempt) =>
  db('metric_measurement')
    .where({ change_id: changeId, attempt: attempt.attempt })
    .orderBy(['metric', 'scope_key', 'number']);
/** Says one after the other, the last one for ever. */
const inTurn = (...values: (MetricValue | undefined | Error)[]) => {
  let turn = 0;
  return () => values[Math.min(turn++, values.length - 1)];
};

describe('an analysis', () => {
  it('records each measurement of each series, and succeeds when all do', async () => {
    const attempt = await storedAttempt();
    const application = shop(metric({ scope: 'datacentre' }), metric({ name: 'once', count: 1 }));
    const { phase, metrics: judged } = await analyse(attempt, application);
    expect(phase).toBe('Successful');
    expect(judged).toMatchObject([
      {
        metric: 'ratio',
        phase: 'Successful',
        series: [
          { scope: 'bcn', counts: { successful: 5 } },
          { scope: 'mad', counts: { successful: 5 } },
        ],
      },
      { metric: 'once', series: [{ scope: '', counts: { successful: 1 } }] },
    ]);
    expect(await rows(attempt)).toHaveLength(11);
    expect(metrics.requests.find(({ args }) => args.datacentre === 'bcn')).toMatchObject({
      args: { change: changeId, application: 'shop', release: '1.0.0' },
      timeoutMs: 10_000,
    });
  });

  it('tells a provider where a replica answers', async () => {
    const attempt = await storedAttempt();
    await analyse(attempt, shop(metric({ scope: 'component', count: 1 })));
    expect(metrics.requests.map(({ target }) => target.endpoint).sort()).toEqual([
      'http://web.mad.example',
      undefined,
    ]);
  });

  it('ends at the first metric that cannot become good any more', async () => {
    const attempt = await storedAttempt();
    metrics.let('bad', inTurn(1, 9));
    const application = shop(
      metric({ name: 'bad' }),
      metric({ name: 'patient', count: 2, interval: '1h' }),
    );
    const { phase, metrics: judged } = await analyse(attempt, application);
    expect(phase).toBe('Failed');
    expect(judged).toMatchObject([
      { metric: 'bad', series: [{ counts: { successful: 1, failed: 1 }, last: { value: 9 } }] },
      {
        metric: 'patient',
        phase: 'Inconclusive',
        series: [{ because: expect.stringContaining('stopped') }],
      },
    ]);
  });

  it('is inconclusive without data, and with errors, never successful', async () => {
    metrics.let('ratio', () => undefined);
    expect((await analyse(await storedAttempt(), shop(metric()))).phase).toBe('Inconclusive');
    metrics.let('ratio', () => new Error('out of order'));
    const { phase, metrics: judged } = await analyse(await storedAttempt(), shop(metric()));
    expect(phase).toBe('Error');
    expect(judged[0]?.series[0]).toMatchObject({
      because: '5 errors in a row, 4 are allowed',
      last: { detail: 'out of order', value: null },
    });
  });

  it('goes on after errors that are not too many in a row', async () => {
    const e = new Error('hiccup');
    metrics.let('ratio', inTurn(e, e, 1, e, 1, 1, 1, 1));
    const { phase, metrics: judged } = await analyse(await storedAttempt(), shop(metric()));
    expect(phase).toBe('Successful');
    expect(judged[0]?.series[0]?.counts).toMatchObject({ successful: 5, error: 3 });
  });

  it('records dry runs to their end, and is not decided by them', async () => {
    const attempt = await storedAttempt();
    metrics.let('dry', () => 9);
    const { phase } = await analyse(
      attempt,
      shop(metric({ name: 'dry', dryRun: true, count: 3, failureLimit: 1 }), metric({ count: 1 })),
    );
    expect(phase).toBe('Successful');
    const dry = (await rows(attempt)).filter((row: { metric: string }) => row.metric === 'dry');
    expect(dry).toMatchObject([{ phase: 'Failed' }, { phase: 'Failed' }]);
    const only = await analyse(await storedAttempt(), shop(metric({ name: 'dry', dryRun: true })));
    expect(only.phase).toBeNull();
  });

  it('gives up a measurement that takes too long, though its provider does not heed the signal', async () => {
    const provider: MetricProvider = { measure: () => new Promise(() => undefined) };
    const application = shop(metric({ timeout: '20ms', consecutiveErrorLimit: 1 }));
    const { phase, metrics: judged } = await analyse(await storedAttempt(), application, {
      provider,
    });
    expect(phase).toBe('Error');
    expect(judged[0]?.series[0]?.last?.detail).toMatch(/no measurement within 20 ms/);
  });

  it('keeps values that PostgreSQL could not hold', async () => {
    const attempt = await storedAttempt();
    metrics.let('ratio', inTurn({ 'a\0': 'b\0\ud800' }, Number.NEGATIVE_INFINITY));
    await analyse(
      attempt,
      shop(metric({ successCondition: undefined, failureCondition: 'result == 1', count: 2 })),
    );
    expect(await rows(attempt)).toMatchObject([
      { value: { 'a\uFFFD': 'b\uFFFD\uFFFD' }, phase: 'Successful' },
      { value: '-Infinity' },
    ]);
  });
});

describe('an analysis whose worker dies', () => {
  /** Measures until the third measurement is under way, and dies. */
  async function dieInTheThird(
    attempt: StoredAttempt,
    application: ApplicationDefinition,
  ): Promise<void> {
    const worker = new AbortController();
    metrics.let('ratio', ({ number }) => {
      if (number < 3) return 1;
      worker.abort(new Error('killed'));
      return 1;
    });
    await expect(analyse(attempt, application, { signal: worker.signal })).rejects.toThrow(
      'killed',
    );
  }

  it('goes on with what is recorded, and measures nothing twice', async () => {
    const attempt = await storedAttempt();
    const application = shop(metric());
    await dieInTheThird(attempt, application);
    const before = await rows(attempt);
    expect(before).toHaveLength(2);

    metrics.heal();
    const { phase } = await analyse(attempt, application);
    expect(phase).toBe('Successful');
    expect(metrics.requests.map(({ number }) => number)).toEqual([3, 4, 5]);
    const after = await rows(attempt);
    expect(after.slice(0, 2)).toEqual(before);
    expect(after.map(({ number }: { number: number }) => number)).toEqual([1, 2, 3, 4, 5]);
  });

  it('counts what failed before against what is measured after', async () => {
    const attempt = await storedAttempt();
    const application = shop(metric({ failureLimit: 1 }));
    const worker = new AbortController();
    metrics.let('ratio', ({ number }) => {
      if (number === 2) worker.abort(new Error('killed'));
      return 9;
    });
    await expect(analyse(attempt, application, { signal: worker.signal })).rejects.toThrow();
    const { phase } = await analyse(attempt, application);
    expect(phase).toBe('Failed');
    expect(await rows(attempt)).toHaveLength(2);
  });

  it('begins no initial delay anew', async () => {
    const attempt = await storedAttempt();
    const register = createAnalysisRegister(db);
    await register.open(attempt, new Date(Date.now() - 3_600_000).toISOString());
    const begun = performance.now();
    const { phase } = await analyse(attempt, shop(metric({ initialDelay: '59m' })));
    expect(phase).toBe('Successful');
    expect(performance.now() - begun).toBeLessThan(30_000);
  });

  it('measures nothing at all when everything was decided', async () => {
    const attempt = await storedAttempt();
    const application = shop(
      metric({ count: 1 }),
      metric({ name: 'long', count: 2, interval: '1h' }),
    );
    metrics.let('ratio', () => 9);
    const first = await analyse(attempt, application);
    metrics.heal();
    expect(await analyse(attempt, application)).toEqual(first);
    expect(metrics.requests).toEqual([]);
  });

  it('and another that measures the same agree on what is recorded', async () => {
    const attempt = await storedAttempt();
    const application = shop(metric({ scope: 'datacentre', failureLimit: 2 }));
    let turn = 0;
    metrics.let('ratio', () => (turn++ % 3 === 0 ? 9 : 1));
    const [one, other] = await Promise.all([
      analyse(attempt, application),
      analyse(attempt, application),
    ]);
    expect(other.phase).toBe(one.phase);
    for (const { metric: name, scope_key: scope, number } of await rows(attempt)) {
      const same = {
        change_id: changeId,
        attempt: attempt.attempt,
        metric: name,
        scope_key: scope,
      };
      expect(await db('metric_measurement').where({ ...same, number })).toHaveLength(1);
    }
  });

  it('is stopped by a failure of the record, and leaves nothing measuring behind', async () => {
    const attempt = await storedAttempt();
    const register = createAnalysisRegister(db);
    const broken = runAnalysis(
      {
        metricProvider: metrics.provider,
        expressions: createCelEvaluator(),
        analyses: { ...register, record: () => Promise.reject(new Error('the disk is full')) },
        now,
      },
      attempt,
      shop(metric(), metric({ name: 'patient', initialDelay: '1h' })),
      new AbortController().signal,
    );
    await expect(broken).rejects.toThrow('the disk is full');
    expect(metrics.requests).toHaveLength(1);
  });
});

describe('a datacentre that was given back', () => {
  const givenBack = (attempt: StoredAttempt, ...datacentres: string[]): StoredAttempt => ({
    ...attempt,
    desired: {
      ...attempt.desired,
      ...Object.fromEntries(datacentres.map((one) => [one, desiredIn(one, 'the one before')])),
    },
  });
  const application = shop(metric({ scope: 'datacentre', count: 1 }));

  it('is not measured: it runs the release before', async () => {
    const { phase, metrics: judged } = await analyse(
      givenBack(await storedAttempt(), 'mad'),
      application,
    );
    expect(phase).toBe('Successful');
    expect(judged[0]?.series.map(({ scope }) => scope)).toEqual(['bcn']);
  });

  it('leaves nothing to pass where it is the last one', async () => {
    const attempt = givenBack(await storedAttempt(), 'mad', 'bcn');
    const { phase } = await analyse(attempt, application);
    expect(phase).toBe('Inconclusive');
    expect(await rows(attempt)).toEqual([]);
  });
});

describe('what is recorded of an attempt', () => {
  it('is shown while it is measured, with what is still to come', async () => {
    const attempt = await storedAttempt();
    const { metrics: specs } = shop(
      metric(),
      metric({ name: 'later', initialDelay: '1h' }),
    ).verification;
    const placed = { ...attempt, number: attempt.attempt };
    expect(await metricsSoFar(db, changeId, placed, specs)).toEqual([]);
    const register = createAnalysisRegister(db);
    await register.open(attempt, now());
    await register.record(attempt, {
      metric: 'ratio',
      scopeKey: '',
      number: 1,
      phase: 'Successful',
      value: 1,
      detail: '1',
      at: now(),
    });
    expect(await metricsSoFar(db, changeId, placed, specs)).toMatchObject([
      {
        metric: 'ratio',
        phase: 'Running',
        series: [{ counts: { successful: 1 }, last: { value: 1 } }],
      },
      { metric: 'later', phase: 'Running', series: [{ last: null }] },
    ]);
    expect(await metricsSoFar(db, changeId, placed, undefined)).toEqual([]);
  });

  it('is listed a page at a time', async () => {
    const all = await listMeasurements(db, changeId, { limit: 10_000 });
    expect(all.nextCursor).toBeUndefined();
    const found = [];
    let cursor: string | undefined;
    do {
      const page = await listMeasurements(db, changeId, {
        limit: 7,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.rows.length).toBeLessThanOrEqual(7);
      found.push(...page.rows);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(found).toEqual(all.rows);
    await expect(listMeasurements(db, changeId, { limit: 1, cursor: 'no' })).rejects.toMatchObject({
      code: 'invalid-cursor',
    });
  });

  it('is never changed', async () => {
    const attempt = await storedAttempt();
    const register = createAnalysisRegister(db);
    await register.open(attempt, now());
    const first = {
      metric: 'm',
      scopeKey: 'mad',
      number: 1,
      phase: 'Failed',
      value: null,
      detail: 'first',
      at: now(),
    } as const;
    expect(await register.record(attempt, first)).toEqual(first);
    const second = { ...first, phase: 'Successful', detail: 'second' } as const;
    expect(await register.record(attempt, second)).toEqual(first);
  });
});
