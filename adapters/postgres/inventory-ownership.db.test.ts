import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { badLinesKept } from '../../domain/inventory/ports.ts';
import {
  complaints,
  createTestInventory,
  csv,
  manyRows,
  smallCompany,
  type TestInventory,
} from '../../test/support/inventory-imports.ts';

const customerColumns = 'id,name,country,contract_level';
const dependencyColumns = 'dependent,group,needs,member';
const netbox = { source: 'netbox' } as const;
const keep = { ...netbox, foreignRows: 'keep' } as const;

/** Everything that has a value beside its key, with another value. */
const changed = {
  departments: 'id,name\nweb,Web\nnetwork,Network\n',
  teams: 'id,name,department\nnight-crew,Night,network\n',
  datacentres: smallCompany.datacentres.replace('Paris,FR', 'Paris 2,FR'),
  latencies: 'from_datacentre,to_datacentre,ms\npar,mad,20\n',
  providers: smallCompany.providers.replace('Iberia Cloud', 'Iberia'),
  offers: smallCompany.offers.replace('19.9', '21'),
  solutions: 'id,name,department\nhosting,Hosting,web\n',
  customers: 'id,name,country,contract_level\nacme,Acme,ES,gold\n',
  items: smallCompany.items.replace('Switch 2', 'Core switch'),
  services: 'id,name,solution,customer\nsite-1,acme.test,hosting,acme\n',
  dependencies: smallCompany.dependencies.replace('uplink,1', 'uplink,2'),
};

let inventory: TestInventory;
beforeAll(async () => {
  inventory = await createTestInventory();
});
afterAll(async () => inventory.drop());
beforeEach(async () => {
  await inventory.empty();
  await inventory.run(smallCompany);
});

const differsThere = (what: string, owner = 'manual') =>
  `"${what}" belongs to the source "${owner}" and differs there; change it there, or import with foreign rows kept`;
const sources = async (table: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await inventory.db(table).select('*')).map((row) => [
      String(row.id ?? `${row.dependent} ${row.group_name} ${row.member}`),
      String(row.source),
    ]),
  );
/** The rows of the inventory, without the record of the imports. */
const rows = async () => {
  const { inventory_import, ...all } = await inventory.everything();
  return { all, imports: inventory_import!.length };
};

