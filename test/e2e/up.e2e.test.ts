import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../platform/embedded/remembered-port.ts';
import { clearData } from '../../platform/embedded/clear-data.ts';
import { until } from '../support/e2e-system.ts';

const root = join(import.meta.dirname, '..', '..');

describe('ctc up', () => {
  let parent: string;
  let env: NodeJS.ProcessEnv;
  const started: ChildProcess[] = [];

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'ctc-up-'));
    const port = await freePort();
    env = {
      ...process.env,
      CTC_DATA_DIR: join(parent, 'data'),
      CTC_HTTP_PORT: String(port),
      CTC_API_URL: `http://127.0.0.1:${port}`,
    };
  });

  afterEach(async () => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    await clearData(join(parent, 'data'));
    await rm(parent, { recursive: true, force: true });
  });

  const ctc = (...args: string[]): { child: ChildProcess; output: () => string } => {
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', 'cli/main.ts', ...args],
      { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    started.push(child);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return { child, output: () => output };
  };
  const up = async (): Promise<ReturnType<typeof ctc>> => {
    const running = ctc('up');
    await until(() => Promise.resolve(running.output().includes('ready')), running.output);
    return running;
  };
  const ended = async ({ child }: { child: ChildProcess }): Promise<number | null> => {
    if (child.exitCode !== null) return child.exitCode;
    const [code] = (await once(child, 'close')) as [number | null];
    return code;
  };
  /** Names of the processes that are recorded as running. */
  const recorded = async (): Promise<string[]> => {
    const names = await readdir(join(parent, 'data', 'run'));
    return names.filter((name) => /^(api|worker|temporal|postgres)\.json$/.test(name));
  };

  it('stops everything it started on Ctrl-C, and refuses a second one on the same data meanwhile', async () => {
    const first = await up();
    expect(await recorded()).toHaveLength(4);
    const doctor = ctc('doctor');
    expect(await ended(doctor), doctor.output()).toBe(0);

    const second = ctc('up');
    expect(await ended(second)).toBe(1);
    expect(second.output()).toContain(`process ${first.child.pid ?? 0}`);

    first.child.kill('SIGINT');
    expect(await ended(first)).toBe(0);
    expect(await recorded()).toEqual([]);
  });

  it('prints a link that sets the password of the administrator, once, until there is one', async () => {
    const first = await up();
    const link = new URL(/http\S+\/welcome\?link=\S+/.exec(first.output())?.[0] ?? '');
    const visit = (path: string, fields: Record<string, string>) =>
      fetch(new URL(path, link), {
        ...{ method: 'POST', redirect: 'manual' },
        body: new URLSearchParams(fields),
      });
    const fields = {
      link: link.searchParams.get('link') ?? '',
      password: 'four words that differ',
    };
    expect((await visit('/welcome', fields)).status).toBe(303);
    expect((await visit('/welcome', fields)).status).toBe(403);
    const login = { login: 'administrator', password: fields.password };
    expect((await visit('/login', login)).status).toBe(303);
    first.child.kill('SIGINT');
    expect(await ended(first)).toBe(0);

    const second = await up();
    expect(second.output()).not.toContain('/welcome');
    const account = ctc('account', 'show');
    expect(await ended(account)).toBe(0);
    expect(account.output()).toContain('password: set');
    second.child.kill('SIGINT');
    expect(await ended(second)).toBe(0);
  });

  it('finds its data again after it was killed, and ends what was left running', async () => {
    const first = await up();
    const who = ['--name', 'Ana', '--email', 'ana@example.com', '--roles', 'requester'];
    const add = ctc('principal', 'add', 'ana', ...who);
    expect(await ended(add), add.output()).toBe(0);
    first.child.kill('SIGKILL');
    await ended(first);

    const second = await up();
    const list = ctc('principal', 'list', '-o', 'name');
    expect(await ended(list), list.output()).toBe(0);
    expect(list.output().split('\n')).toContain('ana');
    // The token of the first start is still good, and nobody else can read it.
    expect(await readFile(join(parent, 'data', 'tokens.json'), 'utf8')).toContain('administrator');
    second.child.kill('SIGTERM');
    expect(await ended(second)).toBe(0);
  });
});
