import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, onceHeaders } from '../../cli/client.ts';
import { applyApplication } from '../../cli/commands/application-commands.ts';
import type { components } from '../../cli/generated/api.d.ts';
import {
  approve,
  crash,
  openWindow,
  request,
  runCtc,
  startE2eSystem,
  until,
  untilChange,
  type E2eSystem,
} from '../support/e2e-system.ts';

type Incident = components['schemas']['Incident'];
type Guardian = components['schemas']['Guardian'];

const root = join(import.meta.dirname, '..', '..');

/** Healthy for its datacentre, and broken for its users as soon as a file appears. */
const server = `
  const { createServer } = require('node:http');
  const { existsSync } = require('node:fs');
  const { PORT, HOST, BROKEN_BY, CTC_COMPONENT, CTC_DATACENTRE } = process.env;
  createServer((request, response) => {
    const isBroken = request.url === '/' && BROKEN_BY !== undefined && existsSync(BROKEN_BY);
    response.writeHead(isBroken ? 500 : 200, {
      'server-timing': CTC_COMPONENT + ';desc="' + CTC_DATACENTRE + '";dur=1',
    });
    response.end('ding');
  }).listen(Number(PORT), HOST);
`;

describe('an application that begins to fail while it runs', () => {
  let system: E2eSystem;
  let brokenBy: string;

  beforeAll(async () => {
    system = await startE2eSystem();
    brokenBy = join(system.dataDirectory, 'broken');
    const { ana } = system.people;
    await applyApplication(ana, {
      name: 'bell',
      title: 'A bell',
      department: 'web-platform',
      components: [
        {
          name: 'ring',
          entry: true,
          needs: { cores: 1, memoryMb: 512, storageGb: 1 },
          replicas: { min: 2, max: 2 },
          serviceTimeP95Ms: 5,
        },
      ],
      nfrs: {
        availability: { minPercent: 99 },
        monthlyCost: { max: 60, currency: 'EUR' },
        // On a busy machine anything may take its time; what is shown here is availability.
        responseTime: { p95MaxMs: 5_000 },
        location: { countries: ['ES', 'FR'] },
      },
      verification: { path: '/', samples: 10, intervalMs: 20, timeoutMs: 5_000 },
      guardian: {
        mode: 'act',
        measureEverySeconds: 1,
        measurementsPerPeriod: 2,
        samplesPerMeasurement: 10,
        coolDownMinutes: 0,
        maxExtraCostPercent: 300,
      },
    });
    for (const version of ['1', '2']) {
      await answerOf(
        ana.api.POST('/applications/{application}/releases', {
          params: { path: { application: 'bell' }, header: onceHeaders() },
          body: {
            application: 'bell',
            version,
            components: {
              ring: {
                command: ['node', '-e', server],
                directory: root,
                env: {
                  BELL_OF: system.dataDirectory,
                  ...(version === '2' ? { BROKEN_BY: brokenBy } : {}),
                },
              },
            },
          } as never,
        }),
      );
    }
  });

  afterAll(async () => {
    await system.stop();
  });

  const deploy = async (release: string): Promise<void> => {
    const { ana, oscar } = system.people;
    const { label } = await request(ana, {
      kind: 'release',
      title: `Bell ${release}`,
      reason: 'an end-to-end test',
      department: 'web-platform',
      window: openWindow(),
      application: 'bell',
      release,
      datacentres: ['mad', 'bcn', 'par'],
    } as never);
    await approve(oscar, label);
    const done = await untilChange(ana, label, ({ outcome }) => outcome !== null);
    expect(done.outcome).toBe('completed');
  };
  const guardian = (): Promise<Guardian> =>
    answerOf(
      system.people.ana.api.GET('/applications/{application}/guardian', {
        params: { path: { application: 'bell' } },
      }),
    );
  const incidents = async (): Promise<Incident[]> => {
    const { api } = system.people.ana;
    const { rows } = await answerOf(api.GET('/incidents', { params: { query: {} } }));
    return Promise.all(
      rows.map(({ label }) =>
        answerOf(api.GET('/incidents/{incident}', { params: { path: { incident: label } } })),
      ),
    );
  };
  const untilResolved = (count: number): Promise<Incident[]> =>
    until(async () => {
      const all = await incidents();
      return all.length >= count && all.every(({ state }) => state === 'resolved') && all;
    }, `${count} incidents are resolved`);
  const ctc = async (token: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCtc(system, token, ...args);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
  /** Ends one replica as a crash would, and answers where it ran. */
  const killOne = (): string => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      let environment: string[];
      try {
        environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      } catch {
        continue;
      }
      if (!environment.includes(`BELL_OF=${system.dataDirectory}`)) continue;
      process.kill(Number(pid), 'SIGKILL');
      const place = environment.find((one) => one.startsWith('CTC_DATACENTRE='));
      return place?.split('=')[1] ?? '';
    }
    throw new Error('No replica runs.');
  };

  it('is moved away from where it fails, by itself, as a change that says where it comes from', async () => {
    await deploy('1');
    await until(async () => {
      const { evaluation } = await guardian().catch(() => ({ evaluation: null }));
      return evaluation?.verdict === 'holding';
    }, 'the guardian says that everything holds');
    const left = killOne();
    // In the middle of its correction its worker is killed: that is taken up again, and done once.
    await until(async () => (await guardian()).state === 'correcting', 'it corrects');
    await crash(system, 'worker');
    const [incident] = await untilResolved(1);
    expect(incident?.decisions.flatMap(({ change }) => change ?? [])).toHaveLength(1);
    expect(incident?.violated).toContain('availability');
    const decision = incident?.decisions.find(({ change }) => change !== null);
    expect(decision).toMatchObject({ way: 'redeploy', outcome: 'completed', approvedBy: null });
    const sites = decision?.placement?.assignments.map(({ datacentre }) => datacentre);
    expect(sites).toHaveLength(2);
    expect(sites).not.toContain(left);
    const simulation = decision?.simulations.find(({ way }) => way === 'redeploy');
    expect(simulation?.inputsHash).toMatch(/^[0-9a-f]{64}$/);
    expect(simulation?.placements.filter(({ chosen }) => chosen)).toHaveLength(1);

    const { token } = system.people.oscar;
    const shown = await ctc(token, 'change', 'show', decision?.change ?? '');
    expect(shown).toContain(`decision ${decision?.number} of ${incident?.label}`);
    expect(shown).toContain('approved by a policy, no person,');
    const status = await ctc(token, 'guardian', 'status', 'bell');
    expect(status).toMatch(/holds {2}availability at least 99 % answered/);
    expect(await ctc(token, 'incident', 'show', incident?.label ?? '')).toContain('redeploy');
  });

  it('is rolled back where its release is at fault, and then stands still until a person lifts it', async () => {
    await deploy('2');
    await until(async () => (await guardian()).deployment?.release === '2', '2 is guarded');
    await writeFile(brokenBy, '');
    const [incident] = await untilResolved(2);
    const decision = incident?.decisions.find(({ change }) => change !== null);
    expect(decision).toMatchObject({ way: 'roll-back', release: '1', outcome: 'completed' });
    const { running } = await answerOf(
      system.people.ana.api.GET('/applications/{application}', {
        params: { path: { application: 'bell' } },
      }),
    );
    expect(running).toMatchObject({ release: '1', change: decision?.change });
    expect((await guardian()).heldSince).not.toBeNull();
    const lifted = await ctc(
      system.people.oscar.token,
      'guardian',
      'lift-hold',
      'bell',
      '-r',
      'release 2 is withdrawn',
    );
    expect(lifted).toContain('Lifted');
    await until(async () => (await guardian()).heldSince === null, 'the hold is lifted');
    await expect(
      ctc(system.people.ana.token, 'guardian', 'pause', 'bell', '-r', 'may I?'),
    ).rejects.toThrow(/not allowed|may not|needs/i);
  });
});
