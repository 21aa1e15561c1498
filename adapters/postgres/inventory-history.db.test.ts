import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { InventoryHistory } from '../../domain/inventory/history-ports.ts';
import { inventoryKinds } from '../../domain/inventory/inventory-kinds.ts';
import {
  createTestInventory,
  csv,
  smallCompany,
  type TestInventory,
} from '../../test/support/inventory-imports.ts';
import { createInventoryHistory } from './inventory-history.ts';

const customerColumns = 'id,name,country,contract_level';
const dependencyColumns = 'dependent,group,needs,member';

let inventory: TestInventory;
let history: InventoryHistory;
beforeAll(async () => {
  inventory = await createTestInventory();
  history = createInventoryHistory(inventory.db);
});
afterAll(async () => inventory.drop());
beforeEach(async () => {
  await inventory.empty();
  await inventory.run(smallCompany);
});

const kept = async () =>
  inventory
    .db('inventory_history')
    .orderBy(['kind', 'key', 'id'])
    .select<{ kind: string; key: string; row: object; since: number; until: number }[]>(
      'kind',
      'key',
      'row',
      'since',
      'until',
    );

/** Each kind's one row that changes: what it is named, its file before and after, and what it was. */
const changes = [
  ['departments', 'web', 'Web platform', 'Web', { name: 'Web platform' }],
  ['teams', 'night-crew', 'Night crew', 'Night', { name: 'Night crew' }],
  ['datacentres', 'par', 'Europe/Paris', 'Europe/Brussels', { time_zone: 'Europe/Paris' }],
  ['latencies', 'mad/par', '18.5', '20', { ms: 18.5 }],
  ['providers', 'iberia', 'Iberia Cloud', 'Iberia', { name: 'Iberia Cloud', financial_risk: 1 }],
  ['offers', 'mad-small', '19.9', '21.25', { monthly_price: 19.9 }],
  ['solutions', 'hosting', 'Web hosting', 'Hosting', { name: 'Web hosting' }],
  ['customers', 'acme', 'gold', 'basic', { contract_level: 'gold' }],
  ['items', 'sw-2', 'Switch 2', 'Core switch', { name: 'Switch 2', datacentre: 'mad' }],
  ['services', 'site-1', 'acme.example', 'acme.test', { name: 'acme.example' }],
] as const;

