import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProcessSpec } from '../../domain/application/release-definition.ts';
import type { DesiredState, Fence, ObservedInstance } from '../../domain/deployment/ports.ts';
import { describeDatacentreDriverContract } from '../../test/contracts/datacentre-driver.ts';
import type { Behaviour } from '../../test/contracts/datacentre-driver.ts';
import { wantedInstances } from './desired-instances.ts';
import { createLocalDriver, readEffects } from './local-driver.ts';
import { openLocalState } from './local-state.ts';
import { formatMarker, siteMarkerPrefix } from './marker.ts';
import { findMarked, readStat } from './proc.ts';

const lastToken = Number.MAX_SAFE_INTEGER;

function processOf({ delayMs, crash, sick, readyTimeoutMs = 30_000 }: Behaviour): ProcessSpec {
  return {
    command: ['node', 'test-component.mjs'],
    directory: import.meta.dirname,
    env: {
      ...(delayMs === undefined ? {} : { DELAY_MS: String(delayMs) }),
      ...(crash === undefined ? {} : { CRASH: crash }),
      ...(sick === true ? { SICK: '1' } : {}),
    },
    healthPath: '/healthz',
    readyTimeoutMs,
  };
}

describeDatacentreDriverContract('The local driver', async () => {
  const stateDirectory = await mkdtemp(path.join(tmpdir(), 'ctc-local-'));
  const driver = createLocalDriver({ stateDirectory, stopGraceMs: 1_000 });
  return {
    driver,
    datacentre: 'mad',
    component: (name, behaviour) => ({ name, process: processOf(behaviour), bindings: {} }),
    sickDetail: '503',
    countEffects: () => readEffects(stateDirectory).length,
    async close() {
      const site = { application: 'contract-shop', datacentre: 'mad' };
      await driver.remove(site, { token: lastToken, change: 'clean-up', attempt: 1 });
      driver.close();
      await rm(stateDirectory, { recursive: true, force: true });
    },
  };
});

