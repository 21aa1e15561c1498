import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  complaints,
  createTestInventory,
  csv,
  manyRows,
  smallCompany,
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

describe('the guard of removals', () => {
  const customers = (count: number, from = 0) =>
    manyRows(customerColumns, count, (i) => `c-${from + i},Customer,ES,gold`);
  const named = (count: number) => manyRows('id', count, (i) => `c-${i}`);

  it.each([
    // acme is there as well.
    { going: 100, count: 99 + 1, passes: true },
    { going: 101, count: 100 + 1, passes: false },
    { going: 101, count: 2019, passes: true }, // 5 % of 2,020
    { going: 102, count: 2019, passes: false },
    { going: 101, count: 2018, passes: false },
  ])('lets $going of $count and one more through: $passes', async ({ going, count, passes }) => {
    await inventory.run({ customers: customers(count) });
    const attempt = inventory.run({ 'remove-customers': named(going) });
    if (passes) {
      expect((await attempt).counts.customers).toMatchObject({ removed: going });
      return;
    }
    await expect(attempt).rejects.toMatchObject({
      kind: 'refused',
      code: 'removal-guard',
      message: `The import would remove ${going} of ${count + 1} customers.`,
      remedy: expect.stringContaining(`confirm ${going} removals`) as string,
    });
    expect(await ids('customer')).toHaveLength(count + 1);
  });

  it('is passed by confirming the number it named, and by no smaller one', async () => {
    await inventory.run({
      customers: customers(300),
      items: manyRows(itemColumns, 200, (i) => `x-${i},switch,X,mad,web`),
    });
    const files = () => ({
      'remove-customers': named(300),
      'remove-items': manyRows('id', 200, (i) => `x-${i}`),
      'remove-teams': csv('id', 'night-crew'),
    });
    const refusal = {
      message: 'The import would remove 300 of 301 customers, 200 of 203 items.',
      remedy: expect.stringContaining('confirm 501 removals') as string,
    };
    await expect(inventory.run(files())).rejects.toMatchObject(refusal);
    await expect(inventory.run(files(), { confirmedRemovals: 500 })).rejects.toMatchObject(refusal);
    const report = await inventory.run(files(), { confirmedRemovals: 501 });
    expect(report.counts).toMatchObject({ customers: removed(300), items: removed(200) });
  });

  it('stops a complete file that was cut short, also in a dry run', async () => {
    await inventory.run({ customers: customers(1000) });
    for (const dryRun of [true, false]) {
      await expect(
        inventory.run(
          { customers: `${customers(500)}acme,"Acme, S.L.",ES,gold\n` },
          { complete: true, dryRun },
        ),
      ).rejects.toMatchObject({
        code: 'removal-guard',
        message: 'The import would remove 500 of 1001 customers.',
      });
    }
    expect(await ids('customer')).toHaveLength(1001);
  });

  it('counts a latency once and a dependent with each row of its groups', async () => {
    const header = smallCompany.datacentres.split('\n')[0]!;
    const sites = manyRows(header, 15, (i) => `dc-${i},Site,ES,Europe/Madrid,local,99.5,10`);
    const pairs = Array.from({ length: 15 }, (_, i) =>
      Array.from({ length: i }, (_unused, j) => `dc-${i},dc-${j}`),
    ).flat();
    await inventory.run({
      datacentres: sites,
      latencies: csv('from_datacentre,to_datacentre,ms', ...pairs.map((pair) => `${pair},5`)),
      items: manyRows(itemColumns, 60, (i) => `x-${i},switch,X,mad,web`),
      dependencies: manyRows(
        dependencyColumns,
        120,
        (i) => `x-${i >> 1},up,1,${i % 2 === 0 ? 'sw-1' : 'sw-2'}`,
      ),
    });
    await expect(
      inventory.run({
        'remove-latencies': csv('from_datacentre,to_datacentre', ...pairs),
        'remove-dependencies': manyRows('dependent', 60, (i) => `x-${i}`),
      }),
    ).rejects.toMatchObject({
      message: 'The import would remove 105 of 106 latencies, 120 of 123 dependencies.',
    });
  });

  it('is not asked while there are bad lines: they may change the numbers', async () => {
    await inventory.run({ customers: customers(300) });
    const report = await inventory.run({
      'remove-customers': `${named(300)}c-x\n`,
    });
    expect(complaints(report)).toEqual(['customers 302: there is no "c-x" to remove']);
  });
});

describe('removing very many', () => {
  const count = 20_000;
  beforeEach(async () => {
    await inventory.run({
      services: manyRows(
        'id,name,solution,customer',
        count,
        (i) => `s-${i},Site ${i},hosting,acme`,
      ),
      dependencies: manyRows(
        dependencyColumns,
        2 * count,
        (i) => `s-${i >> 1},${i % 2 === 0 ? 'host' : 'net'},1,${i % 2 === 0 ? 'hv-1' : 'sw-1'}`,
      ),
    });
  });
  const remains = async () => ({
    services: (await ids('service')).length,
    needs: (await needs()).length,
    history: await inventory.db('inventory_history').count('*'),
  });

  it('by name takes their groups along and keeps all of them in the history', async () => {
    const report = await inventory.run(
      { 'remove-services': manyRows('id', count, (i) => `s-${i}`) },
      { confirmedRemovals: count },
    );
    expect(report.counts).toMatchObject({
      services: removed(count),
      dependencies: { rows: 0, removed: 2 * count },
    });
    expect(await remains()).toEqual({ services: 1, needs: 3, history: [{ count: 3 * count }] });
  });

  it('by a complete file without them does the same', async () => {
    const report = await inventory.run(
      { services: smallCompany.services },
      { complete: true, confirmedRemovals: count },
    );
    expect(report.counts).toMatchObject({
      services: { rows: 1, removed: count },
      dependencies: { removed: 2 * count },
    });
    expect(await remains()).toEqual({ services: 1, needs: 3, history: [{ count: 3 * count }] });
  });
});
