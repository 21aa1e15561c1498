import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import {
  examples,
  openWindow,
  registerShop,
  releaseRequest,
  runCtc,
  startE2eSystem,
  untilChange,
  type E2eSystem,
  type Ran,
} from '../support/e2e-system.ts';

describe('the command line', () => {
  let system: E2eSystem;

  beforeAll(async () => {
    system = await startE2eSystem();
    await registerShop(system.people, [{ version: '1.0.0', like: '1.0.0' }]);
  });

  afterAll(async () => {
    await system.stop();
  });

  const ctc = (token: string, ...args: string[]) => runCtc(system, token, ...args);
  const file = async (name: string, content: string | Buffer): Promise<string> => {
    const path = join(system.dataDirectory, name);
    await writeFile(path, content);
    return path;
  };

  it('asks for a change, shows, approves and follows it to its end', async () => {
    const { ana, oscar } = system.people;
    const path = await file('change.yaml', stringify(releaseRequest('1.0.0')));
    const requested = await ctc(ana.token, '-o', 'name', 'change', 'request', '-f', path);
    const label = requested.stdout.trim();
    expect(label).toMatch(/^CHG-\d+$/);
    await untilChange(ana, label, ({ state }) => state === 'awaiting-approval');

    const own = await ctc(ana.token, 'change', 'approve', label, '-r', 'my own');
    expect(own.code).toBe(4);
    expect((await ctc(ana.token, 'change', 'why', label)).stdout).toContain('waits for approval');
    const approved = await ctc(oscar.token, 'change', 'approve', label, '-r', 'plan reviewed');
    expect(approved).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Scheduled') as string,
    });
    const late = await ctc(oscar.token, 'change', 'approve', label, '-r', 'once more');
    // Refused by the workflow, or already because the change has moved on since it was read.
    expect([5, 6]).toContain(late.code);

    const watched = await ctc(ana.token, 'change', 'watch', label);
    expect(watched.code, watched.stderr).toBe(0);
    expect(watched.stdout).toContain('Every requirement holds');
    // Piped: no colours.
    expect(watched.stdout).not.toMatch(/\u001b\[/);

    const shown = await ctc(ana.token, '-o', 'json', 'change', 'show', label);
    expect(JSON.parse(shown.stdout)).toMatchObject({ label, state: 'completed' });
    const listed = await ctc(ana.token, '-o', 'yaml', 'change', 'list', '--state', 'completed');
    expect(parse(listed.stdout)).toMatchObject([{ label }]);
    expect((await ctc(ana.token, 'change', 'list')).stdout).toMatch(/^CHANGE +STATE/);
    expect((await ctc(ana.token, 'change', 'log', label)).stdout).toContain('Approved by oscar');
  });

  it('exits 7 when what it watches is not completed', async () => {
    const { ana, oscar } = system.people;
    const manual = {
      kind: 'infrastructure',
      title: 'Replace a fan',
      reason: 'it rattles',
      department: 'network',
      window: openWindow(),
      steps: ['replace it'],
      rollbackSteps: ['put the old one back'],
    };
    const path = await file('manual.yaml', stringify(manual));
    const label = (
      await ctc(ana.token, '-o', 'name', 'change', 'request', '-f', path)
    ).stdout.trim();
    await untilChange(ana, label, ({ state }) => state === 'awaiting-approval');
    expect((await ctc(oscar.token, 'change', 'reject', label, '-r', 'not now')).code).toBe(0);
    const watched = await ctc(ana.token, 'change', 'watch', label);
    expect(watched.code).toBe(7);
    expect(watched.stderr).toContain('rejected');
  });

  it('says what is wrong with a file, where, and exits 2', async () => {
    const { token } = system.people.ana;
    const broken = await ctc(
      token,
      'change',
      'request',
      '-f',
      await file('a.yaml', 'kind: release\n  x: ['),
    );
    expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining('line 1') as string });
    const bytes = await file('b.yaml', Buffer.from([0x6b, 0x3a, 0x20, 0xc3, 0x28]));
    expect((await ctc(token, 'change', 'request', '-f', bytes)).stderr).toContain('UTF-8');
    const unknown = await file(
      'c.yaml',
      stringify({ ...(releaseRequest('1.0.0') as object), colour: 'red' }),
    );
    expect(await ctc(token, 'change', 'request', '-f', unknown)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('colour') as string,
    });
    const missing = await ctc(token, 'change', 'request', '-f', '/nowhere.yaml');
    expect(missing).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('/nowhere.yaml') as string,
    });
  });

  it('imports an inventory, reports bad lines, and explains an impact', async () => {
    const { token } = system.administrator;
    const again = await ctc(token, 'inventory', 'import', join(examples, 'inventory'));
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('services: 242 rows, 0 new') as string,
    });
    const bad = await ctc(
      token,
      'inventory',
      'import',
      await file('departments.csv', 'id,name\nBAD ID,Bad\n'),
    );
    expect(bad).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('departments line 2, id') as string,
    });
    const impact = await ctc(token, 'impact', 'mad-core-1', 'mad-core-2');
    expect(impact.stdout).toMatch(/services down: \d+, customers: \d+/);
    const [service] = /^ {2}(\S+)$/m.exec(impact.stdout)?.slice(1) ?? [];
    const why = await ctc(token, 'impact', 'mad-core-1', 'mad-core-2', '--explain', service ?? '');
    expect(why.stdout).toContain('needs 1 of 2');
  });

  it('previews the windows of a rule or of a file, in every format', async () => {
    const { token } = system.people.ana;
    const rule = [
      '--start',
      '2031-10-24T01:00',
      '--end',
      '2031-10-24T05:00',
      '--rule',
      'FREQ=DAILY',
    ];
    const parts = ['--preparation', '15', '--reserve', '30', '--count', '3'];
    const preview = (...args: string[]): Promise<Ran> =>
      ctc(token, ...args, 'windows', 'preview', ...rule, ...parts);
    const table = await preview();
    expect(table.code, table.stderr).toBe(0);
    const [head, ...nights] = table.stdout.trim().split('\n');
    expect(head).toMatch(/^WINDOW +MINUTES +WORK \(UTC\) +NOTE$/);
    expect(nights).toHaveLength(3);
    expect(nights[0]).toContain('2031-10-24 01:00–05:00 Europe/Madrid');
    // The clock is set back in the night of the 26th.
    expect(nights[2]).toMatch(/^2031-10-26 01:00–05:00 .* 300 +23:15–03:30 +the clock is set back/);

    const rows = JSON.parse((await preview('-o', 'json')).stdout) as object[];
    expect(rows).toMatchObject([{ minutes: 240 }, { start: '2031-10-25T01:00' }, { minutes: 300 }]);
    const lines = (await preview('-o', 'jsonl')).stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual(rows);
    expect(parse((await preview('-o', 'yaml')).stdout)).toEqual(rows);
    expect((await preview('-o', 'name')).stdout.split('\n')[0]).toBe('2031-10-23T23:00:00Z');

    const window = {
      start: '2031-05-06T02:00',
      end: '2031-05-06T04:00',
      zone: 'Europe/Madrid',
      perDatacentre: true,
    };
    const path = await file(
      'night.yaml',
      stringify({ ...(releaseRequest('1.0.0') as object), window }),
    );
    const fromFile = await ctc(token, '-o', 'json', 'windows', 'preview', '-f', path);
    expect(JSON.parse(fromFile.stdout)).toMatchObject([
      { opensAt: '2031-05-06T00:00:00Z', sites: [{}, {}, {}] },
    ]);
  });

  it('says what is wrong with a window that it is to preview', async () => {
    const { token } = system.people.ana;
    const preview = (...args: string[]): Promise<Ran> => ctc(token, 'windows', 'preview', ...args);
    const night = ['--start', '2031-05-06T02:00', '--end', '2031-05-06T04:00'];
    expect(await preview()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--start and --end') as string,
    });
    expect(await preview(...night, '--count', 'many')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--count') as string,
    });
    expect(await preview(...night, '--rule', 'FREQ=NEVER')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('window.recurrence.rule') as string,
    });
    expect(await preview(...night, '--preparation', '90', '--reserve', '30')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('leave no time for work') as string,
    });
  });

  it('moves a change to the next window of its series', async () => {
    const { ana, oscar } = system.people;
    const path = await file(
      'series.yaml',
      stringify({
        ...(releaseRequest('1.0.0') as object),
        window: {
          start: '2031-05-06T02:00',
          end: '2031-05-06T04:00',
          zone: 'Europe/Madrid',
          rollbackReserveMinutes: 30,
          recurrence: { rule: 'FREQ=WEEKLY;COUNT=2' },
        },
      }),
    );
    const requested = await ctc(ana.token, '-o', 'name', 'change', 'request', '-f', path);
    const label = requested.stdout.trim();
    await untilChange(ana, label, ({ state }) => state === 'awaiting-approval');
    const move = (): Promise<Ran> =>
      ctc(ana.token, 'change', 'move', label, '--next-occurrence', '-r', 'the part is late');
    expect(await move()).toMatchObject({ code: 0 });
    await untilChange(
      ana,
      label,
      ({ state, revision }) => state === 'awaiting-approval' && revision === 2,
    );
    const shown = await ctc(oscar.token, 'change', 'show', label);
    expect(shown.stdout).toContain('window 2031-05-13T00:00:00Z');
    expect(shown.stdout).toContain('work from 2031-05-13T00:00:00Z to 2031-05-13T01:30:00Z');
    expect(shown.stdout).toContain('one of a series: 2031-05-13T02:00');
    expect(await move()).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('does not come again') as string,
    });
    expect((await ctc(ana.token, 'change', 'cancel', label, '-r', 'a test')).code).toBe(0);
  });

  it('declares a freeze that stands against an approval until it is overridden with a reason', async () => {
    const { ana, oscar } = system.people;
    const { token: root } = system.administrator;
    await ctc(
      root,
      ...['principal', 'add', 'carla', '--name', 'Carla Vidal', '--email', 'carla@example.com'],
      ...['--roles', 'change-manager,customer-care'],
    );
    const carla = (await ctc(root, '-o', 'name', 'token', 'issue', 'carla')).stdout.trim();
    const frozen = await ctc(
      carla,
      ...['-o', 'name', 'freeze', 'create', '--scope', 'company', '--start', '2032-11-26T18:00'],
      ...['--end', '2032-12-01T08:00', '--zone', 'Europe/Madrid', '--reason', 'Black Friday'],
    );
    expect(frozen).toMatchObject({ code: 0, stderr: '' });
    const path = await file(
      'frozen.yaml',
      stringify({
        kind: 'infrastructure',
        title: 'Replace a switch',
        reason: 'it is old',
        department: 'network',
        team: 'network-nights',
        window: { start: '2032-11-27T02:00', end: '2032-11-27T04:00', zone: 'Europe/Madrid' },
        affects: [{ item: 'mad-core-1', effect: 'down' }],
        steps: ['do it'],
        rollbackSteps: ['undo it'],
      }),
    );
    const requested = await ctc(ana.token, '-o', 'name', 'change', 'request', '-f', path);
    const label = requested.stdout.trim();
    await untilChange(ana, label, ({ state }) => state === 'awaiting-approval');
    const shown = await ctc(ana.token, 'change', 'show', label);
    expect(shown.stdout).toContain('in the freeze "Black Friday"');
    const refused = await ctc(carla, 'change', 'approve', label, '--reason', 'looks good');
    expect(refused.code).toBe(6);
    expect(refused.stderr).toContain('Black Friday');
    const reason = ['--reason', 'it burns', '--override-freezes', 'it would burn until December'];
    const forbidden = await ctc(oscar.token, 'change', 'approve', label, ...reason);
    expect(forbidden.code).toBe(4);
    const next = await ctc(ana.token, '-o', 'json', 'windows', 'next', label, '--count', '1');
    const [free] = JSON.parse(next.stdout) as { opensAt: string }[];
    expect(free?.opensAt).toBe('2032-12-01T07:00:00.000Z');
    const approved = await ctc(carla, 'change', 'approve', label, ...reason);
    expect(approved).toMatchObject({ code: 0 });
    const log = await ctc(ana.token, '-o', 'json', 'change', 'log', label);
    expect(log.stdout).toContain('it would burn until December');

    const impact = await ctc(ana.token, 'change', 'impact', label, '--difference');
    expect(impact.stdout).toContain('0.0 % of it differs');
    const affected = await ctc(carla, 'change', 'affected', label, 'services');
    expect(affected.stdout.split('\n')[0]).toBe('id,name,solution,customer,state');
    expect((await ctc(ana.token, 'change', 'affected', label, 'customers')).code).toBe(4);
    const lifted = await ctc(carla, 'freeze', 'lift', frozen.stdout.trim(), '-r', 'called off');
    expect(lifted.stdout).toContain('lifted by carla');
  });

  it('tells a stranger, an unknown change and an unreachable API apart by its exit code', async () => {
    const { token } = system.people.ana;
    expect((await ctc('ctc_pat_wrong', 'whoami')).code).toBe(4);
    expect((await ctc(token, 'change', 'show', 'CHG-99999')).code).toBe(3);
    expect((await ctc(token, 'change', 'fly')).code).toBe(2);
    const away = await ctc(token, '--api-url', 'http://127.0.0.1:1', 'whoami');
    expect(away).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot be reached') as string,
    });
  });
});
