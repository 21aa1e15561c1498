import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { runCtc, startE2eSystem, type E2eSystem, type Ran } from '../support/e2e-system.ts';
import { readNetboxDump } from '../support/netbox-dump.ts';
import { startNetboxServer } from '../support/netbox-server.ts';

const secret = 'a-token-that-nobody-sees';

interface Report {
  readonly imported: boolean;
  readonly version?: number;
  readonly counts: Readonly<Record<string, { rows: number; inserted: number; removed: number }>>;
  readonly skippedCount: number;
}

describe('importing a NetBox', () => {
  let directory: string;
  let server: Awaited<ReturnType<typeof startNetboxServer>>;
  let system: E2eSystem;
  let hasMachines = true;

  beforeAll(async () => {
    server = await startNetboxServer({
      dump: readNetboxDump(),
      token: secret,
      alter: (page, { pathname }) =>
        !hasMachines && pathname.includes('virtual-machines')
          ? { count: 0, next: null, previous: null, results: [] }
          : page,
    });
    directory = await mkdtemp(join(tmpdir(), 'ctc-netbox-'));
    await writeFile(join(directory, 'token'), secret);
    const mapping = {
      country: 'ES',
      driver: 'local',
      availabilityPercent: 99.9,
      userLatencyMs: 10,
      contractLevel: 'business',
      departments: [{ id: 'infrastructure', name: 'Infrastructure' }],
    };
    const file = join(directory, 'sources.yaml');
    await writeFile(
      file,
      stringify([{ name: 'hq', url: server.url, tokenFile: 'token', mapping }]),
    );
    system = await startE2eSystem({ CTC_NETBOX_SOURCES: file }, { worker: false });
  });
  afterAll(async () => {
    await system.stop();
    await server.close();
    await rm(directory, { recursive: true });
  });

  const ctc = (token: string, ...args: string[]) => runCtc(system, token, '-o', 'json', ...args);
  const importNetbox = async (...flags: string[]): Promise<Ran & { report: Report }> => {
    const ran = await ctc(
      system.administrator.token,
      ...['inventory', 'import-netbox', 'hq', ...flags],
    );
    return { ...ran, report: JSON.parse(ran.stdout || '{}') as Report };
  };

  it('brings it whole, says first what would happen, and never shows the token', async () => {
    const listed = await ctc(system.administrator.token, 'inventory', 'netbox-sources');
    expect(JSON.parse(listed.stdout)).toEqual([{ name: 'hq', url: server.url }]);
    const tried = await importNetbox('--dry-run');
    expect(tried).toMatchObject({ code: 0, report: { imported: false } });
    const { code, report, stdout } = await importNetbox();
    expect(code).toBe(0);
    expect(report).toMatchObject({ imported: true, counts: tried.report.counts });
    expect(report.counts['items']?.inserted).toBeGreaterThan(100);
    for (const text of [listed.stdout, tried.stdout, stdout]) expect(text).not.toContain(secret);
  });

  it('removes what NetBox has no more, when asked to by the number', async () => {
    hasMachines = false;
    const refused = await importNetbox();
    expect(refused.code).toBe(6);
    const [, number] = /confirm (\d+) removals/.exec(refused.stderr) ?? [];
    const { code, report } = await importNetbox('--confirm-removals', number ?? '');
    expect(code).toBe(0);
    expect(report.counts['items']?.removed).toBeGreaterThan(100);
    const rows = await ctc(
      system.administrator.token,
      ...['inventory', 'list', 'items', '--text', 'virtual-machine'],
    );
    expect(JSON.parse(rows.stdout)).toEqual([]);
    // What others brought stands.
    const example = await ctc(
      system.administrator.token,
      ...['inventory', 'history', 'items', 'mad-core-1', '--version', '1'],
    );
    expect(JSON.parse(example.stdout)).toMatchObject({ rows: [{ id: 'mad-core-1' }] });
  });

  it('is for those who may import, and from the sources that are configured', async () => {
    expect((await ctc(system.people.ana.token, 'inventory', 'import-netbox', 'hq')).code).toBe(4);
    const unknown = await ctc(system.administrator.token, 'inventory', 'import-netbox', 'other');
    expect(unknown.code).toBe(3);
    expect(unknown.stderr).toContain('Use one of hq.');
    const { status } = await fetch(`${system.stack.apiUrl}/inventory/netbox-imports`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${system.administrator.token}`,
        'content-type': 'application/json',
        'idempotency-key': 'an-address-in-it',
      },
      body: JSON.stringify({ source: 'hq', url: 'http://169.254.169.254/' }),
    });
    expect(status).toBe(422);
  });

  it('exports what it brought, to be imported again without a change', async () => {
    const out = join(directory, 'export');
    const { token } = system.administrator;
    const exported = await ctc(
      token,
      ...['inventory', 'export', out, '--source', 'hq', '--format', 'ndjson'],
    );
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    const { rows } = JSON.parse(exported.stdout) as { rows: Record<string, number> };
    expect(rows['items']).toBeGreaterThan(100);
    const again = await ctc(
      token,
      ...['inventory', 'import', out, '--source', 'hq', '--complete', '--dry-run'],
    );
    const { counts } = JSON.parse(again.stdout) as Report;
    for (const count of Object.values(counts)) {
      expect(count).toMatchObject({ inserted: 0, updated: 0, removed: 0 });
    }
    const occupied = await ctc(token, 'inventory', 'export', out);
    expect(occupied.code).toBe(2);
  });
});
