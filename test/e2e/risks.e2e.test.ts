import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { answerOf, onceHeaders } from '../../cli/client.ts';
import { readYamlFile } from '../../cli/read-file.ts';
import type { Role } from '../../domain/access/roles.ts';
import { annexA } from '../../domain/risks/annex-a.ts';
import { examples, runCtc, startE2eSystem, type E2eSystem } from '../support/e2e-system.ts';

describe('risks', () => {
  let system: E2eSystem;
  let directory: string;
  let sofia: string;
  let clara: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ctc-risks-'));
    system = await startE2eSystem({}, { worker: false });
    sofia = await person('sofia', 'security-officer');
    clara = await person('clara', 'customer-care');
  });
  afterAll(async () => {
    await system.stop();
    await rm(directory, { recursive: true });
  });

  const person = async (id: string, role: Role): Promise<string> => {
    const { api } = system.administrator;
    await answerOf(
      api.POST('/principals', {
        params: { header: onceHeaders() },
        body: { id, name: id, email: `${id}@example.com`, roles: [role] },
      }),
    );
    const { secret } = await answerOf(
      api.POST('/principals/{principal}/tokens', {
        params: { path: { principal: id }, header: onceHeaders() },
        body: { label: 'test', expiresAt: null },
      } as never),
    );
    return secret;
  };
  const ctc = (token: string, ...args: string[]) => runCtc(system, token, ...args);
  const done = async (token: string, ...args: string[]): Promise<string> => {
    const ran = await ctc(token, ...args);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    return ran.stdout;
  };

  it('are assessed by criteria, treated, accepted by their owner, and assessed again', async () => {
    const oscar = system.people.oscar.token;
    const risk = join(examples, 'risks', 'risk.yaml');
    const early = await ctc(sofia, 'risk', 'add', '-f', risk);
    expect(early.code).toBe(6);
    expect(early.stderr).toContain('ctc risk criteria adopt');
    const criteria = join(examples, 'risks', 'criteria.yaml');
    const adopt = ['risk', 'criteria', 'adopt', '-f', criteria, '-r', 'by the board'];
    expect((await ctc(oscar, ...adopt)).code).toBe(4);
    expect(await done(sofia, ...adopt)).toContain('version 1: adopted by sofia');
    expect(await done(sofia, '-o', 'name', 'risk', 'add', '-f', risk)).toBe('RSK-1\n');

    const accept = ['risk', 'accept', 'RSK-1', '-r', 'it is little'];
    expect((await ctc(sofia, ...accept)).code).toBe(6);
    expect((await ctc(oscar, ...accept, '--version', '7')).code).toBe(5);
    expect(await done(oscar, ...accept)).toContain('accepted by oscar');
    const action = ['action', 'add', 'RSK-1', '-t', 'second transformer', '--owner', 'oscar'];
    await done(sofia, ...action, '--due', '2030-01-01');

    const worse = join(directory, 'risk.yaml');
    const given = readYamlFile(risk) as { treatment: { residual: object } };
    given.treatment.residual = { likelihood: 2, availability: 4 };
    await writeFile(worse, stringify(given));
    const assess = ['risk', 'assess', 'RSK-1', '-f', worse, '-r', 'the generator is old'];
    expect(await done(sofia, ...assess)).toContain('not accepted by oscar');
    expect((await ctc(oscar, ...accept)).stderr).toContain('is high, above medium');
    await done(oscar, ...accept, '--exception', 'until spring');
    await done(sofia, 'risk', 'reassess', 'RSK-1', '--from', 'CHG-1', '-r', 'a new feed');
    const findings = await done(sofia, 'risk', 'findings');
    for (const kind of ['above-criteria', 'reassessment-due', 'controls-undecided']) {
      expect(findings).toContain(kind);
    }
    expect(await done(oscar, 'alerts', '--unread')).toContain('RSK-1 is to be assessed again');
    // What could go wrong is not for everybody to read.
    expect((await ctc(clara, 'risk', 'list')).code).toBe(4);
    expect(await done(oscar, 'risk', 'list', '--band', 'high')).toContain('RSK-1');
    expect(await done(oscar, 'risk', 'show', 'RSK-1')).toContain('accepted version 1');
  });

  it('come with a Statement of Applicability and a treatment plan that say what they lack', async () => {
    const soa = async (format: string) => done(sofia, 'risk', 'soa', '--format', format);
    const decide = ['control', 'decide', '7.11', '-r', 'for RSK-1'];
    expect((await ctc(sofia, ...decide)).code).toBe(2);
    expect((await ctc(sofia, ...decide, '--include')).stderr).toContain('implementation: say how');
    await done(sofia, ...decide, '--exclude');
    const contradiction = await soa('markdown');
    expect(contradiction).toContain('7.11 is excluded, although RSK-1 need it');
    const include = ['--include', '--implementation', 'implemented', '--how', '=two feeds'];
    await done(sofia, ...decide, ...include);
    const rows = parseCsv<Record<string, string>>(await soa('csv'), { columns: true });
    const missing = rows.filter(({ control }) => control === 'MISSING');
    expect(rows.length - missing.length).toBe(annexA.length);
    expect(missing).toHaveLength(92);
    expect(rows.find(({ control }) => control === '7.11')).toMatchObject({
      ...{ applicable: 'yes', implementation: 'implemented', risks: 'RSK-1', version: '2' },
      ...{ how: "'=two feeds", 'criteria version': '1' },
    });
    expect(rows.find(({ control }) => control === '8.32')?.['applicable']).toBe('not decided');
    const plan = JSON.parse(await done(sofia, 'risk', 'plan', '--format', 'json')) as {
      rows: string[][];
      missing: string[];
      criteriaVersion: number;
    };
    expect(plan.criteriaVersion).toBe(1);
    expect(plan.rows[0]?.join(' ')).toContain('second transformer (oscar, 2030-01-01, open)');
    expect(plan.missing).toEqual(['RSK-1: is to be assessed again']);
    expect((await ctc(clara, 'risk', 'soa')).code).toBe(4);
    const log = await done(
      system.administrator.token,
      'log',
      'list',
      '--action',
      'risk-report.made',
    );
    expect(log).toContain('risk-report:treatment-plan');
  });
});
