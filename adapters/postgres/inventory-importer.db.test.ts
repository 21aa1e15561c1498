import { Readable } from 'node:stream';
import type { Knex } from 'knex';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isDomainError } from '../../domain/errors.ts';
import type { InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import { badLinesKept, type InventoryPart } from '../../domain/inventory/ports.ts';
import { createTestDatabase } from '../../test/support/postgres.ts';
import { createDatabase } from './database.ts';
import { createInventoryImporter } from './inventory-importer.ts';

const datacentreColumns = 'id,name,country,time_zone,driver,availability_percent,user_latency_ms';
const offerColumns = 'id,datacentre,cores,memory_mb,storage_gb,monthly_price,currency,available';

/** A small company; each test changes one thing. */
const company = {
  departments: 'id,name\nweb,Web platform\nnetwork,Network\n',
  teams: 'id,name,department\nnight-crew,Night crew,network\n',
  datacentres:
    `${datacentreColumns}\nmad,Madrid,ES,Europe/Madrid,local,99.5,10\n` +
    'par,Paris,FR,Europe/Paris,local,99.5,12\n',
  latencies: 'from_datacentre,to_datacentre,ms\nmad,par,18.5\n',
  providers: 'id,name,jurisdiction,financial_risk,technological_risk\niberia,Iberia Cloud,ES,1,2\n',
  offers: `${offerColumns}\nmad-small,mad,2,4096,50,19.9,EUR,10\n`,
  solutions: 'id,name,department\nhosting,Web hosting,web\n',
  customers: 'id,name,country,contract_level\nacme,"Acme, S.L.",ES,gold\n',
  items:
    'id,kind,name,datacentre,department\nsw-1,switch,Switch 1,mad,network\n' +
    'sw-2,switch,Switch 2,mad,network\nhv-1,hypervisor,Hypervisor 1,mad,web\n',
  services: 'id,name,solution,customer\nsite-1,acme.example,hosting,acme\n',
  dependencies:
    'dependent,group,needs,member\nhv-1,uplink,1,sw-1\nhv-1,uplink,,sw-2\nsite-1,host,,hv-1\n',
} satisfies Record<InventoryKind, string>;

const tables = [
  'inventory_import',
  'inventory_history',
  'requirement',
  'node',
  'customer',
  'solution',
  'offer',
  'provider',
  'datacentre_latency',
  'datacentre',
  'team',
  'department',
] as const;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Knex;
beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase({ url: database.url, poolMax: 4 });
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});
beforeEach(async () => {
  await db.raw(`truncate ${tables.join(', ')} cascade`);
});

async function* partsOf(
  files: Partial<Record<InventoryKind, string | Uint8Array | Readable>>,
): AsyncGenerator<InventoryPart> {
  for (const [kind, file] of Object.entries(files)) {
    const stream = file instanceof Readable ? file : Readable.from([Buffer.from(file)]);
    yield await Promise.resolve({ kind: kind as InventoryKind, format: 'csv', stream });
  }
}

const run = (files: Parameters<typeof partsOf>[0], options: { dryRun?: boolean } = {}) =>
  createInventoryImporter(db).import(partsOf(files), { importedBy: 'ana', ...options });

async function storedRows(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of tables) {
    const [row] = await db(table).count<{ count: number }[]>('* as count');
    if (row!.count > 0) counts[table] = row!.count;
  }
  return counts;
}

const lines = (report: Awaited<ReturnType<typeof run>>) =>
  report.badLines.map(({ kind, line, column, message }) => `${kind} ${line} ${column}: ${message}`);

