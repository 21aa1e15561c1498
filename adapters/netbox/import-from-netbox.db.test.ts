import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNetboxDump } from '../../test/support/netbox-dump.ts';
import { startNetboxServer } from '../../test/support/netbox-server.ts';
import { createTestDatabase } from '../../test/support/postgres.ts';
import { createDatabase } from '../postgres/database.ts';
import { createInventoryImporter } from '../postgres/inventory-importer.ts';
import { netboxParts } from './import-from-netbox.ts';
import { createNetboxClient } from './netbox-client.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Knex;
let server: Awaited<ReturnType<typeof startNetboxServer>>;
beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase({ url: database.url, poolMax: 2 });
  server = await startNetboxServer({ dump: readNetboxDump(), token: 'reader' });
});
afterAll(async () => {
  await server.close();
  await db.destroy();
  await database.drop();
});

describe("NetBox's demo data in the database", () => {
  it('is imported whole, and changes nothing the second time', async () => {
    const { parts, counts } = await netboxParts(
      createNetboxClient({ url: server.url, token: 'reader' }),
      {
        country: 'ES',
        driver: 'local',
        availabilityPercent: 99.9,
        userLatencyMs: 10,
        contractLevel: 'business',
        departments: [{ id: 'infrastructure', name: 'Infrastructure' }],
      },
    );
    const importer = createInventoryImporter(db);
    const first = await importer.import(parts, { importedBy: 'ana' });
    expect(first.badLines).toEqual([]);
    expect(first.imported).toBe(true);
    const again = await importer.import(parts, { importedBy: 'ana' });
    for (const [kind, rows] of Object.entries(counts)) {
      const of = (report: typeof first) => report.counts[kind as keyof typeof counts];
      expect(of(first)).toMatchObject({ rows, inserted: rows });
      expect(of(again)).toMatchObject({ rows, inserted: 0, updated: 0, removed: 0 });
    }
  });
});
