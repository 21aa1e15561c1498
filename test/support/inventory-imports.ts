import { Readable } from 'node:stream';
import type { Knex } from 'knex';
import { createDatabase } from '../../adapters/postgres/database.ts';
import { createInventoryImporter } from '../../adapters/postgres/inventory-importer.ts';
import type { InventoryFormat, InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import type { ImportOptions, ImportReport, InventoryPart } from '../../domain/inventory/ports.ts';
import { createTestDatabase } from './postgres.ts';

/** By kind, or `remove-<kind>`: CSV as text or bytes, or a stream of it. */
export type InventoryFiles = Partial<
  Record<InventoryKind | `remove-${InventoryKind}`, string | Uint8Array | Readable>
>;

/** A small company with one of each kind. */
export const smallCompany = {
  departments: 'id,name\nweb,Web platform\nnetwork,Network\n',
  teams: 'id,name,department\nnight-crew,Night crew,network\n',
  datacentres:
    'id,name,country,time_zone,driver,availability_percent,user_latency_ms\n' +
    'mad,Madrid,ES,Europe/Madrid,local,99.5,10\npar,Paris,FR,Europe/Paris,local,99.5,12\n',
  latencies: 'from_datacentre,to_datacentre,ms\nmad,par,18.5\n',
  providers: 'id,name,jurisdiction,financial_risk,technological_risk\niberia,Iberia Cloud,ES,1,2\n',
  offers:
    'id,datacentre,cores,memory_mb,storage_gb,monthly_price,currency,available\n' +
    'mad-small,mad,2,4096,50,19.9,EUR,10\n',
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
  'inventory_progress',
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

/** A line of CSV for each row, below the header. */
export const csv = (header: string, ...rows: readonly string[]): string =>
  `${[header, ...rows].join('\n')}\n`;

/** `count` rows below the header; `row` says what stands in the i-th. */
export const manyRows = (header: string, count: number, row: (i: number) => string): string =>
  csv(header, ...Array.from({ length: count }, (_, i) => row(i)));

/** An inventory in a database of its own, that can be emptied and looked at. */
export async function createTestInventory() {
  const database = await createTestDatabase();
  // One for each export at once, and one for the entry of the next in the log.
  const db = createDatabase({ url: database.url, poolMax: 5 });
  const importer = createInventoryImporter(db);

  async function* partsOf(files: InventoryFiles, format: InventoryFormat) {
    for (const [field, file] of Object.entries(files)) {
      const removes = field.startsWith('remove-');
      const stream = file instanceof Readable ? file : Readable.from([Buffer.from(file)]);
      const kind = field.replace('remove-', '') as InventoryKind;
      yield await Promise.resolve<InventoryPart>({ kind, format, stream, removes });
    }
  }

  return {
    url: database.url,
    db,
    importer,
    run: async (
      files: InventoryFiles,
      options: Partial<ImportOptions> & { format?: InventoryFormat } = {},
    ): Promise<ImportReport> => {
      const { format = 'csv', ...rest } = options;
      return importer.import(partsOf(files, format), { importedBy: 'ana', ...rest });
    },
    empty: async () => {
      await db.raw(`truncate ${tables.join(', ')} cascade`);
    },
    /** Every row of the inventory and its history as it stands, to compare before and after. */
    everything: async () => readEverything(db),
    drop: async () => {
      await db.destroy();
      await database.drop();
    },
  };
}

export type TestInventory = Awaited<ReturnType<typeof createTestInventory>>;

async function readEverything(db: Knex): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const table of tables) {
    // Progress is kept outside the import's transaction, on purpose.
    if (table === 'inventory_progress') continue;
    const { rows } = await db.raw<{ rows: { row: string }[] }>(
      `select to_jsonb(stored)::text as row from ${table} as stored order by 1`,
    );
    all[table] = rows.map(({ row }) => row);
  }
  return all;
}

/** Complaints as `kind line [column]: message`. */
export const complaints = (report: ImportReport): string[] =>
  report.badLines.map(
    ({ kind, line, column, message }) =>
      `${kind} ${line}${column === undefined ? '' : ` ${column}`}: ${message}`,
  );