describe('The local driver', () => {
  let stateDirectory: string;
  let driver: ReturnType<typeof createLocalDriver>;
  const site = { application: 'shop', datacentre: 'mad' };
  const own: ChildProcess[] = [];

  beforeEach(async () => {
    stateDirectory = await mkdtemp(path.join(tmpdir(), 'ctc-local-'));
    driver = createLocalDriver({ stateDirectory, stopGraceMs: 500 });
  });
  afterEach(async () => {
    for (const child of own.splice(0)) child.kill('SIGKILL');
    await driver.remove(site, fence(lastToken));
    driver.close();
    await rm(stateDirectory, { recursive: true, force: true });
  });

  const desired = (release: string, ...names: string[]): DesiredState =>
    withProcess(release, processOf({}), ...names);
  const withProcess = (release: string, spec: ProcessSpec, ...names: string[]): DesiredState => ({
    ...site,
    release,
    releaseDigest: release.padEnd(64, '0'),
    components: names.map((name) => ({ name, process: spec, bindings: {} })),
  });
  const observed = async (state: ObservedInstance['state'], count = 1) => {
    let instances: readonly ObservedInstance[] = [];
    await expect
      .poll(
        async () => {
          ({ instances } = await driver.observe(site));
          return instances.map((one) => one.state);
        },
        { timeout: 60_000, interval: 50 },
      )
      .toEqual(Array(count).fill(state));
    return instances;
  };
  const pidsOf = (action: 'start' | 'stop'): number[] =>
    readEffects(stateDirectory)
      .filter((effect) => effect.action === action)
      .map(({ pid }) => pid);
  const isRunning = (pid: number): boolean => {
    const stat = readStat(pid);
    return stat !== undefined && stat.state !== 'Z';
  };
  const startWorker = (state: DesiredState, token: number) => {
    const order = JSON.stringify({ stateDirectory, desired: state, fence: fence(token) });
    const script = path.join(import.meta.dirname, 'test-worker.ts');
    const worker = spawn(process.execPath, [script, order], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    own.push(worker);
    return worker;
  };
  const runWorker = async (state: DesiredState, token: number) => {
    const worker = startWorker(state, token);
    const [output] = (await once(worker.stdout, 'data')) as [Buffer];
    return { worker, outcome: output.toString().trim() };
  };
  /** Starts a process as a worker would that died before it could record it. */
  const seedOrphan = async (state: DesiredState, token: number): Promise<number> => {
    const plan = await driver.plan(state);
    const { url } = plan.endpoints[0]!;
    const port = Number(new URL(url).port);
    const wanted = wantedInstances(state, new Map([['web', port]]), '127.0.0.1').get('web')!;
    const marker = formatMarker(stateDirectory, {
      ...site,
      component: 'web',
      token,
      specHash: wanted.specHash,
    });
    const orphan = spawn(process.execPath, ['test-component.mjs'], {
      cwd: import.meta.dirname,
      env: { PORT: String(port), HOST: '127.0.0.1', CTC_INSTANCE: marker },
      detached: true,
      stdio: 'ignore',
    });
    own.push(orphan);
    return orphan.pid!;
  };

  it('finds its components again after the worker that started them was killed', async () => {
    const { worker, outcome } = await runWorker(desired('1.0.0', 'web', 'api'), 1);
    expect(outcome).toBe('applied');
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    const instances = await observed('ready', 2);
    expect(instances[0]?.memoryBytes).toBeGreaterThan(1_000_000);
    expect(instances[0]?.cpuSeconds).toBeGreaterThanOrEqual(0);
    await driver.apply(desired('1.0.0', 'web', 'api'), fence(1));
    expect(pidsOf('start')).toHaveLength(2);
    expect(pidsOf('stop')).toEqual([]);

    await driver.apply(desired('2.0.0', 'web'), fence(2));
    expect(pidsOf('stop').sort()).toEqual(pidsOf('start').slice(0, 2).sort());
    expect(pidsOf('stop').filter(isRunning)).toEqual([]);
  });

  it('has each effect once when the worker is killed in the middle and the step is repeated', async () => {
    // Ends only by SIGKILL after the grace: time in which the worker dies.
    const stubborn = { ...processOf({}), env: { STUBBORN: '1' } };
    await driver.apply(withProcess('1.0.0', stubborn, 'web', 'api'), fence(1));
    await observed('ready', 2);
    const next = desired('2.0.0', 'web', 'api');
    const worker = startWorker(next, 2);
    await expect.poll(() => pidsOf('stop').length, { timeout: 60_000, interval: 5 }).toBe(2);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    expect(pidsOf('start')).toHaveLength(2);

    await driver.apply(next, fence(2));
    const instances = await observed('ready', 2);
    expect(instances.map(({ release }) => release)).toEqual(['2.0.0', '2.0.0']);
    expect(pidsOf('start')).toHaveLength(4);
    expect(pidsOf('stop').sort()).toEqual(pidsOf('start').slice(0, 2).sort());
    expect(pidsOf('start').filter(isRunning)).toHaveLength(2);
  });

  it('adopts the process that this attempt started without being able to record it', async () => {
    const state = desired('1.0.0', 'web');
    const pid = await seedOrphan(state, 4);
    const plan = await driver.apply(state, fence(4));
    expect(plan.actions).toMatchObject([{ component: 'web', action: 'keep' }]);
    await observed('ready');
    expect(pidsOf('start')).toEqual([pid]);
    expect(pidsOf('stop')).toEqual([]);
  });

  it.each([
    ['of an earlier attempt', '1.0.0', 3],
    ['of another specification', '0.9.0', 4],
  ])('ends an unrecorded process %s before it starts its own', async (_, release, token) => {
    const pid = await seedOrphan(desired(release, 'web'), token);
    await driver.apply(desired('1.0.0', 'web'), fence(4));
    await observed('ready');
    expect(isRunning(pid)).toBe(false);
    expect(pidsOf('start')).toEqual([pid, expect.any(Number)]);
    expect(pidsOf('stop')).toEqual([pid]);
  });

  it('leaves the processes of other state directories alone', async () => {
    const elsewhere = await mkdtemp(path.join(tmpdir(), 'ctc-local-'));
    const other = createLocalDriver({ stateDirectory: elsewhere });
    await driver.apply(desired('1.0.0', 'web'), fence(1));
    await other.apply(desired('1.0.0'), fence(2));
    await other.remove(site, fence(3));
    expect(pidsOf('start').every(isRunning)).toBe(true);
    other.close();
    await rm(elsewhere, { recursive: true, force: true });
  });

  it.each(['start time', 'marker'])(
    'does not signal a stranger that has the number of a component, but another %s',
    async (difference) => {
      const stranger = spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
      own.push(stranger);
      await driver.apply(desired('1.0.0', 'web'), fence(1));
      await observed('ready');
      const state = openLocalState(stateDirectory);
      state.run('update instance set pid = ?', stranger.pid!);
      if (difference === 'marker') {
        state.run('update instance set start_ticks = ?', readStat(stranger.pid!)!.startTicks);
      }
      state.close();
      expect((await driver.observe(site)).instances).toMatchObject([{ state: 'failed' }]);
      await driver.apply(desired('2.0.0', 'web'), fence(2));
      await observed('ready');
      await driver.remove(site, fence(3));
      expect(isRunning(stranger.pid!)).toBe(true);
      expect(pidsOf('stop')).not.toContain(stranger.pid);
      expect(pidsOf('start').filter(isRunning)).toEqual([]);
    },
  );

  it('shows a component its own environment and nothing else of the worker’s', async () => {
    vi.stubEnv('DATABASE_URL', 'postgres://user:secret@db/ctc');
    vi.stubEnv('TZ', 'Europe/Madrid');
    const spec = { ...processOf({}), env: { COLOUR: 'blue', CTC_RELEASE: 'forged' } };
    const state = withProcess('1.0.0', spec, 'web');
    const [web] = state.components;
    const bindings = { 'api.v2-x': ['http://127.0.0.1:1', 'http://127.0.0.1:2'] };
    await driver.apply({ ...state, components: [{ ...web!, bindings }] }, fence(1));
    vi.unstubAllEnvs();
    const [instance] = await observed('ready');
    const { env } = (await (await fetch(instance!.url)).json()) as { env: Record<string, string> };
    const { PATH, HOME, LANG, ...rest } = env;
    expect({ PATH, HOME, LANG }).toEqual({
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      LANG: process.env['LANG'],
    });
    expect(rest).toEqual({
      TZ: 'Europe/Madrid',
      COLOUR: 'blue',
      PORT: new URL(instance!.url).port,
      HOST: '127.0.0.1',
      CTC_APPLICATION: 'shop',
      CTC_COMPONENT: 'web',
      CTC_DATACENTRE: 'mad',
      CTC_RELEASE: '1.0.0',
      CTC_BINDING_API_V2_X: 'http://127.0.0.1:1,http://127.0.0.1:2',
      CTC_INSTANCE: expect.stringContaining('/mad/shop/web/1/'),
    });
  });

  it('keeps a component’s address over releases and workers, away from ports in use', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const narrow = createLocalDriver({ stateDirectory, portRange: { first: port, last: port } });
    await expect(narrow.plan(desired('1.0.0', 'web'))).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'no-free-port',
    });
    narrow.close();
    server.close();
    const first = await driver.apply(desired('1.0.0', 'web'), fence(1));
    await driver.apply(desired('1.0.0'), fence(2));
    const later = createLocalDriver({ stateDirectory });
    const second = await later.plan(desired('2.0.0', 'web', 'api'));
    expect(second.endpoints).toContainEqual(first.endpoints[0]);
    later.close();
  });

  it('lets only the newer of two worker processes win', async () => {
    const [older, newer] = await Promise.all([
      runWorker(desired('1.0.0', 'web', 'api', 'old'), 1),
      runWorker(desired('2.0.0', 'web', 'api'), 2),
    ]);
    expect(newer.outcome).toBe('applied');
    expect(['applied', 'stale']).toContain(older.outcome);
    const instances = await observed('ready', 2);
    expect(instances.map(({ release }) => release)).toEqual(['2.0.0', '2.0.0']);
    const stopped = new Set(pidsOf('stop'));
    expect(pidsOf('start').filter((pid) => !stopped.has(pid))).toHaveLength(2);
    expect(pidsOf('start').filter(isRunning)).toHaveLength(2);
  });

  it('starts each component once when two worker processes run the same attempt', async () => {
    const state = desired('1.0.0', 'web', 'api', 'store');
    const workers = await Promise.all([runWorker(state, 1), runWorker(state, 1)]);
    expect(workers.map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
    await observed('ready', 3);
    expect(pidsOf('start')).toHaveLength(3);
    expect(pidsOf('stop')).toEqual([]);
  });

  it('leaves what failed in an attempt failed, and starts it again in a newer one', async () => {
    const state = desired('1.0.0', 'web');
    await driver.apply(state, fence(1));
    const [instance] = await observed('ready');
    await driver.apply(state, fence(2)); // which keeps it, and so answers for it
    await expect(fetch(`${instance!.url}/exit`)).rejects.toThrow();
    const [failed] = await observed('failed');
    expect(failed).toMatchObject({
      detail: 'exited with code 7',
      logTail: expect.stringContaining('asked to end'),
    });
    await driver.apply(state, fence(2));
    await observed('failed');
    expect(pidsOf('start')).toHaveLength(1);
    await driver.apply(state, fence(3));
    await observed('ready');
    expect(pidsOf('start')).toHaveLength(2);
    expect(pidsOf('stop')).toEqual([]);
  });

  it('stops an attempt at its next step once a newer one has taken the site', async () => {
    // Ends only by SIGKILL after the grace: time in which the newer attempt comes.
    const stubborn = { ...processOf({}), env: { STUBBORN: '1' } };
    await driver.apply(withProcess('1.0.0', stubborn, 'web'), fence(1));
    await observed('ready');
    const older = driver.apply(desired('2.0.0', 'web'), fence(2)).catch((error: unknown) => error);
    await expect.poll(() => pidsOf('stop').length, { timeout: 60_000, interval: 5 }).toBe(1);
    await driver.apply(desired('3.0.0', 'web'), fence(3));
    expect(await older).toMatchObject({ kind: 'stale', code: 'fenced-off' });
    const [web] = await observed('ready');
    expect(web?.release).toBe('3.0.0');
    expect(readEffects(stateDirectory).map(({ action, token }) => [action, token])).toEqual([
      ['start', 1],
      ['stop', 2],
      ['start', 3],
    ]);
  });

  it('ends a component that ignores SIGTERM, with all that it started', async () => {
    // One helper without the marker in the same process group, one with it in a session of its own.
    const helpers = 'env -i sleep 600 & echo "helper $!"; setsid sleep 600 &';
    const command = ['sh', '-c', `${helpers} exec "${process.execPath}" test-component.mjs`];
    const spec = { ...processOf({}), command, env: { STUBBORN: '1' } };
    await driver.apply(withProcess('1.0.0', spec, 'web'), fence(1));
    await observed('ready');
    const prefix = siteMarkerPrefix(stateDirectory, site);
    await expect.poll(() => findMarked(prefix).length, { timeout: 60_000 }).toBe(2);
    const log = await readFile(path.join(stateDirectory, 'mad', 'shop', 'web.log'), 'utf8');
    const helper = Number(/^helper (\d+)$/m.exec(log)?.[1]);
    expect(isRunning(helper)).toBe(true);
    await driver.apply(desired('1.0.0'), fence(2));
    expect(findMarked(prefix)).toEqual([]);
    expect(isRunning(helper)).toBe(false);
  });

  it('reports a command that does not exist as failed, without harm to the worker', async () => {
    const spec = { ...processOf({}), command: ['no-such-command-here'] };
    await driver.apply(withProcess('1.0.0', spec, 'web'), fence(1));
    const [failed] = await observed('failed');
    expect(failed?.detail).toBe(
      'could not start "no-such-command-here": there is no such command (ENOENT)',
    );
    expect(readEffects(stateDirectory)).toEqual([]);
  });

  it('refuses directories that are missing or outside the releases’ root, before any effect', async () => {
    const missing = { ...processOf({}), directory: path.join(stateDirectory, 'missing') };
    await expect(
      driver.apply(withProcess('1.0.0', missing, 'web'), fence(1)),
    ).rejects.toMatchObject({
      kind: 'invalid',
      complaints: [{ field: 'components.web.directory' }],
    });
    const rooted = createLocalDriver({ stateDirectory, releasesRoot: stateDirectory });
    await symlink(import.meta.dirname, path.join(stateDirectory, 'inside'));
    const escaping = { ...processOf({}), directory: path.join(stateDirectory, 'inside') };
    await expect(rooted.plan(withProcess('1.0.0', escaping, 'web'))).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('outside the releases’ root'),
    });
    rooted.close();
    expect((await driver.observe(site)).fence).toBeUndefined();
  });
});

function fence(token: number): Fence {
  return { token, change: `CHG-${token}`, attempt: 1 };
}
