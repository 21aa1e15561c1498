import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, onceHeaders } from '../../cli/client.ts';
import { sha256 } from '../../cli/ledger-crypto.ts';
import { fromHex } from '../../domain/ledger/bytes.ts';
import { provesInclusion } from '../../domain/ledger/proofs.ts';
import {
  request,
  approve,
  runCtc,
  startE2eSystem,
  untilChange,
  openWindow,
  type E2eSystem,
  type Ran,
} from '../support/e2e-system.ts';

describe('the intervention log', () => {
  let system: E2eSystem;
  let label: string;
  let changeId: string;
  const ctc = (...args: string[]): Promise<Ran> =>
    runCtc(system, system.administrator.token, ...args);
  const inData = (name: string): string => join(system.dataDirectory, name);
  const verify = (file: string, ...flags: string[]): Promise<Ran> =>
    ctc('log', 'verify', inData(file), '--key', inData('ledger-key.pem'), ...flags);

  beforeAll(async () => {
    system = await startE2eSystem();
    const { marta, oscar } = system.people;
    const change = await request(marta, {
      kind: 'licensing',
      title: 'Renew the licence',
      reason: 'an end-to-end test',
      department: 'web-platform',
      window: openWindow(),
      steps: ['enter the new licence'],
      rollbackSteps: ['enter the old licence'],
    } as never);
    ({ label } = change);
    await approve(oscar, label);
    ({ id: changeId } = await untilChange(marta, label, ({ state }) => state === 'implementing'));
  });

  afterAll(async () => {
    await system.stop();
  });

  it('has what was done to a change, to the inventory and to accounts, by whom, and no secret', async () => {
    const { rows } = await answerOf(
      system.administrator.api.GET('/log', {
        params: { query: { subjectKind: 'change', subjectId: changeId } },
      }),
    );
    const events = rows.map(({ action, actor }) => `${action} ${actor}`);
    expect(events).toContain('change.request marta');
    expect(events).toContain('change.approve oscar');
    const all = await ctc('log', 'list', '--limit', '200', '-o', 'json');
    expect(all.code).toBe(0);
    for (const action of ['principal.added', 'token.issued', 'inventory.imported']) {
      expect(all.stdout).toContain(action);
    }
    expect(all.stdout).not.toContain('ctc_pat_');
    expect(all.stdout).not.toContain('PRIVATE KEY');
    const ofOscar = await ctc('log', 'list', '--subject', 'principal:oscar');
    expect(ofOscar.stdout).toContain('token.issued');
    const refused = await runCtc(system, system.people.marta.token, 'log', 'list');
    expect(refused.code).toBe(4);
  });

  it('forgets what people told when it is erased, and still proves all that was', async () => {
    const words = 'Señora Vidal rang about her invoice';
    const reported = await ctc('-o', 'json', 'event', 'report', 'A call', '-d', words);
    expect(reported.code).toBe(0);
    const { id } = JSON.parse(reported.stdout) as { id: string };
    const about = ['log', 'list', '--subject', `event:${id}`];
    expect((await ctc('-o', 'json', ...about)).stdout).toContain(words);
    const erasing = ['log', 'erase', `event:${id}`, '-r', 'she asked for it'];
    expect((await runCtc(system, system.people.oscar.token, ...erasing)).code).toBe(4);
    expect((await ctc(...erasing)).code).toBe(0);
    const left = await ctc(...about);
    expect(left.stdout).toContain('erased');
    expect((await ctc('-o', 'json', ...about)).stdout).not.toContain('Vidal');
    expect((await ctc('event', 'show', id)).stdout).not.toContain('Vidal');
    await ctc('log', 'export', '-f', inData('erased.ndjson'));
    expect((await verify('erased.ndjson')).code).toBe(0);
    expect((await ctc(...erasing)).code).toBe(3);
  });

  it('has an entry of who signed in, and of who took customers away, before they get anything', async () => {
    const { stack, administrator } = system;
    const entered = await fetch(`${stack.apiUrl}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token: administrator.token }).toString(),
      redirect: 'manual',
    });
    expect(entered.status).toBe(303);
    const authorization = `Bearer ${administrator.token}`;
    for (const path of ['/inventory/customers/export', `/changes/${label}/impact/customers`]) {
      const response = await fetch(`${stack.apiUrl}${path}`, { headers: { authorization } });
      expect(response.status, path).toBe(200);
      await response.text();
    }
    const { rows } = await answerOf(
      administrator.api.GET('/log', { params: { query: { actor: 'administrator' } } }),
    );
    const actions = rows.map(({ action }) => action);
    expect(actions).toEqual(
      expect.arrayContaining(['login', 'inventory.exported', 'customers.exported']),
    );
  });

  it('is exported and proved without the server, and what was tampered with is named', async () => {
    const file = inData('log.ndjson');
    const exported = await ctc('log', 'export', '-f', file);
    expect(exported.stderr).toBe('');
    const right = await verify('log.ndjson');
    expect(right).toMatchObject({ code: 0, stderr: '' });
    expect(right.stdout).toMatch(/entries 1 to \d+ and \d+ checkpoint\(s\) are right/);
    const believed = await ctc('log', 'verify', file);
    expect(believed.code).toBe(0);
    expect(believed.stderr).toContain('NOT PROVED BY WHOM');

    const lines = (await readFile(file, 'utf8')).split('\n');
    const at = lines.findIndex((line) => line.includes('change.approve'));
    const sequence = /"sequence":(\d+)/.exec(lines[at] ?? '')?.[1] ?? '';
    await writeFile(
      inData('forged.ndjson'),
      lines.with(at, (lines[at] ?? '').replace('"actor":"oscar"', '"actor":"marta"')).join('\n'),
    );
    const forged = await verify('forged.ndjson', '-o', 'json');
    expect(forged.code).toBe(7);
    expect(JSON.parse(forged.stdout)).toMatchObject({
      failure: { problem: 'altered', sequence: Number(sequence) },
    });
    await writeFile(inData('shorter.ndjson'), lines.toSpliced(at, 1).join('\n'));
    const shorter = await verify('shorter.ndjson');
    expect(shorter.code).toBe(7);
    expect(shorter.stdout).toContain(`WRONG from entry ${sequence} on`);

    const checkpoints = await ctc('log', 'checkpoints', '-o', 'jsonl');
    await writeFile(inData('kept.jsonl'), checkpoints.stdout);
    expect(await verify('log.ndjson', '--checkpoint', inData('kept.jsonl'))).toMatchObject({
      code: 0,
    });
    expect(await verify('no-such-file')).toMatchObject({ code: 1 });
    expect(await ctc('log', 'verify', file, '--key', file)).toMatchObject({ code: 2 });
    await rm(file);
  });

  it('proves a single entry to whoever asks', async () => {
    const { api } = system.administrator;
    const [checkpoint] = (await answerOf(api.GET('/log/checkpoints'))).rows;
    const treeSize = checkpoint?.note.treeSize ?? 0;
    const query = { sequence: 3, treeSize };
    const proof = await answerOf(api.GET('/log/proofs/inclusion', { params: { query } }));
    const claim = {
      leaf: 2,
      leafHash: fromHex(proof.leafHash),
      size: treeSize,
      root: fromHex(checkpoint?.note.rootHash ?? ''),
      proof: proof.proof.map(fromHex),
    };
    expect(provesInclusion(sha256, claim)).toBe(true);
    const sizes = { from: 3, to: treeSize };
    const grown = await answerOf(api.GET('/log/proofs/consistency', { params: { query: sizes } }));
    expect(grown.toRootHash).toBe(checkpoint?.note.rootHash);
    const beyond = { sequence: 1, treeSize: 1_000_000 };
    const { response } = await api.GET('/log/proofs/inclusion', { params: { query: beyond } });
    expect(response.status).toBe(422);
  });

  it('is pruned by administrators only, with a reason, and proves the rest', async () => {
    const { api } = system.people.oscar;
    const { response } = await api.POST('/log/prunings', {
      params: { header: onceHeaders() },
      body: { before: '2100-01-01T00:00:00Z', reason: 'I like it so' },
    });
    expect(response.status).toBe(403);
    const none = await ctc('log', 'prune', '--before', '2000-01-01', '-r', 'kept for ten years');
    expect(none.code).toBe(6);
    const pruned = await ctc('log', 'prune', '--before', '2100-01-01', '-r', 'kept for ten years');
    expect(pruned.stdout).toMatch(/entries up to \d+ are gone/);
    await ctc('log', 'export', '-f', inData('pruned.ndjson'));
    const report = await verify('pruned.ndjson');
    expect(report).toMatchObject({ code: 0 });
    expect(report.stdout).toMatch(/entries 1 to \d+ were pruned/);
  });
});
