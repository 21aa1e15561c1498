import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCtc, startE2eSystem, type E2eSystem, type Ran } from '../support/e2e-system.ts';

describe('access by the command line', () => {
  let system: E2eSystem;

  beforeAll(async () => {
    system = await startE2eSystem({}, { worker: false });
  });
  afterAll(() => system.stop());

  const admin = (...args: string[]): Promise<Ran> =>
    runCtc(system, system.administrator.token, ...args);
  const succeed = async (ran: Promise<Ran>): Promise<string> => {
    const { code, stdout, stderr } = await ran;
    expect(code, stderr).toBe(0);
    return stdout;
  };

  it('gives a role within limits, which says what it is not for and who could do it', async () => {
    const limits = ['--departments', 'mail', '--datacentres', 'par,mad'];
    await succeed(admin('principal', 'add', 'nina', '--name', 'Nina', '--email', 'n@example.com'));
    const granted = await succeed(admin('access', 'grant', 'nina', 'operator', ...limits));
    expect(granted).toContain('nina is operator departments mail; datacentres mad, par');
    const token = (await succeed(admin('token', 'issue', 'nina'))).trim();
    expect(await succeed(runCtc(system, token, 'whoami'))).toContain('operator, departments mail');
    const stop = ['line', 'stop', '--scope', 'datacentre:bcn', '-r', 'smoke in the machine room'];
    const refused = await runCtc(system, token, ...stop);
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('only within departments mail; datacentres mad, par');
    expect(refused.stderr).toMatch(/those who may: .*oscar/);
    const [grant = ''] = (await succeed(admin('access', 'grants', 'nina', '-o', 'name'))).split(
      '\n',
    );
    await succeed(admin('access', 'ungrant', 'nina', grant));
    expect((await runCtc(system, token, ...stop)).stderr).toContain('no role');
  });

  it('makes a role of the company’s own, and deletes it when nobody holds it', async () => {
    const make = ['--name', 'Night watch', '--permissions', 'line.stop,change.read'];
    await succeed(admin('access', 'role', 'create', 'night-watch', ...make));
    await succeed(admin('access', 'grant', 'marta', 'night-watch'));
    expect(await succeed(admin('access', 'roles'))).toContain('change.read, line.stop');
    const held = await admin('access', 'role', 'delete', 'night-watch');
    expect(held.code).toBe(5);
    expect(held.stderr).toContain('held by marta');
  });

  it('keeps the last administrator', async () => {
    const [grant = ''] = (
      await succeed(admin('access', 'grants', 'administrator', '-o', 'name'))
    ).split('\n');
    const { code, stderr } = await admin('access', 'ungrant', 'administrator', grant);
    expect(code).toBe(6);
    expect(stderr).toContain('Make somebody else an administrator first');
  });

  it('lets people issue limited tokens, set a password and see their account', async () => {
    const { token } = system.people.oscar;
    const issued = await succeed(
      runCtc(system, token, 'token', 'issue', '--permissions', 'change.read'),
    );
    expect(await succeed(runCtc(system, issued.trim(), 'whoami'))).toContain('only change.read');
    expect((await runCtc(system, issued.trim(), 'incident', 'list')).code).toBe(4);
    expect(await succeed(runCtc(system, token, 'account', 'show'))).toContain('password: none');
    const link = new URL((await succeed(admin('principal', 'link', 'oscar'))).trim());
    const answer = await fetch(new URL('/welcome', link), {
      ...{ method: 'POST', redirect: 'manual' },
      body: new URLSearchParams({
        link: link.searchParams.get('link') ?? '',
        password: 'four words that differ',
      }),
    });
    expect(answer.status).toBe(303);
    expect(await succeed(runCtc(system, token, 'account', 'show'))).toContain('password: set');
    expect(await succeed(runCtc(system, token, 'account', 'sessions'))).toContain('password');
    expect(await succeed(runCtc(system, token, 'account', 'end-session'))).toContain('ended 1');
  });
});
