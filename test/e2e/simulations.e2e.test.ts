import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmbeddedOptimus } from '../../adapters/optimus/embedded-optimus.ts';
import { buildOptimusApp } from '../../api/optimus/optimus-app.ts';
import type { TypedApp } from '../../api/typed-app.ts';
import { answerOf, onceHeaders } from '../../cli/client.ts';
import {
  approve,
  examples,
  registerShop,
  releaseRequest,
  request,
  runCtc,
  startE2eSystem,
  untilChange,
  type E2eSystem,
} from '../support/e2e-system.ts';

const shopFile = join(examples, 'applications', 'shop', 'application.yaml');

describe('Optimus, asked without a change', () => {
  const engine = createEmbeddedOptimus();
  let external: TypedApp;
  let asked = 0;
  let system: E2eSystem;
  let token: string;

  beforeAll(async () => {
    external = await buildOptimusApp(engine);
    external.addHook('preHandler', (_request, _reply, done) => {
      asked += 1;
      done();
    });
    system = await startE2eSystem({
      CTC_OPTIMUS_URL: await external.listen({ host: '127.0.0.1', port: 0 }),
    });
    token = system.people.ana.token;
    await registerShop(system.people, [{ version: '1.0.0', like: '1.0.0' }], { p95MaxMs: 5_000 });
    const { ana, oscar } = system.people;
    const { label } = await request(ana, releaseRequest('1.0.0'));
    await approve(oscar, label);
    const { outcome } = await untilChange(ana, label, (change) => change.outcome !== null);
    expect(outcome).toBe('completed');
  });
  afterAll(async () => {
    await system.stop();
    await external.close();
    await engine.close();
  });

  const ctc = (...args: string[]) => runCtc(system, token, ...args);
  const simulate = (body: object) =>
    answerOf(
      system.people.ana.api.POST('/applications/{application}/simulations', {
        params: { path: { application: 'shop' }, header: onceHeaders() },
        body: body as never,
      }),
    );

  it('says what would become of it if a datacentre failed, and what it would cost', async () => {
    const asItIs = await simulate({});
    const [best] = asItIs.result.placements;
    const used = [...new Set(best?.placement.assignments.map(({ datacentre }) => datacentre))];
    const lost = used[0] ?? '';
    const without = await simulate({ assume: [{ kind: 'datacentre-fails', datacentre: lost }] });
    expect(without.purpose).toBe('what-if');
    expect(without.askedFor).toBe('ana');
    expect(JSON.stringify(without.result.placements)).not.toContain(`"${lost}"`);
    expect(without.difference?.disappears.some((one) => one.endsWith(`@${lost}`))).toBe(true);
    expect(without.difference?.monthlyCost ?? 0).toBeGreaterThanOrEqual(0);
    // Nothing was changed.
    expect((await simulate({})).result.placements).toEqual(asItIs.result.placements);
  });

  it('names the smallest contradiction, and what would do instead', async () => {
    const { result } = await simulate({
      assume: [{ kind: 'requirements', nfrs: { monthlyCost: { max: 1, currency: 'EUR' } } }],
    });
    expect(result.status).toBe('infeasible');
    expect(result.conflict).toEqual([
      expect.objectContaining({ name: 'monthlyCost', nearest: expect.stringMatching(/costs \d/) }),
    ]);
  });

  it('refuses what is not there, naming it', async () => {
    const { error, response } = await system.people.ana.api.POST(
      '/applications/{application}/simulations',
      {
        params: { path: { application: 'shop' }, header: onceHeaders() },
        body: { assume: [{ kind: 'datacentre-fails', datacentre: 'atlantis' }] } as never,
      },
    );
    expect(response.status).toBe(422);
    expect(JSON.stringify(error)).toMatch(/assume\.0\.datacentre.*atlantis/);
  });

  it('computes every simulation again to the same answer: of changes and of people', async () => {
    await simulate({ assume: [{ kind: 'price-changes', percent: 20 }], trials: 1_000 });
    const { stdout } = await ctc('-o', 'json', 'simulation', 'list', 'shop');
    const rows = JSON.parse(stdout) as { id: string; purpose: string }[];
    expect(new Set(rows.map(({ purpose }) => purpose))).toEqual(new Set(['what-if', 'change']));
    for (const { id } of rows) {
      const replayed = await ctc('simulation', 'replay', id);
      expect(replayed, replayed.stderr).toMatchObject({ code: 0 });
      expect(replayed.stdout).toMatch(/gives the same answer/);
    }
    const { stdout: one } = await ctc('-o', 'json', 'simulation', 'show', rows[0]?.id ?? '');
    expect(JSON.parse(one)).toMatchObject({ replays: [{ unlike: [], replayedBy: 'ana' }] });
  });

  it('is asked from the command line: what if, the front, and what is shown of it', async () => {
    const whatIf = await ctc(
      'simulation',
      'run',
      'shop',
      '--price',
      '+20',
      '--availability',
      '99.9',
    );
    expect(whatIf, whatIf.stderr).toMatchObject({ code: 0 });
    expect(whatIf.stdout).toMatch(/Proven: nothing costs less/);
    expect(whatIf.stdout).toMatch(/Beside what is best as things are/);
    const never = await ctc('simulation', 'run', 'shop', '--max-cost', '1');
    expect(never.code).toBe(7);
    expect(never.stdout).toMatch(/monthly cost of at most 1\.00 EUR contradicts/);
    const front = await ctc('-o', 'json', 'simulation', 'front', 'shop', '--points', '5');
    expect(front, front.stderr).toMatchObject({ code: 0 });
    const points = JSON.parse(front.stdout) as {
      predicted: { monthlyCost: number; availabilityPercent: number };
    }[];
    expect(points.length).toBeGreaterThan(1);
    points.slice(1).forEach(({ predicted }, index) => {
      expect(predicted.monthlyCost).toBeGreaterThan(points[index]?.predicted.monthlyCost ?? 0);
      expect(predicted.availabilityPercent).toBeGreaterThan(
        points[index]?.predicted.availabilityPercent ?? 0,
      );
    });
    const wrong = await ctc('simulation', 'run', 'shop', '--price', 'moon:1=2');
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/offer:ID=PERCENT/) });
  });

  it('stays where it is when its policy wants the least disruption, however dear that becomes', async () => {
    const { ana } = system.people;
    const { definition, version } = await answerOf(
      ana.api.GET('/applications/{application}', { params: { path: { application: 'shop' } } }),
    );
    const [best] = (await simulate({})).result.placements;
    const [here = ''] = best?.placement.assignments.map(({ datacentre }) => datacentre) ?? [];
    const dearer = {
      assume: [
        { kind: 'price-changes', percent: 400, datacentre: here },
        { kind: 'requirements', nfrs: { monthlyCost: { max: 10_000, currency: 'EUR' } } },
      ],
    };
    const leaves = await simulate(dearer);
    expect(JSON.stringify(leaves.result.placements[0])).not.toContain(`"${here}"`);

    const guardian = { ...(definition['guardian'] as object), moving: { aim: 'least-disruption' } };
    await answerOf(
      ana.api.PUT('/applications/{application}', {
        params: { path: { application: 'shop' } },
        headers: { 'if-match': `"v${version}"` },
        body: { ...definition, guardian } as never,
      }),
    );
    const stays = await simulate(dearer);
    expect(stays.result.placements[0]?.moves).toEqual({ starts: 0, monthlyShare: 0 });
    expect(JSON.stringify(stays.result.placements[0])).toContain(`"${here}"`);
  });

  it('is the external one for an application that chooses it', async () => {
    expect(asked).toBe(0);
    const { ana } = system.people;
    const { definition, version } = await answerOf(
      ana.api.GET('/applications/{application}', { params: { path: { application: 'shop' } } }),
    );
    await answerOf(
      ana.api.PUT('/applications/{application}', {
        params: { path: { application: 'shop' } },
        headers: { 'if-match': `"v${version}"` },
        body: { ...definition, optimus: 'external' } as never,
      }),
    );
    expect((await simulate({})).result.status).toBe('optimal');
    expect(asked).toBe(1);
  });

  it('lints definitions by line, and prints their schema, without asking the API', async () => {
    expect(await ctc('application', 'lint', shopFile)).toMatchObject({ code: 0 });
    const file = join(system.dataDirectory, 'bad.yaml');
    await writeFile(
      file,
      [
        'name: bad',
        'title: Bad',
        'department: web-platform',
        'components:',
        '  - name: web',
        '    entry: true',
        '    needs: { cores: 1, memoryMb: 64, storageGb: 0 }',
        '    serviceTimeP95Ms: 5',
        '    calls: [nobody]',
        'nfrs:',
        '  availability: { minPercent: 101 }',
        '  monthlyCost: { max: 1, currency: EUR }',
        '  responseTime: { p95MaxMs: 10 }',
        '  location: { countries: [ES] }',
        '',
      ].join('\n'),
    );
    const bad = await ctc('application', 'lint', file);
    expect(bad.code).toBe(2);
    expect(bad.stdout).toMatch(/bad\.yaml:11:\d+: error nfrs\.availability\.minPercent/);
    const { stdout } = await ctc('application', 'schema');
    expect(JSON.parse(stdout)).toMatchObject({
      $id: 'urn:ctc:schema:application-definition:1',
      type: 'object',
    });
  });
});
