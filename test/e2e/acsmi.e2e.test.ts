import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { contractSchema } from '../../domain/acsmi/contract.ts';
import { readYamlFile } from '../../cli/read-file.ts';
import {
  approve,
  examples,
  registerShop,
  releaseRequest,
  request,
  runCtc,
  startE2eSystem,
  until,
  untilChange,
  type E2eSystem,
} from '../support/e2e-system.ts';
import { startHttpSource, type HttpSource } from '../support/http-source.ts';

const secret = 'a-token-that-nobody-sees';
/** What the provider's catalogue holds. */
const offers = ['lutetia-small', 'lutetia-large'].map((id, i) => ({
  ...{
    id,
    datacentre: 'par',
    provider: 'lutetia',
    cores: 2 + 6 * i,
    memoryMb: 4096,
    storageGb: 50,
  },
  ...{
    hourlyPrice: 0.02,
    currency: 'EUR',
    available: 5,
    certifications: ['hds'],
    slaPercent: 99.9,
  },
}));

interface Sla {
  readonly verdict: string;
  readonly promisedPercent: number;
  readonly units: readonly { readonly contract: string; readonly datacentre: string }[];
  readonly atDeployment: { readonly promisedPercent: number } | null;
}

describe('what providers sell and promise', () => {
  let directory: string;
  let server: HttpSource;
  let system: E2eSystem;

  beforeAll(async () => {
    server = await startHttpSource(({ headers, path }, response) => {
      const isAllowed = headers.authorization === `Bearer ${secret}`;
      const last = path.includes('cursor');
      response.statusCode = isAllowed ? 200 : 401;
      response.end(
        JSON.stringify({ rows: [offers[last ? 1 : 0]], ...(last ? {} : { nextCursor: 'second' }) }),
      );
    });
    directory = await mkdtemp(join(tmpdir(), 'ctc-acsmi-'));
    await writeFile(join(directory, 'token'), secret);
    const file = join(directory, 'catalogues.yaml');
    await writeFile(file, stringify([{ name: 'hq', url: server.url, tokenFile: 'token' }]));
    system = await startE2eSystem({ CTC_ACSMI_CATALOGUES: file, CTC_CONTRACT_WATCH_MINUTES: '1' });
  });
  afterAll(async () => {
    await system.stop();
    await server.close();
    await rm(directory, { recursive: true });
  });

  const ctc = (token: string, ...args: string[]) => runCtc(system, token, ...args);
  const json = async <T>(token: string, ...args: string[]): Promise<T> => {
    const ran = await ctc(token, '-o', 'json', ...args);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    return JSON.parse(ran.stdout) as T;
  };
  const contractFile = async (changes: object): Promise<string> => {
    const example = readYamlFile(join(examples, 'acsmi', 'contract.yaml')) as object;
    const path = join(directory, 'contract.yaml');
    const day = (years: number) => `${new Date().getUTCFullYear() + years}-01-01`;
    const contract = { ...example, starts: day(-1), ends: day(3), ...changes };
    await writeFile(path, stringify(contractSchema.parse(contract)));
    return path;
  };

  it('is agreed in contracts, whose terms are composed for what stands there', async () => {
    const { ana, oscar } = system.people;
    const { token } = system.administrator;
    const path = await contractFile({ covers: { datacentres: ['mad', 'bcn', 'par'] } });
    const added = await ctc(token, '-o', 'name', 'acsmi', 'contract', 'add', '-f', path);
    expect(added).toMatchObject({ code: 0, stdout: 'CON-1\n' });
    const again = await ctc(token, 'acsmi', 'contract', 'add', '-f', path);
    expect(again.code).toBe(5);
    expect(again.stderr).toContain('CON-1 with iberia-cloud covers bcn, mad, par');
    expect((await ctc(ana.token, 'acsmi', 'contract', 'add', '-f', path)).code).toBe(4);
    const free = join(directory, 'free.yaml');
    const { terms, ...rest } = readYamlFile(path) as { terms: object };
    const monthlyFee = { amount: 0, currency: 'EUR' };
    await writeFile(free, stringify({ ...rest, terms: { ...terms, monthlyFee } }));
    const refused = await ctc(token, 'acsmi', 'contract', 'add', '-f', free);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('terms.monthlyFee.amount: use more than 0');
    expect((await ctc(ana.token, 'acsmi', 'sla', 'shop')).code).toBe(3);

    await registerShop(system.people, [{ version: '1.0.0', like: '1.0.0' }], { p95MaxMs: 2000 });
    const { label } = await request(ana, releaseRequest('1.0.0'));
    await approve(oscar, label);
    await untilChange(ana, label, ({ state }) => state === 'completed');
    const sla = await json<Sla>(ana.token, 'acsmi', 'sla', 'shop');
    expect(sla.verdict).toBe('meets');
    expect(sla.units.length).toBeGreaterThan(1);
    expect(new Set(sla.units.map(({ contract }) => contract))).toEqual(new Set(['CON-1']));
    expect(sla.atDeployment?.promisedPercent).toBe(sla.promisedPercent);
    const shown = await ctc(ana.token, 'acsmi', 'sla', 'shop');
    expect(shown.stdout).toContain('1 − (1 − 99.9 %) × (1 − 99.9 %)');

    const changed = await contractFile({
      title: 'Less than all',
      covers: { datacentres: ['mad'] },
    });
    const change = ['acsmi', 'contract', 'change', 'CON-1', '-f', changed, '-r', 'renegotiated'];
    expect((await ctc(token, ...change)).stdout).toContain('version 2');
    const soon = `${new Date().getUTCFullYear() + 2}-01-01`;
    const end = ['acsmi', 'contract', 'end', 'CON-1', '--on', soon, '-r', 'too dear'];
    expect((await ctc(token, ...end)).stdout).toContain(`until ${soon}`);
    const listed = await ctc(ana.token, 'acsmi', 'contract', 'list', '--state', 'in-force');
    expect(listed.stdout).toMatch(/CON-1 +in-force +iberia-cloud +mad/);
    expect((await ctc(ana.token, 'acsmi', 'contract', 'show', 'CON-1')).stdout).toContain(
      'administrator: renegotiated',
    );
    const settle = ['acsmi', 'contract', 'settle', 'CON-1', '2026-01', '-r', 'credit note 7'];
    expect((await ctc(token, ...settle)).code).toBe(3);
  });

  it('is watched: what stands on a withdrawn offer is proposed to move', async () => {
    const { ana } = system.people;
    const { token } = system.administrator;
    const { running } = await json<{
      running: { placement: { assignments: { offer: string }[] } };
    }>(token, ...['application', 'show', 'shop']);
    const withdrawn = running.placement.assignments[0]?.offer ?? '';
    const removal = join(directory, 'remove-offers.json');
    await writeFile(removal, '{}');
    expect((await ctc(token, 'inventory', 'import', removal)).code).toBe(2);
    await writeFile(removal, JSON.stringify([{ id: withdrawn }]));
    expect((await ctc(token, 'inventory', 'import', removal)).code).toBe(0);
    const proposals = () =>
      json<{ label: string; offer: string; application: string }[]>(
        ana.token,
        ...['acsmi', 'proposals', '--application', 'shop'],
      );
    const [proposal] = await until(async () => {
      const found = await proposals();
      return found.length > 0 && found;
    }, 'the watch proposes something');
    expect(proposal).toMatchObject({ offer: withdrawn, application: 'shop' });
    const alerts = await ctc(ana.token, 'alerts', '--unread');
    expect(alerts.stdout).toContain(`shop stands on ${withdrawn}`);

    const label = proposal?.label ?? '';
    expect((await ctc(ana.token, 'acsmi', 'proposal', label)).stdout).toContain('sold no more');
    const asked = await ctc(ana.token, 'acsmi', 'proposal', label, '--request');
    const file = join(directory, 'change.json');
    await writeFile(file, asked.stdout);
    const requested = await ctc(ana.token, '-o', 'name', 'change', 'request', '-f', file);
    expect(requested, requested.stderr).toMatchObject({ code: 0 });
    expect(requested.stdout).toMatch(/^CHG-\d+\n$/);
  });

  it('comes from the catalogues that are configured, and is found by what is wanted', async () => {
    const { token } = system.administrator;
    expect(await json(token, 'acsmi', 'catalogues')).toEqual([{ name: 'hq', url: server.url }]);
    const tried = await json<object>(token, 'acsmi', 'sync', 'hq', '--dry-run');
    expect(tried).toMatchObject({ imported: false, counts: { offers: { inserted: 2 } } });
    const synchronised = await ctc(token, 'acsmi', 'sync', server.url);
    expect(synchronised).toMatchObject({
      code: 0,
      stdout: 'offers: 2 rows, 2 new, 0 changed\n',
    });
    const elsewhere = await ctc(token, 'acsmi', 'sync', 'http://169.254.169.254/');
    expect(elsewhere.code).toBe(3);
    expect((await ctc(system.people.ana.token, 'acsmi', 'sync', 'hq')).code).toBe(4);
    const found = await json<{ id: string; monthlyPrice: number }[]>(
      token,
      ...['acsmi', 'offers', '--provider', 'lutetia', '--certification', 'HDS'],
      ...['--min-cores', '8', '--jurisdiction', 'FR', '--max-monthly-price', '15'],
    );
    expect(found).toMatchObject([{ id: 'lutetia-large', monthlyPrice: 14.6 }]);
    const wrong = await ctc(token, 'acsmi', 'offers', '--min-security-level', '6');
    expect(wrong.code).toBe(2);
    const page = await ctc(token, 'acsmi', 'offers', '--limit', '1');
    expect(page.stdout).toMatch(/more: --cursor \S+/);
  });
});
