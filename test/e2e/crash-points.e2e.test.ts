import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEffects } from '../../adapters/local/local-driver.ts';
import type { Change } from '../../cli/commands/get-change.ts';
import {
  approve,
  crash,
  registerShop,
  releaseRequest,
  request,
  startE2eSystem,
  until,
  untilChange,
  type E2eSystem,
} from '../support/e2e-system.ts';

/**
 * A deployment in two waves whose second wave fails, so that all of it is rolled back; a process is killed at a
 * crash point: before or after one of its activities. `CTC_TEST_EVERY_CRASH_POINT=all` goes through every point for each
 * process (about an hour), `worker`, `temporal` or `api` for that one; otherwise a few of them, spread over the whole story.
 */
const chosen = process.env['CTC_TEST_EVERY_CRASH_POINT'] ?? '';
const all = ['worker', 'temporal', 'api'] as const;
const everyPoint = chosen === 'all' || all.some((name) => name === chosen);
const victims = all.filter((name) => !everyPoint || chosen === 'all' || name === chosen);
const patienceMs = 4 * 3_600_000;
const mostLeftOut = 2;
const support = join(import.meta.dirname, '..', 'support');

describe('a deployment in two waves that is rolled back', () => {
  let system: E2eSystem;
  let directory: string;
  const file = (name: string): string => join(directory, name);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ctc-crash-points-'));
    system = await startE2eSystem({
      CTC_TEST_CRASH_POINTS: directory,
      // Its rounds are crash points too, and would make their number vary.
      CTC_CONTRACT_WATCH_MINUTES: '1440',
      NODE_OPTIONS: `--import=${join(support, 'stop-at-crash-point.mjs')}`,
    });
    const noStore = { store: { command: ['node', '-e', 'process.exit(3)'] } };
    await registerShop(
      system.people,
      [
        { version: '1.0.0', like: '1.0.0' },
        { version: '2.0.0', like: '1.0.0', components: noStore },
      ],
      // Processes that start again take the machine for themselves.
      { p95MaxMs: 5_000 },
    );
    const change = await deploy('1.0.0');
    expect(change.outcome).toBe('completed');
  });
  afterAll(async () => {
    await system.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function deploy(
    version: string,
    meanwhile?: (isOver: () => boolean) => Promise<void>,
  ): Promise<Change> {
    const { ana, oscar } = system.people;
    const body = releaseRequest(version, {
      strategy: { waves: [['mad'], ['bcn', 'par']], maxRedeployments: 0 },
    });
    let isOver = false;
    const asked = (async () => {
      const { label } = await request(ana, body);
      await approve(oscar, label);
      const change = await untilChange(ana, label, ({ outcome }) => outcome !== null);
      isOver = true;
      return change;
    })();
    const [change] = await Promise.all([asked, meanwhile?.(() => isOver)]);
    return change;
  }

  /** Everything stands as before, each datacentre was restored, and nothing was done twice. */
  async function expectRestored(change: Change): Promise<void> {
    expect(change.outcome).toBe('rolled-back');
    const rollback = change.attempts.at(-1);
    expect(rollback?.sites.map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 3 }, () => 'restored'),
    );
    const done = readEffects(join(system.dataDirectory, 'datacentres'))
      .filter((effect) => effect.change === change.id)
      .map(({ token, datacentre, component, action }) =>
        [token, datacentre, component, action].join(' '),
      );
    expect(done.filter((one, index) => done.indexOf(one) !== index)).toEqual([]);
    const entries = rollback?.endpoints.filter(({ component }) => component === 'web') ?? [];
    expect(entries).toHaveLength(2);
    for (const { url } of entries) expect(await (await fetch(url)).text()).toContain('web 1.0.0');
  }

  /** How many crash points there are, by going past all of them. */
  async function countPoints(): Promise<number> {
    await writeFile(file('chosen'), '0');
    await expectRestored(await deploy('2.0.0'));
    const points = readFileSync(file('points'), 'utf8').trimEnd().split('\n');
    await forgetPoints();
    return points.length;
  }
  const forgetPoints = async (): Promise<void> => {
    for (const name of ['chosen', 'points', 'reached', 'go']) await rm(file(name), { force: true });
  };

  it(
    'is restored whichever process is killed at whichever boundary of an activity',
    async () => {
      const count = await countPoints();
      expect(count).toBeGreaterThan(40);
      const stride = everyPoint ? 1 : Math.ceil(count / 5);
      let killed = 0;
      for (const [index, victim] of victims.entries()) {
        for (let point = 1 + index; point <= count; point += stride) {
          await writeFile(file('chosen'), String(point));
          const change = await deploy('2.0.0', async (isOver) => {
            const isReached = (): boolean => existsSync(file('reached'));
            await until(
              () => Promise.resolve(isReached() || isOver()),
              `point ${point} is reached`,
            );
            if (!isReached()) return;
            await crash(system, victim);
            await writeFile(file('go'), '');
          });
          const where = await readFile(file('reached'), 'utf8').catch(() => undefined);
          await expectRestored(change).catch((error: unknown) => {
            const what = `${victim} killed ${where ?? 'nowhere'} (point ${point} of ${count})`;
            throw new Error(what, { cause: error });
          });
          if (where === undefined) {
            // How often an activity is tried varies by one or two, and with it how many points there are.
            expect(point).toBeGreaterThan(count - mostLeftOut);
            await forgetPoints();
            continue;
          }
          killed += 1;
          await forgetPoints();
        }
      }
      process.stdout.write(
        `${killed} crashes (${victims.join(', ')}) over ${count} crash points: each rolled back whole, each effect once\n`,
      );
    },
    patienceMs,
  );
});
