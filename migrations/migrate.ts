import knex from 'knex';
import { migrationSource } from './index.ts';

/** Any number does, as long as every CTC process uses the same one and nobody else does. */
const advisoryLock = 7_205_931_164n;

/**
 * Brings the database to the newest schema: one shot, safe to run from several processes at once (the
 * others wait and find nothing to do), all or nothing. Returns the names of the migrations it ran.
 */
export async function migrateDatabase(databaseUrl: string): Promise<string[]> {
  const database = knex({ client: 'pg', connection: databaseUrl, pool: { min: 1, max: 2 } });
  try {
    return await database.transaction(async (transaction) => {
      await transaction.raw('select pg_advisory_xact_lock(?)', [advisoryLock.toString()]);
      const [, names] = (await transaction.migrate.latest({
        migrationSource,
        tableName: 'schema_migration',
        disableTransactions: true,
      })) as [number, string[]];
      return names;
    });
  } finally {
    await database.destroy();
  }
}