describe('importing an inventory', () => {
  it('stores every kind, both directions of a latency, and a record of the import', async () => {
    const report = await run(company);
    expect(report).toMatchObject({ imported: true, badLineCount: 0, badLines: [] });
    expect(report.counts.items).toEqual({ rows: 3, inserted: 3, updated: 0, removed: 0, kept: 0 });
    expect(report.counts.latencies).toEqual({
      rows: 1,
      inserted: 1,
      updated: 0,
      removed: 0,
      kept: 0,
    });
    expect(await storedRows()).toEqual({
      department: 2,
      team: 1,
      datacentre: 2,
      datacentre_latency: 2,
      offer: 1,
      provider: 1,
      solution: 1,
      customer: 1,
      node: 4,
      requirement: 3,
      inventory_import: 1,
    });
    expect(await db('customer').first('name')).toEqual({ name: 'Acme, S.L.' });
    expect(
      await db('requirement').distinct().orderBy('dependent').select('dependent', 'needs'),
    ).toEqual([
      { dependent: 'hv-1', needs: 1 },
      { dependent: 'site-1', needs: 1 },
    ]);
    const record = await db('inventory_import').first();
    expect(record).toMatchObject({ imported_by: 'ana', version: report.version });
    expect(record.counts).toEqual(report.counts);
  });

  it('changes nothing when the same files are imported again, but counts as a new version', async () => {
    const first = await run(company);
    const before = await db.raw('select xmin::text, * from node order by id');
    const second = await run(company);
    expect(second.version).toBeGreaterThan(first.version!);
    for (const counts of Object.values(second.counts)) {
      expect(counts).toMatchObject({ inserted: 0, updated: 0, removed: 0, kept: 0 });
    }
    expect((await db.raw('select xmin::text, * from node order by id')).rows).toEqual(before.rows);
  });

  it('takes a needs left empty as every member of the group', async () => {
    await run({
      ...company,
      dependencies: 'dependent,group,needs,member\nhv-1,g,,sw-1\nhv-1,g,,sw-2\n',
    });
    expect(await db('requirement').first('needs')).toEqual({ needs: 2 });
  });

  it('updates what differs and replaces the groups of a dependent in the file, of no other', async () => {
    await run(company);
    const report = await run({
      customers: 'id,name,country,contract_level\nacme,Acme,ES,gold\nzeta,Zeta,FR,basic\n',
      dependencies: 'dependent,group,needs,member\nhv-1,uplink,1,sw-2\nhv-1,peer,1,sw-1\n',
    });
    expect(report.counts).toEqual({
      customers: { rows: 2, inserted: 1, updated: 1, removed: 0, kept: 0 },
      dependencies: { rows: 2, inserted: 1, updated: 0, removed: 1, kept: 0 },
    });
    const members = await db('requirement')
      .orderBy(['dependent', 'group_name'])
      .select('dependent', 'group_name', 'member');
    expect(members).toEqual([
      { dependent: 'hv-1', group_name: 'peer', member: 'sw-1' },
      { dependent: 'hv-1', group_name: 'uplink', member: 'sw-2' },
      { dependent: 'site-1', group_name: 'host', member: 'hv-1' },
    ]);
  });

  it('stores only what each of many small imports changes, and counts it', async () => {
    await run(company);
    const stored = async () =>
      db('node')
        .orderBy('id')
        .select<{ id: string; since: number; written: string }[]>(
          'id',
          'since',
          db.raw('xmin::text as written'),
        );
    const before = await stored();
    const report = await run({
      items: `${company.items.replace('Switch 2', 'Core switch')}sw-3,switch,Switch 3,mad,network\n`,
    });
    expect(report.counts.items).toEqual({ rows: 4, inserted: 1, updated: 1, removed: 0, kept: 0 });
    const after = await stored();
    expect(after.filter(({ since }) => since === report.version)).toHaveLength(2);
    for (const id of ['hv-1', 'site-1', 'sw-1']) {
      const row = (rows: { id: string }[]) => rows.find((each) => each.id === id);
      expect(row(after)).toEqual(row(before));
    }
  });

  it('keeps the numbers of nodes and customers when they change', async () => {
    await run(company);
    const numbers = async () => [
      await db('node').orderBy('id').select('id', 'nr'),
      await db('customer').orderBy('id').select('id', 'nr'),
    ];
    const before = await numbers();
    await run({
      items: company.items.replaceAll('mad', 'par'),
      services: 'id,name,solution,customer\nsite-1,other.example,hosting,acme\n',
      customers: company.customers.replace('gold', 'basic'),
    });
    expect(await numbers()).toEqual(before);
  });

  it('changes a latency given the other way round, in both directions', async () => {
    await run(company);
    const report = await run({ latencies: 'from_datacentre,to_datacentre,ms\npar,mad,20\n' });
    expect(report.counts.latencies).toMatchObject({ rows: 1, inserted: 0, updated: 1 });
    expect(await db('datacentre_latency').pluck('ms')).toEqual([20, 20]);
  });

  it('changes the needs of a group, with its members as they are', async () => {
    await run(company);
    const report = await run({
      dependencies: 'dependent,group,needs,member\nhv-1,uplink,,sw-1\nhv-1,uplink,,sw-2\n',
    });
    expect(report.counts.dependencies).toMatchObject({ inserted: 0, updated: 2, removed: 0 });
    expect(await db('requirement').where({ dependent: 'hv-1' }).pluck('needs')).toEqual([2, 2]);
  });

  it('reports what a dry run would do and stores nothing', async () => {
    const report = await run(company, { dryRun: true });
    expect(report).toMatchObject({ imported: false, badLineCount: 0 });
    expect(report.version).toBeUndefined();
    expect(report.counts.services).toEqual({
      rows: 1,
      inserted: 1,
      updated: 0,
      removed: 0,
      kept: 0,
    });
    expect(await storedRows()).toEqual({});
  });

  it('stores nothing when one line among many is bad', async () => {
    const customers = Array.from({ length: 5000 }, (_, i) => `c-${i},Customer ${i},ES,gold\n`);
    customers[4321] = 'c-4321,Customer,Spain,gold\n';
    const report = await run({
      departments: company.departments,
      customers: `id,name,country,contract_level\n${customers.join('')}`,
    });
    expect(report).toMatchObject({ imported: false, badLineCount: 1 });
    expect(lines(report)).toEqual([
      expect.stringMatching(/^customers 4323 country: "Spain": use the two-letter country code/),
    ]);
    expect(await storedRows()).toEqual({});
  });

  it.each<[string, Partial<Record<InventoryKind, string>>, string]>([
    [
      'an id given twice, with both lines',
      { departments: `${company.departments}web,Web again\n` },
      'departments 4 id: "web" stands in line 2 already; keep one of the two',
    ],
    [
      'an item in an unknown datacentre',
      { items: `${company.items}hv-9,hypervisor,H,bcn,web\n` },
      'items 5 datacentre: there is no datacentre "bcn"; correct the id, or add it to datacentres',
    ],
    [
      'an item of an unknown department',
      { items: `${company.items}hv-9,hypervisor,H,mad,mail\n` },
      'items 5 department: there is no department "mail"; correct the id, or add it to departments',
    ],
    [
      'a service of an unknown solution',
      { services: `${company.services}s-2,S,mailbox,acme\n` },
      'services 3 solution: there is no solution "mailbox"; correct the id, or add it to solutions',
    ],
    [
      'a service of an unknown customer',
      { services: `${company.services}s-2,S,hosting,zeta\n` },
      'services 3 customer: there is no customer "zeta"; correct the id, or add it to customers',
    ],
    [
      'an offer in an unknown datacentre',
      { offers: `${company.offers}x,bcn,2,4096,50,19.9,EUR,10\n` },
      'offers 3 datacentre: there is no datacentre "bcn"; correct the id, or add it to datacentres',
    ],
    [
      'a latency to an unknown datacentre',
      { latencies: `${company.latencies}mad,bcn,9\n` },
      'latencies 3 to_datacentre: there is no datacentre "bcn"; correct the id, or add it to datacentres',
    ],
    [
      'a latency that contradicts the other direction',
      { latencies: `${company.latencies}par,mad,20\n` },
      'latencies 3 ms: the latency between "par" and "mad" stands in line 2 already as 18.5 ms; keep one of the two',
    ],
    [
      'a member that is no node',
      { dependencies: `${company.dependencies}site-1,net,,sw-9\n` },
      'dependencies 5 member: there is no item or service "sw-9"; correct the id, or add it to items or services',
    ],
    [
      'a dependent that is no node',
      { dependencies: `${company.dependencies}site-9,net,,sw-1\n` },
      'dependencies 5 dependent: there is no item or service "site-9"; correct the id, or add it to items or services',
    ],
    [
      'a group that needs more members than it has',
      { dependencies: `${company.dependencies}site-1,net,3,sw-1\nsite-1,net,3,sw-2\n` },
      'dependencies 5 needs: group "net" of "site-1" needs 3 of its 2 members; add members or lower needs',
    ],
    [
      'a group with two numbers of needs',
      { dependencies: `${company.dependencies}site-1,net,1,sw-1\nsite-1,net,2,sw-2\n` },
      'dependencies 6 needs: group "net" of "site-1" needs 2 here and 1 in line 5; give the whole group one number',
    ],
    [
      'a member given twice',
      { dependencies: `${company.dependencies}site-1,host,,hv-1\n` },
      'dependencies 5 member: "site-1 host hv-1" stands in line 4 already; keep one of the two',
    ],
    [
      'a node that needs itself',
      { dependencies: `${company.dependencies}site-1,net,,site-1\n` },
      'dependencies 5 member: "site-1": depends on itself; name what it really needs, or leave the line out',
    ],
    [
      'an id of both an item and a service',
      { services: `${company.services}sw-1,S,hosting,acme\n` },
      'services 3 id: "sw-1" is the id of an item too (items, line 2); give one of them another id',
    ],
    [
      'an empty file',
      { customers: '' },
      'customers 1 undefined: the file is empty; leave it out of the import, or fill it',
    ],
    [
      'a missing column',
      { customers: 'id,name,country\nacme,Acme,ES\n' },
      'customers 1 contract_level: column "contract_level" is missing; the columns of customers are id, name, country, contract_level',
    ],
  ])('refuses %s, with its line, and stores nothing', async (_, change, expected) => {
    const report = await run({ ...company, ...change });
    expect(lines(report)).toEqual([expected]);
    expect(report).toMatchObject({ imported: false, badLineCount: 1 });
    expect(await storedRows()).toEqual({});
  });

  it('reports broken UTF-8 by line', async () => {
    const customers = Buffer.from(`${company.customers}beta,Espa\xf1a,ES,gold\n`, 'latin1');
    const report = await run({ ...company, customers });
    expect(lines(report)).toEqual([
      'customers 3 undefined: is not valid UTF-8; save the file as UTF-8 and import it again',
    ]);
    expect(await storedRows()).toEqual({});
  });

  it('refuses an id that is already stored as the other type of node', async () => {
    await run(company);
    const report = await run({
      items: 'id,kind,name,datacentre,department\nsite-1,server,S,mad,web\n',
      services: 'id,name,solution,customer\nsw-1,S,hosting,acme\n',
    });
    expect(lines(report)).toEqual([
      'items 2 id: "site-1" is already the id of a service; give the item another id',
      'services 2 id: "sw-1" is already the id of an item; give the service another id',
    ]);
  });

  it('accepts the opposite direction of a latency with the same figure', async () => {
    const report = await run({ ...company, latencies: `${company.latencies}par,mad,18.5\n` });
    expect(report.imported).toBe(true);
    expect(report.counts.latencies).toMatchObject({ rows: 2, inserted: 1 });
  });

  it('keeps the first complaints of very many and counts them all', async () => {
    const services = Array.from({ length: 3000 }, (_, i) => `s-${i},S,hosting,nobody\n`);
    const report = await run({
      ...company,
      services: `id,name,solution,customer\nsite-1,S,hosting,acme\n${services.join('')}`,
    });
    expect(report.badLineCount).toBe(3000);
    expect(report.badLines).toHaveLength(badLinesKept);
    expect(report.badLines[0]).toMatchObject({ kind: 'services', line: 3, column: 'customer' });
  });

  it('refuses an import without a file, and two files of one kind', async () => {
    await expect(run({})).rejects.toSatisfy(
      (error) => isDomainError(error) && error.code === 'inventory-import-empty',
    );
    async function* twice() {
      yield* partsOf({ departments: company.departments });
      yield* partsOf({ departments: company.departments });
    }
    await expect(
      createInventoryImporter(db).import(twice(), { importedBy: 'ana' }),
    ).rejects.toSatisfy(
      (error) => isDomainError(error) && /two files of departments/.test(error.message),
    );
    expect(await storedRows()).toEqual({});
  });

  it('stores nothing when a stream breaks off, and the pool stays usable', async () => {
    const broken = () =>
      Readable.from(
        (async function* () {
          yield await Promise.resolve(Buffer.from(company.customers));
          throw new Error('connection reset');
        })(),
      );
    for (let i = 0; i < 6; i += 1) {
      await expect(run({ departments: company.departments, customers: broken() })).rejects.toThrow(
        'connection reset',
      );
    }
    expect(await storedRows()).toEqual({});
    expect((await run(company)).imported).toBe(true);
  });

  it('lets imports at the same time follow each other', async () => {
    const reports = await Promise.all([run(company), run(company), run(company)]);
    expect(reports.every(({ imported }) => imported)).toBe(true);
    expect(new Set(reports.map(({ version }) => version)).size).toBe(3);
    const inserted = reports.map(({ counts }) => counts.items!.inserted);
    expect(inserted.sort()).toEqual([0, 0, 3]);
  });

  it('imports a hundred thousand services with their dependencies', async () => {
    const count = 100_000;
    function* services() {
      yield 'id,name,solution,customer\n';
      for (let i = 0; i < count; i += 1) yield `s-${i},"Site, no ${i}",hosting,acme\n`;
    }
    function* dependencies() {
      yield 'dependent,group,needs,member\n';
      for (let i = 0; i < count; i += 1) yield `s-${i},host,1,hv-1\ns-${i},host,1,sw-1\n`;
    }
    const chunked = (rows: Iterable<string>) =>
      Readable.from(
        (function* () {
          let text = '';
          for (const row of rows) {
            text += row;
            if (text.length < 65_536) continue;
            yield Buffer.from(text);
            text = '';
          }
          yield Buffer.from(text);
        })(),
      );
    const report = await run({
      ...company,
      services: chunked(services()),
      dependencies: chunked(dependencies()),
    });
    expect(report).toMatchObject({ imported: true, badLineCount: 0 });
    expect(report.counts.services).toMatchObject({ rows: count, inserted: count });
    expect(await storedRows()).toMatchObject({
      node: count + 3,
      requirement: 2 * count,
    });
  }, 120_000);
});