describe('the history of the inventory', () => {
  it('keeps nothing of what is new, the same again, or refused', async () => {
    await inventory.run(smallCompany);
    await inventory.run({ customers: csv(customerColumns, 'zeta,Zeta,FR,basic') });
    await inventory.run({ customers: csv(customerColumns, 'zeta,Zed,FR,basic') }, { dryRun: true });
    await inventory.run({ customers: csv(customerColumns, 'zeta,Zed,FR,basic', 'x,X,France,y') });
    expect(await kept()).toEqual([]);
  });

  it.each(changes)(
    'keeps a changed row of %s with the versions between which it stood',
    async (kind, id, before, after, was) => {
      await inventory.run({ customers: csv(customerColumns, 'zeta,Zeta,FR,basic') });
      await inventory.run({ [kind]: smallCompany[kind].replace(before, after) });
      const rows = await kept();
      // Both directions of a latency are stored.
      expect(rows).toHaveLength(kind === 'latencies' ? 2 : 1);
      expect(rows[0]).toMatchObject({
        kind: kind === 'items' || kind === 'services' ? 'nodes' : kind,
        key: id.split('/')[0],
        since: 1,
        until: 3,
        row: { ...was, source: 'manual' },
      });
      expect(await history.rowAt(kind, id, 0)).toBeUndefined();
      expect(await history.rowAt(kind, id, 1)).toMatchObject(was);
      expect(await history.rowAt(kind, id, 2)).toMatchObject(was);
      const now = await history.rowAt(kind, id, 3);
      expect(now).not.toMatchObject(was);
      expect(await history.rowAt(kind, id, 99)).toEqual(now);
    },
  );

  it('keeps removed rows of every kind', async () => {
    const { inventory_import, ...stored } = await inventory.everything();
    expect(inventory_import).toHaveLength(1);
    const emptied = inventoryKinds.map((kind) => [kind, `${smallCompany[kind].split('\n')[0]}\n`]);
    await inventory.run(Object.fromEntries(emptied), { complete: true, importedBy: 'ben' });
    const rows = await kept();
    expect(rows).toHaveLength(Object.values(stored).flat().length);
    expect(rows.every(({ since, until }) => since === 1 && until === 2)).toBe(true);
    for (const [kind, id] of changes) {
      expect(await history.rowAt(kind, id, 1)).toMatchObject({});
      expect(await history.rowAt(kind, id, 2)).toBeUndefined();
      const told = await history.changesOf(kind, id);
      expect(
        told.map(({ version, importedBy, row }) => [version, importedBy, row === null]),
      ).toEqual([
        [1, 'ana', false],
        [2, 'ben', true],
      ]);
    }
    expect(await history.rowAt('dependencies', 'hv-1', 1)).toHaveLength(2);
    expect(await history.rowAt('dependencies', 'hv-1', 2)).toBeUndefined();
  });

  it('tells who brought what, when and from where, and what it was', async () => {
    const acme = (name: string) => ({ customers: csv(customerColumns, `acme,${name},ES,gold`) });
    await inventory.run(acme('Acme 2'), { importedBy: 'ben' });
    await inventory.run(acme('Acme 2'), { importedBy: 'carla' });
    await inventory.run(acme('Acme 3'), { importedBy: 'dora' });
    const times = await inventory.db('inventory_import').orderBy('version').pluck('imported_at');
    const row = (name: string) => ({ id: 'acme', name, country: 'ES', contract_level: 'gold' });
    expect(await history.changesOf('customers', 'acme')).toEqual([
      {
        version: 1,
        importedAt: times[0],
        importedBy: 'ana',
        source: 'manual',
        row: row('Acme, S.L.'),
      },
      { version: 2, importedAt: times[1], importedBy: 'ben', source: 'manual', row: row('Acme 2') },
      {
        version: 4,
        importedAt: times[3],
        importedBy: 'dora',
        source: 'manual',
        row: row('Acme 3'),
      },
    ]);
    expect(await history.changesOf('customers', 'nobody')).toEqual([]);
    // A service is no item.
    expect(await history.changesOf('items', 'site-1')).toEqual([]);
    expect(await history.rowAt('items', 'site-1', 1)).toBeUndefined();
  });

  it('bridges the time in which a row was away, and its change into another kind of node', async () => {
    await inventory.run({ 'remove-services': csv('id', 'site-1') });
    await inventory.run(
      { items: csv('id,kind,name,datacentre,department', 'site-1,server,Server,mad,web') },
      { source: 'netbox', importedBy: 'sync' },
    );
    await inventory.run(
      { 'remove-items': csv('id', 'site-1') },
      { source: 'netbox', importedBy: 'sync' },
    );
    await inventory.run({ services: smallCompany.services });
    const told = async (kind: 'items' | 'services') =>
      (await history.changesOf(kind, 'site-1')).map(({ version, source, row }) => [
        version,
        source,
        row?.name,
      ]);
    expect(await told('services')).toEqual([
      [1, 'manual', 'acme.example'],
      [2, 'manual', undefined],
      [5, 'manual', 'acme.example'],
    ]);
    expect(await told('items')).toEqual([
      [3, 'netbox', 'Server'],
      [4, 'netbox', undefined],
    ]);
    expect(await history.rowAt('services', 'site-1', 3)).toBeUndefined();
    expect(await history.rowAt('items', 'site-1', 3)).toEqual({
      id: 'site-1',
      kind: 'server',
      name: 'Server',
      datacentre: 'mad',
      department: 'web',
    });
  });

  it('has all that a dependent needed at once, whichever of its rows changed', async () => {
    const group = (group: string, needs: number, member: string) => ({
      dependent: 'hv-1',
      group,
      needs,
      member,
    });
    await inventory.run({
      dependencies: csv(dependencyColumns, 'hv-1,uplink,2,sw-1', 'hv-1,uplink,2,sw-2'),
    });
    await inventory.run({
      dependencies: csv(dependencyColumns, 'hv-1,uplink,1,sw-1', 'hv-1,power,1,sw-2'),
    });
    await inventory.run({ 'remove-dependencies': csv('dependent', 'hv-1') });
    expect(
      (await history.changesOf('dependencies', 'hv-1')).map(({ version, row }) => [version, row]),
    ).toEqual([
      [1, [group('uplink', 1, 'sw-1'), group('uplink', 1, 'sw-2')]],
      [2, [group('uplink', 2, 'sw-1'), group('uplink', 2, 'sw-2')]],
      [3, [group('power', 1, 'sw-2'), group('uplink', 1, 'sw-1')]],
      [4, null],
    ]);
    expect(await history.rowAt('dependencies', 'site-1', 4)).toHaveLength(1);
    expect((await kept()).map(({ key, since, until }) => `${key} ${since} ${until}`)).toEqual([
      'hv-1 1 2',
      'hv-1 1 2',
      'hv-1 2 3',
      'hv-1 2 3',
      'hv-1 3 4',
      'hv-1 3 4',
    ]);
  });

  it('finds a latency by its sites in either order', async () => {
    await inventory.run({ latencies: 'from_datacentre,to_datacentre,ms\npar,mad,20\n' });
    for (const id of ['mad/par', 'par/mad']) {
      const told = await history.changesOf('latencies', id);
      expect(told.map(({ row }) => row?.ms)).toEqual([18.5, 20]);
    }
    expect(await history.changesOf('latencies', 'mad')).toEqual([]);
  });

  it('knows of rows from before versions were kept that they were there', async () => {
    await inventory.db('customer').insert({
      id: 'old',
      name: 'Old',
      country: 'ES',
      contract_level: 'gold',
      source: 'manual',
      since: 0,
    });
    expect(await history.changesOf('customers', 'old')).toEqual([
      {
        version: 0,
        importedAt: null,
        importedBy: null,
        source: 'manual',
        row: { id: 'old', name: 'Old', country: 'ES', contract_level: 'gold' },
      },
    ]);
  });
});
