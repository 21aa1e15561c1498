import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, onceHeaders } from '../../cli/client.ts';
import { readYamlFile } from '../../cli/read-file.ts';
import { windowRequestOf } from '../../domain/windows/window.ts';
import {
  approve,
  crash,
  examples,
  logOf,
  openWindow,
  registerShop,
  releaseRequest,
  request,
  runCtc,
  startE2eSystem,
  until,
  untilChange,
  type E2eSystem,
} from '../support/e2e-system.ts';

/** Tomorrow, so that nothing begins by itself. */
function tomorrow(): ReturnType<typeof windowRequestOf> {
  const opensAtMs = Math.ceil(Date.now() / 60_000) * 60_000 + 86_400_000;
  return windowRequestOf({ opensAtMs, closesAtMs: opensAtMs + 3_600_000 }, 'Europe/Madrid');
}

/** What runs of rehearsals that this system has begun. */
async function processesOfRehearsals(dataDirectory: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    // Another process may end while it is looked at.
    const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
    const command = await read('cmdline');
    if (!/rehearsal\/main\.ts|temporal-test-server/.test(command)) continue;
    if ((await read('environ')).includes(dataDirectory)) found.push(command);
  }
  return found;
}

describe('a rehearsal, by API and command line', () => {
  let system: E2eSystem;
  let label: string;
  beforeAll(async () => {
    system = await startE2eSystem();
    await registerShop(system.people, [{ version: '1.0.0', like: '1.0.0' }]);
    ({ label } = await request(system.people.ana, releaseRequest('1.0.0', { window: tomorrow() })));
  });
  afterAll(async () => {
    await system.stop();
  });

  const ask = (change: string, scenarios?: object[]) =>
    system.people.ana.api.POST('/changes/{change}/rehearsals', {
      params: { path: { change }, header: onceHeaders() },
      body: (scenarios === undefined ? {} : { scenarios }) as never,
    });
  const untilEnded = (id: string) =>
    until(async () => {
      const found = await answerOf(
        system.people.ana.api.GET('/changes/{change}/rehearsals/{rehearsal}', {
          params: { path: { change: label, rehearsal: id } },
        }),
      ).catch(() => undefined);
      return found !== undefined && found.state !== 'running' && found;
    }, `rehearsal ${id} ends`);

  it('says how a change would go, before anybody has approved it', async () => {
    const { ana } = system.people;
    const { code, stdout } = await runCtc(
      system,
      ana.token,
      'change',
      'rehearse',
      label,
      '--fails',
      'mad',
      '--late',
      '--timeline',
    );
    expect(stdout).toContain('Expected: completed after');
    expect(stdout).toContain('the release does not get ready in mad');
    expect(stdout).toMatch(/Point of no return/);
    // The approvers are told that it waits for them.
    expect(stdout).toMatch(/Waits for 1 approval.*→ .*oscar/);
    expect(code).toBe(0);
    expect((await logOf(ana, label)).at(-1)?.message).toMatch(
      /^Rehearsed \(revision 1\)\. Expected/,
    );
    const change = await untilChange(ana, label, () => true);
    expect(change).toMatchObject({ state: 'awaiting-approval', approvals: [], attempts: [] });
    expect(change.rehearsal).toMatchObject({ current: true });
    const shown = await runCtc(system, ana.token, 'change', 'show', label);
    expect(shown.stdout).toContain('rehearsed: Expected: completed');
  });

  it('runs what it is planned for when nothing is chosen, one rehearsal of a change at a time', async () => {
    const { ana } = system.people;
    const first = await answerOf(ask(label));
    const second = await ask(label);
    expect(second.response.status).toBe(409);
    expect(second.error?.detail).toContain('being rehearsed already');
    const { report } = await untilEnded(first.id);
    const kinds = report?.scenarios.map(({ scenario }) => scenario.kind) ?? [];
    expect(kinds).toHaveLength(12);
    expect(new Set(kinds).size).toBe(8);
    const { stdout } = await runCtc(system, ana.token, '-o', 'name', 'change', 'rehearsals', label);
    expect(stdout.trim().split('\n')).toContain(first.id);
  });

  it('is taken up again when its worker is killed', async () => {
    const { id } = await answerOf(ask(label, [{ kind: 'as-expected' }, { kind: 'slow' }]));
    await until(
      async () => (await processesOfRehearsals(system.dataDirectory)).length === 2,
      'it is at work, with a server of its own',
    );
    await crash(system, 'worker');
    const { state, report } = await untilEnded(id);
    expect(state).toBe('done');
    expect(report?.scenarios).toHaveLength(2);
    await until(
      async () => (await processesOfRehearsals(system.dataDirectory)).length === 0,
      'nothing of the two rehearsals is left',
    );
  });

  it('of a plan that has been replaced since is marked as old', async () => {
    const { ana } = system.people;
    const change = await untilChange(ana, label, () => true);
    await answerOf(
      ana.api.POST('/changes/{change}/window', {
        params: {
          path: { change: label },
          header: { ...onceHeaders(), 'if-match': `"v${change.version}"` },
        },
        body: { toNextFree: true, reason: 'later suits better' },
      }),
    );
    await untilChange(
      ana,
      label,
      ({ state, revision }) => state === 'awaiting-approval' && revision === 2,
    );
    const { items } = await answerOf(
      ana.api.GET('/changes/{change}/rehearsals', { params: { path: { change: label } } }),
    );
    expect(items.map(({ current }) => current)).toEqual(items.map(() => false));
  });

  it('is refused where it makes no sense, with the way out', async () => {
    const { ana, oscar } = system.people;
    const wrong = await ask(label, [
      { kind: 'datacentre-fails', datacentre: 'nowhere' },
      { kind: 'step-fails', step: 'swap' },
    ]);
    expect(wrong.response.status).toBe(422);
    expect(wrong.error?.errors?.map(({ message }) => message)).toEqual([
      expect.stringContaining('it touches mad, bcn, par'),
      expect.stringContaining('has no step "swap"'),
    ]);
    const pair = readYamlFile(join(examples, 'changes', 'core-switch-pair.yaml')) as object;
    const manual = await request(ana, {
      ...pair,
      runbook: undefined,
      steps: ['swap the switches'],
      rollbackSteps: ['put them back'],
      team: undefined,
      affects: [],
      window: openWindow(),
    } as never);
    const nothing = await ask(manual.label);
    expect(nothing.error?.detail).toContain('no runbook to rehearse');
    await approve(oscar, manual.label);
    await untilChange(ana, manual.label, ({ state }) => state === 'implementing');
    const late = await ask(manual.label);
    expect(late.response.status).toBe(409);
    expect(late.error?.remedy).toContain('before its window opens');
  });
});
