import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { badLinesKept } from '../../domain/inventory/ports.ts';
import {
  complaints,
  createTestInventory,
  csv,
  manyRows,
  smallCompany,
  type InventoryFiles,
  type TestInventory,
} from '../../test/support/inventory-imports.ts';

const itemColumns = 'id,kind,name,datacentre,department';
const customerColumns = 'id,name,country,contract_level';
const dependencyColumns = 'dependent,group,needs,member';
const removed = (count: number) => ({ rows: count, inserted: 0, updated: 0, removed: count });

let inventory: TestInventory;
beforeAll(async () => {
  inventory = await createTestInventory();
});
afterAll(async () => inventory.drop());
beforeEach(async () => {
  await inventory.empty();
  await inventory.run(smallCompany);
});

const ids = async (table: string): Promise<string[]> =>
  inventory.db(table).orderBy('id').pluck('id');
const needs = async (): Promise<string[]> => {
  const rows = await inventory
    .db('requirement')
    .orderBy(['dependent', 'group_name', 'member'])
    .select('dependent', 'group_name', 'member');
  return rows.map(({ dependent, group_name, member }) => `${dependent} ${group_name} ${member}`);
};

describe('removing by a file of keys', () => {
  it('removes what is named and nothing else', async () => {
    const report = await inventory.run({
      'remove-offers': csv('id', 'mad-small'),
      'remove-latencies': csv('from_datacentre,to_datacentre', 'par,mad'),
      'remove-teams': csv('id', 'night-crew'),
    });
    expect(report.counts).toMatchObject({
      offers: removed(1),
      latencies: removed(1),
      teams: removed(1),
    });
    expect(await ids('offer')).toEqual([]);
    expect(await ids('team')).toEqual([]);
    expect(await inventory.db('datacentre_latency').select()).toEqual([]);
    expect(await ids('datacentre')).toEqual(['mad', 'par']);
  });

  it('takes the key columns only', async () => {
    const report = await inventory.run({ 'remove-teams': csv('id,name', 'night-crew,Night crew') });
    expect(complaints(report)).toEqual([
      'teams 1 name: unknown column "name"; the columns of teams are id',
    ]);
    expect(await ids('team')).toEqual(['night-crew']);
  });

  it('takes NDJSON as well', async () => {
    const report = await inventory.run(
      { 'remove-teams': '{"id":"night-crew"}\n' },
      { format: 'ndjson' },
    );
    expect(report.counts.teams).toMatchObject(removed(1));
  });

  it('complains about an id that is not there, also when it is of another kind of node', async () => {
    const before = await inventory.everything();
    const report = await inventory.run({
      'remove-items': csv('id', 'hv-9', 'site-1'),
      'remove-services': csv('id', 'sw-1'),
      'remove-dependencies': csv('dependent', 'sw-1'),
      'remove-latencies': csv('from_datacentre,to_datacentre', 'mad,bcn'),
    });
    expect(complaints(report)).toEqual([
      'latencies 2: there is no "mad bcn" to remove',
      'items 2: there is no "hv-9" to remove',
      'items 3: there is no "site-1" to remove',
      'services 2: there is no "sw-1" to remove',
      'dependencies 2: there is no "sw-1" to remove',
    ]);
    expect(report).toMatchObject({ imported: false, badLineCount: 5 });
    expect(await inventory.everything()).toEqual(before);
  });

  it.each<[string, InventoryFiles, string]>([
    [
      'a row',
      { teams: smallCompany.teams, 'remove-teams': csv('id', 'night-crew') },
      'teams 2: "night-crew" stands in the same import, line 2; keep one of the two',
    ],
    [
      'a latency, given the other way round',
      {
        latencies: csv('from_datacentre,to_datacentre,ms', 'mad,par,99'),
        'remove-latencies': csv('from_datacentre,to_datacentre', 'par,mad'),
      },
      'latencies 2: "par mad" stands in the same import, line 2; keep one of the two',
    ],
    [
      'the groups of a dependent',
      {
        dependencies: smallCompany.dependencies,
        'remove-dependencies': csv('dependent', 'hv-1'),
      },
      'dependencies 2: "hv-1" stands in the same import, line 2; keep one of the two',
    ],
    [
      'a node, given new groups',
      {
        dependencies: csv(dependencyColumns, 'site-1,host,1,sw-1'),
        'remove-services': csv('id', 'site-1'),
      },
      'dependencies 2 dependent: "site-1" is removed by the same import; leave out its dependencies, or keep it',
    ],
  ])('refuses to remove and import at once: %s', async (_, files, expected) => {
    const before = await inventory.everything();
    expect(complaints(await inventory.run(files))).toEqual([expected]);
    expect(await inventory.everything()).toEqual(before);
  });

  it.each<[string, InventoryFiles, string]>([
    [
      'a customer with a service',
      { 'remove-customers': csv('id', 'acme') },
      'customers 2: "acme" still has the service "site-1"; remove its services first',
    ],
    [
      'a solution with a service',
      { 'remove-solutions': csv('id', 'hosting') },
      'solutions 2: "hosting" still has the service "site-1"; remove its services first',
    ],
    [
      'an item that something needs',
      { 'remove-items': csv('id', 'sw-2') },
      'items 2: "sw-2" is still needed by "hv-1"; change that first',
    ],
    [
      'an item that the same import makes needed',
      {
        items: csv(itemColumns, 'sw-3,switch,Switch 3,mad,network'),
        dependencies: csv(dependencyColumns, 'sw-3,up,1,sw-2', 'hv-1,uplink,1,sw-1'),
        'remove-items': csv('id', 'sw-2'),
      },
      'items 2: "sw-2" is still needed by "sw-3"; change that first',
    ],
  ])('refuses %s', async (_, files, expected) => {
    const before = await inventory.everything();
    const report = await inventory.run(files);
    expect(complaints(report)).toEqual([expected]);
    expect(report).toMatchObject({ imported: false, badLineCount: 1 });
    expect(await inventory.everything()).toEqual(before);
  });

  it('refuses a datacentre and a department with everything they still have', async () => {
    const report = await inventory.run({
      'remove-datacentres': csv('id', 'mad'),
      'remove-departments': csv('id', 'network', 'web'),
    });
    expect(complaints(report)).toEqual([
      'departments 2: "network" still has the item "sw-1"; remove its items first',
      'departments 2: "network" still has the team "night-crew"; remove its teams first',
      'departments 3: "web" still has the item "hv-1"; remove its items first',
      'departments 3: "web" still has the solution "hosting"; remove its solutions first',
      'datacentres 2: "mad" still has the item "hv-1"; remove its items first',
      'datacentres 2: "mad" still has the offer "mad-small"; remove its offers first',
      'datacentres 2: "mad" still has the latency to "par"; remove its latencies first',
    ]);
  });

  it('says of a service that is kept only that, not that its customer still has it', async () => {
    await inventory.run({ dependencies: csv(dependencyColumns, 'hv-1,odd,1,site-1') });
    const report = await inventory.run({
      'remove-customers': csv('id', 'acme'),
      'remove-services': csv('id', 'site-1'),
    });
    expect(complaints(report)).toEqual([
      'services 2: "site-1" is still needed by "hv-1"; change that first',
    ]);
  });

  it('removes everything at once, whatever refers to what', async () => {
    const report = await inventory.run({
      'remove-departments': csv('id', 'web', 'network'),
      'remove-teams': csv('id', 'night-crew'),
      'remove-datacentres': csv('id', 'mad', 'par'),
      'remove-latencies': csv('from_datacentre,to_datacentre', 'mad,par'),
      'remove-providers': csv('id', 'iberia'),
      'remove-offers': csv('id', 'mad-small'),
      'remove-solutions': csv('id', 'hosting'),
      'remove-customers': csv('id', 'acme'),
      'remove-items': csv('id', 'sw-1', 'sw-2', 'hv-1'),
      'remove-services': csv('id', 'site-1'),
      'remove-dependencies': csv('dependent', 'hv-1'),
    });
    expect(complaints(report)).toEqual([]);
    const { inventory_import, inventory_history, ...rest } = await inventory.everything();
    expect(Object.values(rest).flat()).toEqual([]);
    expect(inventory_import).toHaveLength(2);
    // Both directions of the latency.
    expect(inventory_history).toHaveLength(2 + 1 + 2 + 2 + 1 + 1 + 1 + 1 + 4 + 3);
    expect(report.counts.latencies).toMatchObject(removed(1));
    // One row was named with its dependent, the others went with their nodes.
    expect(report.counts.dependencies).toMatchObject({ rows: 1, removed: 3 });
  });

  it('removes items that need each other together', async () => {
    await inventory.run({
      items: csv(
        itemColumns,
        ...['a', 'b', 'c'].map((id) => `${id},switch,Switch ${id},mad,network`),
      ),
      dependencies: csv(dependencyColumns, 'a,peer,1,b', 'b,peer,1,c', 'c,peer,1,a'),
    });
    const alone = await inventory.run({ 'remove-items': csv('id', 'a', 'b') });
    expect(complaints(alone)).toEqual(['items 2: "a" is still needed by "c"; change that first']);
    const together = await inventory.run({ 'remove-items': csv('id', 'a', 'b', 'c') });
    expect(together.counts).toMatchObject({ items: removed(3), dependencies: { removed: 3 } });
    expect(await ids('item')).toEqual(['hv-1', 'sw-1', 'sw-2']);
  });

  it('lets an item go whose last dependent gets other groups in the same import', async () => {
    const report = await inventory.run({
      dependencies: csv(dependencyColumns, 'hv-1,uplink,1,sw-1'),
      'remove-items': csv('id', 'sw-2'),
    });
    expect(report.imported).toBe(true);
    expect(await needs()).toEqual(['hv-1 uplink sw-1', 'site-1 host hv-1']);
  });

  it('takes all groups of a dependent, and those of a removed node with it', async () => {
    await inventory.run({
      dependencies: csv(dependencyColumns, 'hv-1,uplink,1,sw-1', 'hv-1,power,1,sw-2'),
    });
    const report = await inventory.run({ 'remove-dependencies': csv('dependent', 'hv-1') });
    expect(report.counts.dependencies).toEqual({ ...removed(2), rows: 1, kept: 0 });
    expect(await needs()).toEqual(['site-1 host hv-1']);
    const service = await inventory.run({ 'remove-services': csv('id', 'site-1') });
    expect(service.counts).toMatchObject({ services: removed(1), dependencies: { removed: 1 } });
    expect(await needs()).toEqual([]);
  });

  it('removes a key that is named twice once, however a pair of sites is turned', async () => {
    const report = await inventory.run({
      'remove-latencies': csv('from_datacentre,to_datacentre', 'mad,par', 'par,mad'),
      'remove-teams': csv('id', 'night-crew', 'night-crew'),
    });
    expect(report.counts.latencies).toMatchObject({ rows: 2, removed: 1 });
    expect(report.counts.teams).toMatchObject({ rows: 2, removed: 1 });
  });

  it('lets a removed id come back, of another kind too, with a number of its own', async () => {
    const before = await inventory.db('node').where({ id: 'site-1' }).first('nr');
    await inventory.run({ 'remove-services': csv('id', 'site-1') });
    const report = await inventory.run({ items: csv(itemColumns, 'site-1,switch,S,mad,web') });
    expect(report.counts.items).toMatchObject({ inserted: 1 });
    const after = await inventory.db('node').where({ id: 'site-1' }).first('nr');
    expect(after.nr).toBeGreaterThan(before.nr);
  });

  it('says what a dry run would remove and removes nothing', async () => {
    const before = await inventory.everything();
    const report = await inventory.run(
      { 'remove-services': csv('id', 'site-1') },
      { dryRun: true },
    );
    expect(report).toMatchObject({
      imported: false,
      counts: { services: removed(1), dependencies: { removed: 1 } },
    });
    expect(await inventory.everything()).toEqual(before);
  });

  it('counts all complaints and names the first', async () => {
    const switches = manyRows(itemColumns, 3000, (i) => `x-${i},switch,X,mad,web`);
    const groups = manyRows(dependencyColumns, 3000, (i) => `hv-1,g-${i},1,x-${i}`);
    await inventory.run({ items: switches, dependencies: groups });
    const report = await inventory.run(
      { 'remove-items': manyRows('id', 3000, (i) => `x-${i}`) },
      { confirmedRemovals: 3000 },
    );
    expect(report.badLineCount).toBe(3000);
    expect(report.badLines).toHaveLength(badLinesKept);
    expect(report.badLines.at(-1)).toMatchObject({ line: badLinesKept + 1 });
  });
});

