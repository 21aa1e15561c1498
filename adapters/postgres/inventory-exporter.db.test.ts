import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { InventoryExporter } from '../../domain/inventory/export-ports.ts';
import {
  inventoryColumns,
  inventoryFormats,
  inventoryKinds,
  type InventoryFormat,
  type InventoryKind,
} from '../../domain/inventory/inventory-kinds.ts';
import {
  createTestInventory,
  csv,
  smallCompany,
  type InventoryFiles,
  type TestInventory,
} from '../../test/support/inventory-imports.ts';
import { createInventoryExporter } from './inventory-exporter.ts';

const examples = join(import.meta.dirname, '../../examples/inventory');

let inventory: TestInventory;
let other: TestInventory;
let exporter: InventoryExporter;
beforeAll(async () => {
  inventory = await createTestInventory();
  other = await createTestInventory();
  exporter = createInventoryExporter(inventory.db);
});
afterAll(async () => {
  await inventory.drop();
  await other.drop();
});
beforeEach(async () => {
  await inventory.empty();
  await other.empty();
});

/** What an import takes: all kinds that have something in their file. */
async function exportAll(
  format: InventoryFormat,
  { of = exporter, source }: { of?: InventoryExporter; source?: string } = {},
): Promise<Partial<Record<InventoryKind, Buffer>>> {
  const files: Partial<Record<InventoryKind, Buffer>> = {};
  for (const kind of inventoryKinds) {
    const { stream } = await of.export(kind, {
      format,
      ...(source === undefined ? {} : { source }),
    });
    const bytes = await buffer(stream);
    if (bytes.length > 0) files[kind] = bytes;
  }
  return files;
}
const text = (files: Partial<Record<InventoryKind, Buffer>>) =>
  Object.fromEntries(Object.entries(files).map(([kind, file]) => [kind, file.toString()]));
const open = () =>
  Object.fromEntries(
    inventoryKinds.map((kind) => [kind, createReadStream(join(examples, `${kind}.csv`))]),
  );
/** Rows without what differs between databases: imports, numbers and versions. */
const rowsOf = async ({ everything }: TestInventory) =>
  Object.entries(await everything())
    .filter(([table]) => table !== 'inventory_import')
    .map(([table, rows]) => [
      table,
      rows
        .map((row) => {
          const values = Object.entries(JSON.parse(row) as Record<string, unknown>);
          return JSON.stringify(values.filter(([column]) => !['nr', 'since'].includes(column)));
        })
        .sort(),
    ]);

/** What is hard to write down: quotes, commas, backslashes, and numbers with and without digits behind the point. */
const awkward: InventoryFiles = {
  ...smallCompany,
  customers: csv(
    'id,name,country,contract_level',
    String.raw`acme,"Acme, ""the"" S.L. \n\\ \.",ES,gold`,
    String.raw`dot,\.,ES,gold`,
    'quote,"""",ES,gold',
    'umlaut,Zoë  Müller 🏠 „x“ 𝒳,DE,gold',
    `json,"{""a"":[1,'b']}",FR,gold`,
    'null,null,FR,gold',
  ),
  latencies: 'from_datacentre,to_datacentre,ms\npar,mad,0.0000001\n',
  datacentres: csv(
    'id,name,country,time_zone,driver,availability_percent,user_latency_ms',
    'mad,Madrid,ES,Europe/Madrid,local,99.99999999999999,0.1',
    'par,Paris,FR,Europe/Paris,local,100,123456789012345680000000',
  ),
};

describe('an exported inventory', () => {
  it.each(inventoryFormats)('changes nothing when it is imported again, as %s', async (format) => {
    await inventory.run(open());
    const before = await inventory.everything();
    const files = await exportAll(format);
    expect(Object.keys(files)).toEqual(inventoryKinds);
    for (const complete of [false, true]) {
      const report = await inventory.run(files, { format, complete });
      expect(report.badLines).toEqual([]);
      for (const counts of Object.values(report.counts)) {
        expect(counts).toMatchObject({ inserted: 0, updated: 0, removed: 0, kept: 0 });
      }
    }
    const after = await inventory.everything();
    // But for the record that there were imports.
    expect({ ...after, inventory_import: before['inventory_import'] }).toEqual(before);
  });

  it.each(inventoryFormats)('is the same inventory in an empty database, as %s', async (format) => {
    for (const files of [open(), awkward]) {
      await inventory.empty();
      await other.empty();
      expect((await inventory.run(files)).badLines).toEqual([]);
      const exported = await exportAll(format);
      expect((await other.run(exported, { format })).badLines).toEqual([]);
      expect(await rowsOf(other)).toEqual(await rowsOf(inventory));
      const again = await exportAll(format, { of: createInventoryExporter(other.db) });
      expect(text(again)).toEqual(text(exported));
    }
  });

  it('has exactly the columns of an import, rows in the order of their key, a pair of sites once', async () => {
    await inventory.run(smallCompany);
    const files = text(await exportAll('csv'));
    for (const kind of inventoryKinds) {
      expect(files[kind]?.split('\n')[0]).toBe(inventoryColumns(kind).join(','));
    }
    expect(files['items']?.trim().split('\n').slice(1)).toEqual([
      'hv-1,hypervisor,Hypervisor 1,mad,web',
      'sw-1,switch,Switch 1,mad,network',
      'sw-2,switch,Switch 2,mad,network',
    ]);
    expect(files['latencies']).toBe('from_datacentre,to_datacentre,ms\nmad,par,18.5\n');
    expect(text(await exportAll('ndjson'))['dependencies']?.split('\n')[0]).toBe(
      '{"dependent":"hv-1","group":"uplink","needs":1,"member":"sw-1"}',
    );
  });

  it('holds one source’s rows only when asked, and can be imported as that source', async () => {
    await inventory.run(smallCompany);
    await inventory.run(
      {
        items: csv('id,kind,name,datacentre,department', 'nb-1,rack,Rack,mad,web'),
        dependencies: csv('dependent,group,needs,member', 'nb-1,power,,sw-1'),
        latencies: csv('from_datacentre,to_datacentre,ms', 'par,mad,18.5'),
      },
      { source: 'netbox' },
    );
    const files = text(await exportAll('ndjson', { source: 'netbox' }));
    expect(Object.keys(files)).toEqual(['items', 'dependencies']);
    expect(files['items']).toBe(
      '{"id":"nb-1","kind":"rack","name":"Rack","datacentre":"mad","department":"web"}\n',
    );
    const report = await inventory.run(files, {
      format: 'ndjson',
      source: 'netbox',
      complete: true,
    });
    expect(report.counts).toMatchObject({
      items: { rows: 1, inserted: 0, updated: 0, removed: 0 },
      dependencies: { rows: 1, inserted: 0, updated: 0, removed: 0 },
    });
    expect(text(await exportAll('csv', { source: "no'body" }))['items']).toBe(
      'id,kind,name,datacentre,department\n',
    );
  });

  it('is of one version, whatever is imported while it is read', async () => {
    await inventory.run(smallCompany);
    const { version, stream } = await exporter.export('teams', { format: 'csv' });
    await inventory.run({ teams: 'id,name,department\nlate,Late,web\n' });
    expect(version).toBe(1);
    expect((await buffer(stream)).toString()).not.toContain('Late');
    const now = await exporter.export('teams', { format: 'csv' });
    expect(now.version).toBe(2);
    expect((await buffer(now.stream)).toString()).toContain('Late');
  });
});
