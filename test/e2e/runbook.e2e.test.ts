import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { answerOf } from '../../cli/client.ts';
import { readYamlFile } from '../../cli/read-file.ts';
import {
  approve,
  examples,
  openWindow,
  request,
  runCtc,
  startE2eSystem,
  untilChange,
  type E2eSystem,
} from '../support/e2e-system.ts';

const example = readYamlFile(join(examples, 'changes', 'core-switch-pair.yaml')) as {
  runbook: { steps: object[] };
};
const step = (id: string, more: object = {}) => ({ id, title: id, expectedMinutes: 2, ...more });
/** Short enough for the hour that is open now; one step is Marta's, who may not implement changes. */
const short = {
  ...example,
  // Several of them at once stand in nobody's way.
  team: undefined,
  affects: [],
  window: openWindow(),
  runbook: {
    preChecks: [step('backup', { evidence: 'url' })],
    steps: [step('drain', { assignee: { person: 'marta' } }), step('swap')],
    rollback: [step('put-back')],
  },
};

describe('a runbook, by API and command line', () => {
  let system: E2eSystem;
  beforeAll(async () => {
    system = await startE2eSystem();
  });
  afterAll(async () => {
    await system.stop();
  });

  const ctc = (token: string, ...args: string[]) => runCtc(system, token, ...args);
  const implementing = async (): Promise<string> => {
    const { ana, oscar } = system.people;
    const { label } = await request(ana, short as never);
    await approve(oscar, label);
    await untilChange(ana, label, ({ state }) => state === 'implementing');
    return label;
  };

  it('is asked for with a file, as the example is', async () => {
    const { ana } = system.people;
    const file = join(examples, 'changes', 'core-switch-pair.yaml');
    const requested = await ctc(ana.token, '-o', 'name', 'change', 'request', '-f', file);
    expect(requested).toMatchObject({ code: 0, stderr: '' });
    const label = requested.stdout.trim();
    await untilChange(ana, label, ({ state }) => state === 'awaiting-approval');
    const shown = await ctc(ana.token, 'change', 'runbook', label);
    expect(shown.stdout).toContain('130 min as expected; rollback 45 min');
    expect(shown.stdout).toMatch(/open +swap-2 .*team facilities-field.*point of no return/);
  });

  it('that names nobody, or a step twice, is refused by the name of the step', async () => {
    const { ana } = system.people;
    const refused = async (runbook: object): Promise<string> => {
      const path = join(system.dataDirectory, 'bad.yaml');
      await writeFile(path, stringify({ ...short, runbook }));
      const { code, stderr } = await ctc(ana.token, 'change', 'request', '-f', path);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused({ ...short.runbook, rollback: [step('swap')] })).toContain(
      'step "swap" is in steps already',
    );
    const steps = [step('drain', { assignee: { team: 'ghosts' } })];
    expect(await refused({ ...short.runbook, steps })).toContain(
      'step "drain": there is no team "ghosts"',
    );
  });

  it('is carried out by those whose steps they are, to its end', async () => {
    const { ana, oscar, marta } = system.people;
    const label = await implementing();
    const does = (who: { token: string }, verb: string, id: string, ...args: string[]) =>
      ctc(who.token, 'change', 'step', verb, label, id, ...args);
    expect(await does(ana, 'start', 'backup')).toMatchObject({ code: 0, stderr: '' });
    const bare = await does(ana, 'complete', 'backup');
    expect(bare.code).toBe(6);
    expect(bare.stderr).toContain('only with evidence: a URL');
    const url = 'https://backups.example.com/mad-core-1';
    const completed = await does(ana, 'complete', 'backup', '--evidence', url);
    expect(completed.stdout).toContain('Next: step "drain"');
    expect((await does(ana, 'start', 'drain')).stderr).toContain('is for marta');
    expect((await does(marta, 'start', 'drain')).code).toBe(0);
    expect((await does(marta, 'complete', 'drain')).code).toBe(0);
    expect((await does(marta, 'start', 'swap')).code).toBe(6);
    expect((await does(oscar, 'skip', 'swap', '-r', 'was new already')).stdout).toContain(
      'The change is completed',
    );
    const shown = await ctc(marta.token, 'change', 'runbook', label);
    expect(shown.stdout).toMatch(/✔ done +backup .*https:\/\/backups\.example\.com\/mad-core-1/);
    expect(shown.stdout).toMatch(/skipped +swap .*was new already/);
  });

  it('answers a repeated request with its first answer, and another one with who was first', async () => {
    const { ana, oscar } = system.people;
    const label = await implementing();
    const start = (as: typeof ana, key: string) =>
      as.api.POST('/changes/{change}/runbook/steps/{step}/start', {
        params: { path: { change: label, step: 'backup' }, header: { 'idempotency-key': key } },
        body: {},
      });
    const [first, again] = [await start(ana, 'once-12345678'), await start(ana, 'once-12345678')];
    expect(again.data).toEqual(first.data);
    const other = await start(oscar, 'another-12345678');
    expect(other.error).toMatchObject({
      status: 403,
      detail: expect.stringContaining('begun already, by ana') as string,
    });
    const runbook = await answerOf(
      ana.api.GET('/changes/{change}/runbook', { params: { path: { change: label } } }),
    );
    expect(runbook.groups[0]?.steps[0]).toMatchObject({
      state: 'running',
      current: true,
      tries: [{ startedBy: 'ana', startedAs: 'implementer' }],
    });
  });

  it('is rolled back when somebody decides so, and goes on only for who coordinates', async () => {
    const { ana, oscar } = system.people;
    const label = await implementing();
    const url = 'https://backups.example.com/1';
    await ctc(ana.token, 'change', 'step', 'start', label, 'backup');
    await ctc(ana.token, 'change', 'step', 'complete', label, 'backup', '--evidence', url);
    await ctc(oscar.token, 'change', 'step', 'start', label, 'drain');
    expect((await ctc(ana.token, 'change', 'go-on', label, '-r', 'nearly done')).code).toBe(4);
    const early = await ctc(oscar.token, 'change', 'go-on', label, '-r', 'nearly done');
    expect(early.stderr).toContain('still fit into the window');
    const back = await ctc(ana.token, 'change', 'roll-back', label, '-r', 'wrong cables');
    expect(back.stdout).toContain('next: rollback step "put-back"');
    await ctc(ana.token, 'change', 'step', 'start', label, 'put-back');
    await ctc(ana.token, 'change', 'step', 'fail', label, 'put-back', '-r', 'no power');
    await untilChange(ana, label, ({ state }) => state === 'rollback-incomplete');
  });

  it('is not there for a change that is reported as a whole', async () => {
    const { ana } = system.people;
    const lines = { steps: ['replace it'], rollbackSteps: ['put it back'] };
    const { label } = await request(ana, { ...short, runbook: undefined, ...lines } as never);
    const shown = await ctc(ana.token, 'change', 'runbook', label);
    expect(shown.code).toBe(3);
    expect(shown.stderr).toContain('ctc change report');
  });
});
