import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf } from '../../cli/client.ts';
import { applyApplication } from '../../cli/commands/application-commands.ts';
import { readYamlFile } from '../../cli/read-file.ts';
import {
  approve,
  crash,
  examples,
  registerShop,
  releaseRequest,
  request,
  startE2eSystem,
  until,
  untilChange,
  type E2eSystem,
} from '../support/e2e-system.ts';
import { startHttpSource, type HttpSource } from '../support/http-source.ts';
import { findPrometheus, startPrometheus, type PrometheusServer } from '../support/prometheus.ts';

const program = await findPrometheus();
const definition = readYamlFile(
  join(examples, 'applications', 'shop', 'application-with-metrics.yaml'),
) as { nfrs: object; verification: { metrics: Record<string, unknown>[] } };
/** As the example; how fast it answers on a busy machine is not what is tested here. */
const patient = {
  ...definition,
  nfrs: { ...definition.nfrs, responseTime: { p95MaxMs: 5_000 } },
};

/** Requests rise everywhere; of release 1.0.1 half of them fail in one datacentre. */
function exposition(elapsedMs: number): string {
  const series = ['1.0.0', '1.0.1'].flatMap((release) =>
    ['mad', 'bcn', 'par'].map((datacentre) => {
      const labels = (code: number): string =>
        `http_requests_total{datacentre="${datacentre}",release="${release}",code="${code}"}`;
      const isBad = release === '1.0.1' && datacentre === 'mad';
      const lines = [`${labels(200)} ${elapsedMs}`];
      if (isBad) lines.push(`${labels(500)} ${elapsedMs}`);
      return lines.join('\n');
    }),
  );
  return `# TYPE http_requests_total counter\n${series.join('\n')}\n`;
}

describe.skipIf(program === undefined)('the example with metrics, on a real Prometheus', () => {
  let exporter: HttpSource;
  let prometheus: PrometheusServer;
  let system: E2eSystem;

  beforeAll(async () => {
    const begun = performance.now();
    exporter = await startHttpSource((_request, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(exposition(Math.round(performance.now() - begun)));
    });
    prometheus = await startPrometheus(program ?? '', [new URL(exporter.url).host]);
    system = await startE2eSystem({ CTC_PROMETHEUS_URL: prometheus.url });
    await registerShop(system.people, [
      { version: '1.0.0', like: '1.0.0' },
      { version: '1.0.1', like: '1.0.0' },
    ]);
    await applyApplication(system.people.ana, patient);
  });
  afterAll(async () => {
    await system.stop();
    await prometheus.stop();
    await exporter.close();
  });

  const measurements = async (change: string) => {
    const { rows } = await answerOf(
      system.people.ana.api.GET('/changes/{change}/measurements', {
        params: { path: { change }, query: { limit: 200 } },
      }),
    );
    return rows;
  };
  const ctc = (...args: string[]) =>
    promisify(execFile)(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', 'cli/main.ts', ...args],
      {
        cwd: join(examples, '..'),
        env: {
          ...process.env,
          CTC_API_URL: system.stack.apiUrl,
          CTC_TOKEN: system.people.ana.token,
        },
      },
    );

  it('verifies a good release, each measurement once, though the worker is killed in between', async () => {
    const { ana, oscar } = system.people;
    const { label } = await request(ana, releaseRequest('1.0.0'));
    await approve(oscar, label);
    const before = await until(async () => {
      const rows = await measurements(label).catch(() => []);
      return rows.filter(({ metric }) => metric === 'error-ratio').length >= 3 ? rows : undefined;
    }, 'metrics are measured');
    const { attempts } = await untilChange(ana, label, () => true);
    expect(attempts[0]?.metrics.map(({ phase }) => phase)).toContain('Running');
    await crash(system, 'worker');

    const done = await untilChange(ana, label, ({ outcome }) => outcome !== null);
    expect(done.outcome).toBe('completed');
    const judged = done.attempts[0]?.metrics ?? [];
    expect(judged.map(({ metric, phase }) => [metric, phase]).slice(0, 2)).toEqual([
      ['healthy', 'Successful'],
      ['error-ratio', 'Successful'],
    ]);
    const rows = await measurements(label);
    expect(rows.slice(0, before.length)).toEqual(before);
    for (const { metric, series } of judged.slice(0, 2)) {
      for (const { scope } of series) {
        const own = rows.filter((row) => row.metric === metric && row.scopeKey === scope);
        expect(own.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
      }
    }
  });

  it('rolls a release back whose errors Prometheus tells of, and says so', async () => {
    const { ana, oscar } = system.people;
    const { label } = await request(
      ana,
      releaseRequest('1.0.1', { strategy: { maxRedeployments: 0 } }),
    );
    await approve(oscar, label);
    const done = await untilChange(ana, label, ({ outcome }) => outcome !== null);
    expect(done.outcome).toBe('rolled-back');
    expect(done.attempts[0]?.metrics).toMatchObject([
      {},
      { metric: 'error-ratio', phase: 'Failed' },
      { dryRun: true },
    ]);
    const { stdout } = await ctc('change', 'show', label);
    expect(stdout).toMatch(/metric error-ratio \(prometheus\): ✖ Failed/);
    expect(stdout).toMatch(
      / mad: ✖ Failed, 0 successful, 1 failed, .*\[0\.5\d*\] meets the failure/,
    );
    const listed = await ctc('change', 'measurements', label);
    expect(listed.stdout).toMatch(/error-ratio +mad +1 +✖ Failed/);
  });

  it('refuses metrics that could not be measured, each with its place', async () => {
    const [first, second] = definition.verification.metrics;
    const metrics = [
      { ...first, successCondition: 'result.status = 200' },
      { ...second, name: 'elsewhere', provider: { kind: 'http', url: 'http://169.254.169.254/' } },
      { ...first, name: 'rooted', provider: { kind: 'command', program: '/bin/rm' } },
    ];
    const { ana } = system.people;
    const { error, response } = await ana.api.PUT('/applications/{application}', {
      params: { path: { application: 'shop' } },
      headers: { 'if-match': '"v2"' },
      body: { ...patient, verification: { metrics } } as never,
    });
    expect(response.status).toBe(422);
    expect(error).toMatchObject({
      errors: [
        {
          field: 'verification.metrics.0.successCondition',
          message: expect.stringMatching(/At character 15/),
        },
        {
          field: 'verification.metrics.1.provider',
          message: expect.stringMatching(/CTC_VERIFICATION_HOSTS/),
        },
        {
          field: 'verification.metrics.2.provider',
          message: expect.stringMatching(/CTC_VERIFICATION_COMMANDS/),
        },
      ],
    });
  });
});
