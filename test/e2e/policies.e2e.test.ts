import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, onceHeaders } from '../../cli/client.ts';
import {
  examples,
  request,
  runCtc,
  startE2eSystem,
  untilChange,
  type E2eSystem,
} from '../support/e2e-system.ts';

const firewall = {
  kind: 'infrastructure',
  title: 'Update the firewall of Madrid',
  reason: 'the vendor has mended it',
  department: 'network',
  datacentres: ['mad'],
  affects: [{ item: 'mad-firewall-1', effect: 'down' }],
  window: { start: '2031-05-06T02:00', end: '2031-05-06T04:00', zone: 'Europe/Madrid' },
  steps: ['Update it'],
  rollbackSteps: ['Go back'],
} as never;

describe('policies by the command line', () => {
  let system: E2eSystem;
  const tokens = new Map<string, string>();
  beforeAll(async () => {
    system = await startE2eSystem();
    const { administrator, people } = system;
    for (const [who, { token }] of Object.entries(people)) tokens.set(who, token);
    for (const [id, role] of [
      ['carla', 'change-manager'],
      ['sergio', 'security-officer'],
    ] as const) {
      await answerOf(
        administrator.api.POST('/principals', {
          params: { header: onceHeaders() },
          body: { id, name: id, email: `${id}@example.com`, roles: [role] },
        }),
      );
      const { secret } = await answerOf(
        administrator.api.POST('/principals/{principal}/tokens', {
          params: { path: { principal: id } },
          body: { label: 'test', expiresAt: null },
        }),
      );
      tokens.set(id, secret);
    }
  });
  afterAll(() => system.stop());

  const by = async (who: string, ...args: string[]) => {
    const { code, stdout, stderr } = await runCtc(system, tokens.get(who) ?? '', ...args);
    return { code, out: stdout + stderr };
  };

  it('are proposed by one, put in force by another, tried on examples, and kept by version', async () => {
    const file = join(examples, 'policies', 'night-work.yaml');
    const proposing = ['policy', 'propose', '-f', file, '-r', 'after the outage of May'];
    expect((await by('ana', ...proposing)).code).toBe(4);
    expect((await by('carla', ...proposing)).out).toContain('night-work/1 is proposed');
    const approving = ['policy', 'approve', 'night-work', '1', '-r', 'as agreed'];
    expect(await by('carla', ...approving)).toMatchObject({
      code: 6,
      out: expect.stringContaining('was proposed by you') as string,
    });

    const test = ['policy', 'test', join(examples, 'policies', 'examples.yaml')];
    expect((await by('ana', ...test)).out).not.toContain('night-work');
    expect((await by('sergio', ...approving)).code).toBe(0);
    const tried = await by('ana', ...test);
    expect(tried.out).toContain(
      '2 of operator, or 1 of change-manager, then 1 of security-officer',
    );
    expect(tried.out).toContain('night-work, security: sergio');
    expect(tried.out).toContain(
      'afterwards: 1 of change-manager or security-officer (emergencies)',
    );
    expect(tried.out).toContain('whoever carries it out may not approve it');

    const shown = await by('ana', 'policy', 'show', 'night-work');
    expect(shown.out).toContain('approved by sergio');
  });

  it('name every field of a policy that is wrong', async () => {
    const file = join(system.dataDirectory, 'wrong.yaml');
    writeFileSync(
      file,
      'id: wrong\ntitle: Wrong\nsteps: [{ name: one, anyOf: [{ quorum: 0 }] }]\n',
    );
    const { code, out } = await by('carla', 'policy', 'propose', '-f', file, '-r', 'a mistake');
    expect(code).not.toBe(0);
    expect(out).toContain('policy.steps[0].anyOf[0]');
  });

  it('say whom a change waits for, with its risk, and who has signed', async () => {
    const { ana } = system.people;
    const { label } = await request(ana, firewall);
    await untilChange(ana, label, ({ state }) => state === 'awaiting-approval');
    const before = await by('ana', 'change', 'approvals', label);
    expect(before.out).toMatch(/risk \w+(-high)?, \d+ of 100/);
    expect(before.out).toContain('night-work, operations: nobody yet; could: carla, oscar');
    expect(before.out).toContain('night-work, security: nobody yet; could: sergio (later)');
    expect(before.out).toContain('missing: every answer of the questionnaire');

    const agenda = await by('carla', '-o', 'json', 'agenda', '--mine');
    expect(JSON.parse(agenda.out)).toMatchObject([{ change: label, mine: true }]);
    expect(JSON.parse((await by('sergio', '-o', 'json', 'agenda', '--mine')).out)).toEqual([]);
    const approving = ['change', 'approve', label, '-r', 'as planned'];
    expect(await by('carla', ...approving)).toMatchObject({
      code: 6,
      out: expect.stringContaining('ctc change amend') as string,
    });

    const file = join(system.dataDirectory, 'amendment.yaml');
    writeFileSync(
      file,
      `answers: { data-loss: false, first-time: false, manual-steps: true, external-party: false, monitoring-blind: false }\n`,
    );
    const amending = ['change', 'amend', label, '-f', file, '-r', 'the questions are answered'];
    expect((await by('ana', ...amending)).code).toBe(0);
    await untilChange(
      ana,
      label,
      ({ state, revision }) => state === 'awaiting-approval' && revision === 2,
    );
    expect((await by('carla', ...approving)).out).toContain('Still asked: security of night-work');
    expect((await by('sergio', ...approving)).code).toBe(0);
    const after = await by('ana', 'change', 'approvals', label);
    expect(after.out).toContain('its approvals are approved');
    expect(after.out).toContain('night-work, security: sergio');
  });

  it('are not asked about what a template has approved before', async () => {
    const example = readFileSync(join(examples, 'policies', 'restart-web-node.yaml'), 'utf8');
    const template = join(system.dataDirectory, 'template.yaml');
    const soon = new Date(Date.now() + 86_400_000).toISOString();
    writeFileSync(template, example.replace(/expiresAt: \S+/, `expiresAt: ${soon}`));
    const proposing = ['template', 'propose', '-f', template, '-r', 'it is done every week'];
    expect((await by('oscar', ...proposing)).out).toContain('restart-web-node/1 is proposed');
    const approving = ['template', 'approve', 'restart-web-node', '1', '-r', 'as it was done'];
    expect((await by('oscar', ...approving)).code).toBe(4);
    expect((await by('carla', ...approving)).code).toBe(0);

    const file = join(system.dataDirectory, 'restart.yaml');
    writeFileSync(
      file,
      [
        'title: Restart node 4',
        'reason: its memory is full',
        'datacentres: [mad]',
        `window: { start: '2031-05-07T02:00', end: '2031-05-07T02:30', zone: Europe/Madrid }`,
      ].join('\n'),
    );
    const requesting = ['change', 'request', '-f', file, '--template', 'restart-web-node'];
    const label = (await by('ana', '-o', 'name', ...requesting)).out.trim();
    await untilChange(system.people.ana, label, ({ state }) => state === 'scheduled');
    expect((await by('ana', 'change', 'log', label)).out).toContain(
      'Approved beforehand by version 1 of the template "restart-web-node".',
    );
    const unknown = [...requesting.slice(0, -1), 'nothing-like-it'];
    expect(await by('ana', ...unknown)).toMatchObject({ code: 3 });
  });

  it('let somebody stand in for another, who ends it', async () => {
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const giving = ['delegation', 'create', '--to', 'carla', '--until', until, '-r', 'a holiday'];
    const given = await by('sergio', '-o', 'name', ...giving);
    expect(given.code).toBe(0);
    expect((await by('ana', 'delegation', 'list')).out).toContain('a holiday');
    const id = given.out.trim();
    expect((await by('oscar', 'delegation', 'end', id)).code).toBe(4);
    expect((await by('sergio', 'delegation', 'end', id)).out).toContain('ended at');
    const past = ['delegation', 'create', '--to', 'carla', '--until', '2020-01-01T00:00:00Z'];
    expect((await by('sergio', ...past, '-r', 'too late')).out).toContain('ends before it begins');
  });
});
