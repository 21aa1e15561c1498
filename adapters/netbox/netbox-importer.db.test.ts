import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isDomainError } from '../../domain/errors.ts';
import { inventoryKinds } from '../../domain/inventory/inventory-kinds.ts';
import type { NetboxImporter, NetboxImportOptions } from '../../domain/inventory/netbox-ports.ts';
import {
  createTestInventory,
  csv,
  smallCompany,
  type TestInventory,
} from '../../test/support/inventory-imports.ts';
import { readNetboxDump } from '../../test/support/netbox-dump.ts';
import { startNetboxServer } from '../../test/support/netbox-server.ts';
import { createNetboxImporter } from './netbox-importer.ts';
import { netboxMappingSchema } from './netbox-mapping.ts';

const mapping = netboxMappingSchema.parse({
  country: 'ES',
  driver: 'local',
  availabilityPercent: 99.9,
  userLatencyMs: 10,
  contractLevel: 'business',
  departments: [{ id: 'infrastructure', name: 'Infrastructure' }],
});
const carriers = ['virtualization/virtual-machines', 'circuits/circuits', 'circuits/circuit-term'];

let inventory: TestInventory;
let server: Awaited<ReturnType<typeof startNetboxServer>>;
let directory: string;
let netbox: NetboxImporter;
/** Beginnings of lists that NetBox has nothing in any more. */
let emptied: readonly string[] = [];

beforeAll(async () => {
  inventory = await createTestInventory();
  server = await startNetboxServer({
    dump: readNetboxDump(),
    token: 'reader',
    alter: (page, { pathname }) =>
      emptied.some((list) => pathname.startsWith(`/api/${list}`))
        ? { count: 0, next: null, previous: null, results: [] }
        : page,
  });
  directory = await mkdtemp(join(tmpdir(), 'ctc-netbox-'));
  const tokenFile = join(directory, 'token');
  await writeFile(tokenFile, 'reader\n');
  netbox = createNetboxImporter(
    [{ name: 'hq', url: server.url, tokenFile, mapping }],
    inventory.importer,
  );
});
afterAll(async () => {
  await server.close();
  await inventory.drop();
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  emptied = [];
  await inventory.empty();
});

const run = (options: Partial<NetboxImportOptions> = {}) =>
  netbox.import('hq', { importedBy: 'ana', ...options });
const count = async (table: string, source: string) =>
  Number((await inventory.db(table).where({ source }).count<{ count: number }[]>())[0]?.count);

describe('the import of a configured NetBox', () => {
  it('belongs to the source, says what it left out, and changes nothing the second time', async () => {
    const first = await run();
    expect(first).toMatchObject({ imported: true, version: 1, badLines: [] });
    expect(first.skippedCount).toBeGreaterThan(0);
    expect(first.skipped).toHaveLength(first.skippedCount);
    expect(await count('node', 'hq')).toBe(first.counts.items!.rows + first.counts.services!.rows);
    const again = await run();
    for (const counts of Object.values(again.counts)) {
      expect(counts).toMatchObject({ inserted: 0, updated: 0, removed: 0 });
    }
    // Of each device and machine is said that its rack or cluster is not there: all are counted, the first are named.
    emptied = ['dcim/racks', 'virtualization/clusters'];
    const { skipped, skippedCount } = await run({ dryRun: true, confirmedRemovals: 100_000 });
    expect(skippedCount).toBeGreaterThan(100);
    expect(skipped).toHaveLength(100);
  });

  it('removes what NetBox has no more, even the last of a kind, once that many are confirmed', async () => {
    const { counts } = await run();
    emptied = carriers;
    await expect(run()).rejects.toMatchObject({ kind: 'refused', code: 'removal-guard' });
    const refused: unknown = await run().catch((error: unknown) => error);
    const remedy = isDomainError(refused) ? (refused.remedy ?? '') : '';
    const confirmedRemovals = Number(/confirm (\d+)/.exec(remedy)?.[1]);
    const tried = await run({ confirmedRemovals, dryRun: true });
    expect(tried.imported).toBe(false);
    expect(await count('service', 'hq')).toBe(counts.services!.rows);
    const after = await run({ confirmedRemovals });
    expect(after).toMatchObject({ imported: true, badLines: [] });
    for (const kind of ['services', 'solutions'] as const) {
      expect(after.counts[kind]).toMatchObject({ rows: 0, removed: counts[kind]!.rows });
    }
    expect(await count('service', 'hq')).toBe(0);
    expect(await count('solution', 'hq')).toBe(0);
    expect(await inventory.db('item').where({ kind: 'virtual-machine' })).toEqual([]);
    expect(await count('node', 'hq')).toBeGreaterThan(0);
  });

  it('touches nothing of other sources, and nothing that NetBox does not know', async () => {
    await inventory.run(smallCompany);
    const { id: site } = (
      await run().then(() => inventory.db('datacentre').where({ source: 'hq' }).select('id'))
    )[0] as { id: string };
    // Somebody adds to the source by hand what NetBox cannot say of its sites.
    await inventory.run(
      {
        teams: csv('id,name,department', 'movers,Movers,infrastructure'),
        latencies: csv('from_datacentre,to_datacentre,ms', `mad,${site},3`),
        offers: csv(
          'id,datacentre,cores,memory_mb,storage_gb,monthly_price,currency,available',
          `nb-small,${site},1,1024,10,5,EUR,3`,
        ),
      },
      { source: 'hq' },
    );
    emptied = carriers;
    const report = await run({ confirmedRemovals: 100_000 });
    expect(report.imported).toBe(true);
    const known = inventoryKinds.filter(
      (kind) => !['teams', 'latencies', 'providers', 'offers'].includes(kind),
    );
    expect(Object.keys(report.counts)).toEqual(known);
    for (const table of ['team', 'datacentre_latency', 'offer']) {
      expect(await count(table, 'hq'), table).toBeGreaterThan(0);
    }
    expect(await count('service', 'manual')).toBe(1);
    expect(await count('solution', 'manual')).toBe(1);
  });

  it('names the known sources when asked for another one', async () => {
    await expect(netbox.import('elsewhere', { importedBy: 'ana' })).rejects.toMatchObject({
      kind: 'not-found',
      remedy: expect.stringContaining('hq') as string,
    });
    expect(netbox.sources()).toEqual([{ name: 'hq', url: server.url }]);
  });
});