describe('rows of another source', () => {
  it('are refused where they differ, of every kind, with line and owner', async () => {
    const before = await inventory.everything();
    const report = await inventory.run(changed, netbox);
    expect(complaints(report)).toEqual([
      `departments 2: ${differsThere('web')}`,
      `teams 2: ${differsThere('night-crew')}`,
      `datacentres 3: ${differsThere('par')}`,
      `latencies 2: ${differsThere('par to mad')}`,
      `providers 2: ${differsThere('iberia')}`,
      `offers 2: ${differsThere('mad-small')}`,
      `solutions 2: ${differsThere('hosting')}`,
      `customers 2: ${differsThere('acme')}`,
      `items 3: ${differsThere('sw-2')}`,
      `services 2: ${differsThere('site-1')}`,
      `dependencies 2: ${differsThere('hv-1')}`,
    ]);
    expect(report).toMatchObject({ imported: false, badLineCount: 11 });
    expect(await inventory.everything()).toEqual(before);
  });

  it('are kept as they are when that is wanted, and counted', async () => {
    const before = await rows();
    const report = await inventory.run(changed, keep);
    expect(report.imported).toBe(true);
    for (const [kind, counts] of Object.entries(report.counts)) {
      // Both rows of the dependent's group are left alone.
      const kept = kind === 'dependencies' ? 2 : 1;
      expect({ kind, ...counts }).toMatchObject({
        kind,
        inserted: 0,
        updated: 0,
        removed: 0,
        kept,
      });
    }
    expect(await rows()).toEqual({ all: before.all, imports: 2 });
  });

  it('are no conflict where they are identical, and stay with their owner', async () => {
    const before = await rows();
    const report = await inventory.run(smallCompany, netbox);
    expect(complaints(report)).toEqual([]);
    for (const counts of Object.values(report.counts)) {
      expect(counts).toMatchObject({ inserted: 0, updated: 0, removed: 0, kept: 0 });
    }
    expect(await rows()).toEqual({ all: before.all, imports: 2 });
  });

  it('stand beside those of the import, each with its own source', async () => {
    const report = await inventory.run(
      {
        customers: csv(customerColumns, 'acme,Acme,ES,gold', 'zeta,Zeta,FR,basic'),
        dependencies: csv(
          dependencyColumns,
          'site-1,host,1,sw-1',
          'sw-1,power,1,sw-2',
          'hv-1,uplink,1,sw-1',
          'hv-1,uplink,1,sw-2',
        ),
      },
      keep,
    );
    expect(report.counts).toMatchObject({
      customers: { rows: 2, inserted: 1, kept: 1 },
      dependencies: { rows: 4, inserted: 1, kept: 1 },
    });
    expect(await sources('customer')).toEqual({ acme: 'manual', zeta: 'netbox' });
    expect(await sources('requirement')).toEqual({
      'hv-1 uplink sw-1': 'manual',
      'hv-1 uplink sw-2': 'manual',
      'site-1 host hv-1': 'manual',
      'sw-1 power sw-2': 'netbox',
    });
  });

  it('are changed by their owner while the other source comes and goes', async () => {
    await inventory.run({ customers: csv(customerColumns, 'zeta,Zeta,FR,basic') }, netbox);
    expect(
      complaints(await inventory.run({ customers: csv(customerColumns, 'zeta,Zed,FR,basic') })),
    ).toEqual([`customers 2: ${differsThere('zeta', 'netbox')}`]);
    const report = await inventory.run(
      { customers: csv(customerColumns, 'zeta,Zed,FR,basic') },
      netbox,
    );
    expect(report.counts.customers).toMatchObject({ updated: 1, kept: 0 });
    const mine = await inventory.run({ customers: csv(customerColumns, 'acme,Acme,ES,gold') });
    expect(mine.counts.customers).toMatchObject({ updated: 1 });
  });

  it.each([
    ['lacks a member', ['hv-1,uplink,1,sw-1']],
    ['has a member more', ['hv-1,uplink,1,sw-1', 'hv-1,uplink,1,sw-2', 'hv-1,uplink,1,site-1']],
    ['has a group more', ['hv-1,uplink,1,sw-1', 'hv-1,uplink,1,sw-2', 'hv-1,power,1,sw-1']],
    ['has another name', ['hv-1,up,1,sw-1', 'hv-1,up,1,sw-2']],
    ['needs another number', ['hv-1,uplink,2,sw-1', 'hv-1,uplink,2,sw-2']],
    ['needs every member', ['hv-1,uplink,,sw-1', 'hv-1,uplink,,sw-2']],
  ])('own all groups of a dependent: a group that %s', async (_, groups) => {
    const dependencies = csv(dependencyColumns, 'sw-1,power,1,sw-2', ...groups);
    const before = await inventory.everything();
    expect(complaints(await inventory.run({ dependencies }, netbox))).toEqual([
      `dependencies 3: ${differsThere('hv-1')}`,
    ]);
    expect(await inventory.everything()).toEqual(before);
    const report = await inventory.run({ dependencies }, keep);
    expect(report.counts.dependencies).toMatchObject({
      inserted: 1,
      removed: 0,
      kept: groups.length,
    });
    expect(await sources('requirement')).toMatchObject({
      'hv-1 uplink sw-1': 'manual',
      'hv-1 uplink sw-2': 'manual',
    });
  });

  it('cannot be removed by name', async () => {
    const before = await inventory.everything();
    const report = await inventory.run(
      {
        'remove-offers': csv('id', 'mad-small'),
        'remove-latencies': csv('from_datacentre,to_datacentre', 'mad,par'),
        'remove-dependencies': csv('dependent', 'hv-1'),
      },
      keep,
    );
    expect(complaints(report)).toEqual([
      'latencies 2: "mad par" belongs to the source "manual"; remove it there',
      'offers 2: "mad-small" belongs to the source "manual"; remove it there',
      'dependencies 2: "hv-1" belongs to the source "manual"; remove it there',
    ]);
    expect(await inventory.everything()).toEqual(before);
  });

  it('do not go with a complete file that lacks them, nor with one that has others kept', async () => {
    await inventory.run(
      { customers: csv(customerColumns, 'zeta,Zeta,FR,basic', 'eta,Eta,FR,basic') },
      netbox,
    );
    const report = await inventory.run(
      { customers: csv(customerColumns, 'eta,Eta,FR,basic', 'acme,Acme,ES,gold') },
      { ...keep, complete: true },
    );
    expect(report.counts.customers).toMatchObject({ removed: 1, kept: 1, updated: 0 });
    expect(await sources('customer')).toEqual({ acme: 'manual', eta: 'netbox' });
  });

  it('hold the rows they refer to', async () => {
    await inventory.run({ departments: csv('id,name', 'mail,Mail') }, netbox);
    await inventory.run({ teams: csv('id,name,department', 'mail-crew,Mail crew,mail') });
    const report = await inventory.run(
      { departments: csv('id,name') },
      { ...netbox, complete: true },
    );
    expect(complaints(report)).toEqual([
      'departments 0: not in the complete file any more: "mail" still has the team "mail-crew"; remove its teams first',
    ]);
  });

  it('go with the node of another source that they are the groups of', async () => {
    await inventory.run(
      { items: csv('id,kind,name,datacentre,department', 'nb-1,server,Server,mad,web') },
      netbox,
    );
    await inventory.run({ dependencies: csv(dependencyColumns, 'nb-1,uplink,1,sw-1') });
    const report = await inventory.run({ 'remove-items': csv('id', 'nb-1') }, netbox);
    expect(report.counts).toMatchObject({ items: { removed: 1 }, dependencies: { removed: 1 } });
  });

  it('can be named by new rows of this source', async () => {
    const report = await inventory.run(
      {
        items: csv('id,kind,name,datacentre,department', 'nb-1,server,Server,mad,web'),
        dependencies: csv(dependencyColumns, 'nb-1,uplink,1,sw-1'),
      },
      netbox,
    );
    expect(report.counts).toMatchObject({ items: { inserted: 1 }, dependencies: { inserted: 1 } });
  });

  it('are counted all and named in part when there are very many', async () => {
    const header = customerColumns;
    await inventory.run({ customers: manyRows(header, 3000, (i) => `c-${i},Old,ES,gold`) });
    const files = () => ({ customers: manyRows(header, 3000, (i) => `c-${i},New,ES,gold`) });
    const refused = await inventory.run(files(), netbox);
    expect(refused.badLineCount).toBe(3000);
    expect(refused.badLines).toHaveLength(badLinesKept);
    expect((await inventory.run(files(), keep)).counts.customers).toMatchObject({ kept: 3000 });
  });
});
