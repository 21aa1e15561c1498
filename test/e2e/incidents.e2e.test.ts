import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { answerOf, onceHeaders } from '../../cli/client.ts';
import {
  approve,
  examples,
  openWindow,
  request,
  runCtc,
  startE2eSystem,
  until,
  untilChange,
  type E2eSystem,
} from '../support/e2e-system.ts';

describe('incidents', () => {
  let system: E2eSystem;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ctc-incidents-'));
    system = await startE2eSystem({ CTC_REGISTER_WATCH_MINUTES: '1' });
  });
  afterAll(async () => {
    await system.stop();
    await rm(directory, { recursive: true });
  });

  const ctc = (token: string, ...args: string[]) => runCtc(system, token, ...args);
  const done = async (token: string, ...args: string[]): Promise<string> => {
    const ran = await ctc(token, ...args);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    return ran.stdout;
  };
  const file = async (name: string, content: object | string): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, typeof content === 'string' ? content : stringify(content));
    return path;
  };

  it('are made of what somebody reports, answered, proved and closed by the command line', async () => {
    const { ana, oscar } = system.people;
    const report = ['event', 'report', 'Strange logins', '-d', 'Since 02:00 on the gateway.'];
    expect(await done(ana.token, '-o', 'name', ...report)).toBe('EVT-1\n');
    expect(await done(oscar.token, 'alerts', '--unread')).toContain('EVT-1 Strange logins');
    // Whoever reports it does not decide what it is.
    const assess = ['event', 'assess', 'EVT-1', '--incident', '-r', 'nobody of ours'];
    const as = ['--category', 'access', '--severity', 'critical'];
    expect((await ctc(ana.token, ...assess, ...as, '--personal-data')).code).toBe(4);
    expect((await ctc(oscar.token, ...assess, ...as)).code).toBe(2);
    const dire = ['--category', 'access', '--severity', 'dire', '--personal-data'];
    const refused = await ctc(oscar.token, ...assess, ...dire);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('use critical, major, minor, low');
    expect(await done(oscar.token, ...assess, ...as, '--personal-data')).toContain('INC-1');
    expect(
      (await ctc(oscar.token, 'event', 'assess', 'EVT-1', '--dismiss', '-r', 'not one')).code,
    ).toBe(5);

    const step = (name: string, what: string) =>
      done(oscar.token, 'incident', 'step', 'INC-1', name, '-w', what);
    expect(await step('respond', 'I am on it.')).toContain('INC-1  responding  critical');
    const log = await file('gateway.log', 'login root from 203.0.113.7\n');
    const now = new Date().toISOString();
    const how = ['--what', 'log of the gateway', '--how', 'copied', '--location', 'gateway 2'];
    const add = ['incident', 'evidence', 'add', 'INC-1', log, ...how, '--by', 'oscar', '--at', now];
    expect((await ctc(ana.token, ...add)).code).toBe(4);
    expect(await done(oscar.token, ...add)).toContain('oscar has it');
    const give = ['incident', 'evidence', 'hand-over', 'INC-1', 'E1', '--to', 'laboratory'];
    expect(await done(oscar.token, ...give, '-r', 'forensics')).toContain('oscar → laboratory');
    const copy = join(directory, 'copy.log');
    await done(oscar.token, 'incident', 'evidence', 'get', 'INC-1', 'E1', '-f', copy);
    expect(await readFile(copy, 'utf8')).toBe(await readFile(log, 'utf8'));

    await step('contain', 'Locked the account.');
    expect(await step('recover', 'New passwords.')).toContain('INC-1  resolved');
    const close = ['incident', 'close', 'INC-1', '-r', 'all done'];
    const open = await ctc(oscar.token, ...close);
    expect(open.code).toBe(6);
    expect(open.stderr).toContain('needs a review');
    for (const duty of ['early-warning', 'personal-data', 'final-report']) {
      const notify = ['incident', 'notify', 'INC-1', duty, '--at', new Date().toISOString()];
      expect(await done(oscar.token, ...notify, '--proof', 'receipt 9')).toContain('notified');
    }
    const review = await file('review.yaml', {
      whatHappened: 'Somebody guessed a password.',
      rootCause: 'It could be guessed.',
      lessons: 'Second factors.',
    });
    await done(oscar.token, 'incident', 'review', 'INC-1', '-f', review);
    const action = ['action', 'add', 'INC-1', '-t', 'second factors', '--owner', 'ana'];
    await done(oscar.token, ...action, '--due', '2030-01-01');
    expect((await ctc(oscar.token, ...close)).stderr).toContain('ACT-1 (second factors) is open');
    expect(await done(ana.token, 'alerts', '--unread')).toContain('ACT-1 of INC-1: yours');
    await done(ana.token, 'action', 'done', 'ACT-1', '-r', 'rolled out');
    expect(await done(oscar.token, ...close)).toContain('INC-1  closed');
    expect(await done(ana.token, 'incident', 'list', '--state', 'closed')).toContain('INC-1');
    const entries = await done(system.administrator.token, '-o', 'jsonl', 'log', 'list');
    for (const said of ['event.assessed', 'incident.evidence-read', 'incident.closed']) {
      expect(entries).toContain(said);
    }
  });

  it('are opened by a rollback that fails, once, caused by its change', async () => {
    const { ana, oscar } = system.people;
    const { label } = await request(ana, {
      kind: 'infrastructure',
      title: 'Swap the switch',
      reason: 'an end-to-end test',
      department: 'web-platform',
      window: openWindow(),
      affects: [{ item: 'mad-core-1', effect: 'degraded' }],
      steps: ['swap it'],
      rollbackSteps: ['swap it back'],
    } as never);
    await approve(oscar, label);
    await untilChange(ana, label, ({ state }) => state === 'implementing');
    await answerOf(
      oscar.api.POST('/changes/{change}/outcome', {
        params: { path: { change: label }, header: onceHeaders() },
        body: { result: 'left-broken', reason: 'the switch does not start' } as never,
      }),
    );
    const [incident] = await until(async () => {
      const { rows } = await answerOf(
        ana.api.GET('/incidents', { params: { query: { source: 'change' } as never } }),
      );
      return rows.length > 0 && rows;
    }, 'an incident is opened');
    expect(incident).toMatchObject({ state: 'open', change: label, personalData: null });
    const shown = await done(ana.token, 'incident', 'show', incident?.label ?? '');
    expect(shown).toContain(`caused-by ${label}`);
    expect(await done(oscar.token, 'incident', 'findings')).toContain('unclassified');

    const day = (days: number): string =>
      new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    const failures = ['change', 'failures', '--from', day(-1), '--to', day(1)];
    const rate = await done(ana.token, ...failures);
    expect(rate).toContain('100.0 % (1 of 1)');
    expect(rate).toContain(`caused ${incident?.label ?? ''}`);
    expect(rate).toContain('Without a change there is no rate.');
    expect(
      (await ctc(ana.token, 'change', 'failures', '--from', day(1), '--to', day(0))).code,
    ).toBe(2);

    const opening = ['problem', 'open', 'Switches do not start', '-d', 'It is the second one.'];
    const from = ['--incident', incident?.label ?? '', '--caused-by', label];
    expect(await done(oscar.token, '-o', 'name', ...opening, ...from)).toBe('PRB-1\n');
    const diagnose = ['problem', 'diagnose', 'PRB-1', '--root-cause', 'A bad batch.'];
    await done(oscar.token, ...diagnose, '--workaround', 'Use those of the other batch.');
    expect(await done(ana.token, 'problem', 'list', '--state', 'known-error')).toContain('PRB-1');
    const closing = ['problem', 'close', 'PRB-1', '-r', 'sent back'];
    expect((await ctc(oscar.token, ...closing)).code).toBe(6);
    const action = ['action', 'add', 'PRB-1', '-t', 'send them back', '--owner', 'ana'];
    const added = await done(oscar.token, '-o', 'name', ...action, '--due', '2030-01-01');
    await done(ana.token, 'action', 'done', added.trim(), '-r', 'sent');
    expect(await done(oscar.token, ...closing)).toContain('PRB-1  closed');
  });

  it('are answered by a plan that is adopted, exercised, and whose contacts answer', async () => {
    const { oscar } = system.people;
    const { token } = system.administrator;
    const example = join(examples, 'incidents', 'incident-plan.yaml');
    const adopt = ['incident', 'plan', 'adopt', '-f', example, '-r', 'first plan'];
    expect((await ctc(oscar.token, ...adopt)).code).toBe(4);
    expect(await done(token, ...adopt)).toContain('version 1: adopted by administrator');
    // What it prints is what it takes.
    const printed = await file(
      'plan.yaml',
      await done(token, '-o', 'yaml', 'incident', 'plan', 'show'),
    );
    const again = ['incident', 'plan', 'adopt', '-f', printed, '-r', 'the same'];
    expect(await done(token, ...again)).toContain('version 2');
    const verify = ['incident', 'plan', 'verify', 'night-shift', '--how', 'called, answered'];
    expect(await done(oscar.token, ...verify)).toMatch(/night-shift.*verified 2/);
    const exercise = await file('exercise.yaml', {
      heldOn: new Date().toISOString().slice(0, 10),
      scenario: 'Ransom on a Sunday',
      participants: ['oscar', 'the night shift'],
      outcome: 'Two numbers were wrong.',
    });
    await done(oscar.token, 'incident', 'plan', 'exercise', '-f', exercise);
    const findings = await done(oscar.token, 'incident', 'findings');
    expect(findings).not.toContain('plan-untested');
    expect(findings).not.toContain('night-shift');
    expect(findings).toContain('contact-unverified');
    expect(
      (await ctc(oscar.token, 'incident', 'plan', 'verify', 'ghost', '--how', 'x y z')).code,
    ).toBe(3);
  });
});