describe('complete files', () => {
  it('remove what the source has no more, of every kind in the import and of no other', async () => {
    const withMore = {
      departments: `${smallCompany.departments}mail,Mail\n`,
      teams: `${smallCompany.teams}day-crew,Day crew,mail\n`,
      datacentres: `${smallCompany.datacentres}bcn,Barcelona,ES,Europe/Madrid,local,99.5,10\n`,
      latencies: `${smallCompany.latencies}mad,bcn,9\nbcn,par,20\n`,
      providers: `${smallCompany.providers}lutetia,Lutetia,FR,2,1\n`,
      offers: `${smallCompany.offers}bcn-small,bcn,2,4096,50,19.9,EUR,10\n`,
      solutions: `${smallCompany.solutions}mailbox,Mailbox,mail\n`,
      customers: `${smallCompany.customers}zeta,Zeta,FR,basic\n`,
      items: `${smallCompany.items}hv-2,hypervisor,Hypervisor 2,bcn,mail\n`,
      services: `${smallCompany.services}box-1,box,mailbox,zeta\n`,
      dependencies: `${smallCompany.dependencies}box-1,host,1,hv-2\nhv-2,uplink,1,sw-1\n`,
    };
    const before = await inventory.everything();
    await inventory.run(withMore);
    const report = await inventory.run(smallCompany, { complete: true });
    expect(Object.values(report.counts).map((counts) => counts.removed)).toEqual([
      1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2,
    ]);
    const withoutRecords = ({ ...all }: Record<string, string[]>) => {
      delete all.inventory_import;
      delete all.inventory_history;
      return all;
    };
    expect(withoutRecords(await inventory.everything())).toEqual(withoutRecords(before));
  });

  it('leave other kinds and other sources alone', async () => {
    await inventory.run(
      {
        customers: csv(customerColumns, 'zeta,Zeta,FR,basic'),
        dependencies: csv(dependencyColumns, 'sw-1,power,1,sw-2'),
      },
      { source: 'crm' },
    );
    const report = await inventory.run(
      {
        customers: csv(customerColumns, 'omega,Omega,FR,basic'),
        dependencies: csv(dependencyColumns),
      },
      { source: 'crm', complete: true },
    );
    expect(report.counts).toMatchObject({
      customers: { inserted: 1, removed: 1 },
      dependencies: { removed: 1 },
    });
    expect(await ids('customer')).toEqual(['acme', 'omega']);
    expect(await needs()).toHaveLength(3);
    expect(await ids('item')).toHaveLength(3);
  });

  it('say so when others still refer to what is missing, and change nothing', async () => {
    const before = await inventory.everything();
    const report = await inventory.run({ customers: csv(customerColumns) }, { complete: true });
    expect(complaints(report)).toEqual([
      'customers 0: not in the complete file any more: "acme" still has the service "site-1"; remove its services first',
    ]);
    expect(await inventory.everything()).toEqual(before);
  });

  it('may come with a file of removals, and count what is in both once', async () => {
    await inventory.run({ customers: csv(customerColumns, 'a,A,ES,gold', 'b,B,ES,gold') });
    const report = await inventory.run(
      { customers: smallCompany.customers, 'remove-customers': csv('id', 'a') },
      { complete: true },
    );
    expect(report.counts.customers).toMatchObject({ rows: 2, removed: 2 });
    expect(await ids('customer')).toEqual(['acme']);
  });

  it('remove a dependent that the complete file of dependencies still names only with a complaint', async () => {
    const report = await inventory.run(
      {
        services: csv('id,name,solution,customer'),
        dependencies: smallCompany.dependencies,
      },
      { complete: true },
    );
    expect(complaints(report)).toEqual([
      'dependencies 4 dependent: "site-1" is removed by the same import; leave out its dependencies, or keep it',
    ]);
  });
});
