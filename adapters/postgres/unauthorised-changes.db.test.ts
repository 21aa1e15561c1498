import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changeRequestSchema } from '../../domain/change/change-request.ts';
import { insertChange } from '../../test/support/company-database.ts';
import {
  createTestInventory,
  csv,
  smallCompany,
  type TestInventory,
} from '../../test/support/inventory-imports.ts';

let inventory: TestInventory;
beforeAll(async () => {
  inventory = await createTestInventory();
  await inventory.db('principal').insert({
    ...{ id: 'ana', name: 'Ana', email: 'ana@example.com', created_at: new Date() },
  });
});
afterAll(async () => inventory.drop());
beforeEach(async () => {
  await inventory.db.raw('truncate reported_event, change cascade');
  await inventory.empty();
  await inventory.run(smallCompany);
});

const columns = 'id,kind,name,datacentre,department';
const renamed = { items: csv(columns, 'sw-1,switch,Switch one,mad,network') };
const events = () =>
  inventory.db('reported_event').orderBy('number').select('title', 'description', 'reported_by');

/** A change whose window is around now, as it is while it is carried out. */
async function atWork(asked: object, event = 'start-implementing'): Promise<void> {
  const wall = (inMs: number) => new Date(Date.now() + inMs).toISOString().slice(0, 16);
  const request = changeRequestSchema.parse({
    ...{ kind: 'infrastructure', title: 'Work', reason: 'it must be', department: 'web' },
    window: { start: wall(-3_600_000), end: wall(3_600_000), zone: 'UTC' },
    ...{ steps: ['do it'], rollbackSteps: ['undo it'] },
    ...asked,
  });
  const id = await insertChange(inventory.db, 'ana', request);
  await inventory.db('change_log').insert({
    ...{
      change_id: id,
      key: 'one',
      at: new Date(),
      actor: 'ana',
      event,
      message: '',
      details: '{}',
    },
  });
}

describe('items that an import has changed', () => {
  it('are no event where one begins, and where nothing differs', async () => {
    await inventory.run(smallCompany);
    expect(await events()).toEqual([]);
  });

  it('are an event where no change was to touch them, by what became of them', async () => {
    await inventory.run(renamed);
    await inventory.run({ items: csv(columns, 'sw-3,switch,Switch 3,mad,network') });
    await inventory.run({ 'remove-items': csv('id', 'sw-3') });
    const found = await events();
    expect(
      found.map(({ description }) => /\d (?:added|changed|removed): [^.]+/.exec(description)?.[0]),
    ).toEqual(['1 changed: sw-1', '1 added: sw-3', '1 removed: sw-3']);
    expect(found[0]).toMatchObject({
      title: '1 item changed in the inventory without a change',
      reported_by: 'change-detector',
    });
  });

  it('are none where a change that is carried out names them, or works there on their kind', async () => {
    await atWork({ affects: [{ item: 'sw-1', effect: 'down' }] });
    await inventory.run(renamed);
    expect(await events()).toEqual([]);
    await atWork({ department: 'network', datacentres: ['mad'] });
    await inventory.run({ items: csv(columns, 'sw-3,switch,Switch 3,mad,network') });
    expect(await events()).toEqual([]);
  });

  it('are one where the change has not begun, or works elsewhere', async () => {
    await atWork({ affects: [{ item: 'sw-1', effect: 'down' }] }, 'approve');
    await atWork({ department: 'network', datacentres: ['par'] });
    await atWork({ department: 'web', datacentres: ['mad'] });
    await inventory.run(renamed);
    expect(await events()).toHaveLength(1);
  });

  it('are named up to twenty, and counted beyond', async () => {
    const rows = Array.from({ length: 500 }, (_, n) => `new-${n},switch,New ${n},mad,network`);
    await inventory.run({ items: csv(columns, ...rows) });
    const [event] = await events();
    expect(event).toMatchObject({ title: '500 items changed in the inventory without a change' });
    expect(event?.description).toContain('and 480 more');
  });

  it('are no event of an import that was only tried', async () => {
    await inventory.run(renamed, { dryRun: true });
    expect(await events()).toEqual([]);
  });
});
