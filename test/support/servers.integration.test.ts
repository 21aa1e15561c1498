import { describe, expect, it } from 'vitest';
import pg from 'pg';
import { createTestDatabase } from './postgres.ts';
import { connectToTemporal } from './temporal.ts';

describe("the run's servers", () => {
  it('clone migrated databases that do not share rows', async () => {
    const databases = await Promise.all([1, 2, 3, 4].map(async () => createTestDatabase()));
    for (const [index, { url }] of databases.entries()) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query('create table mine (value integer)');
      const { rows } = await client.query<{ count: string }>(
        'select count(*) from schema_migration',
      );
      expect(Number(rows[0]?.count), `database ${index.toString()}`).toBeGreaterThan(0);
      await client.end();
    }
    await Promise.all(databases.map(async (database) => database.drop()));
  });

  it('answer as a real Temporal that can list workflows', async () => {
    const temporal = await connectToTemporal();
    const found = [];
    for await (const workflow of temporal.client.workflow.list({ query: 'WorkflowId = "none"' })) {
      found.push(workflow);
    }
    expect(found).toEqual([]);
    await temporal.teardown();
  });
});
