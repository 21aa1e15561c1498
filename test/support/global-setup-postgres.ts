import { rm } from 'node:fs/promises';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrateDatabase } from '../../migrations/migrate.ts';
import { startPostgres } from '../../platform/embedded/start-postgres.ts';
import { createRunDirectory } from './run-directory.ts';
import { sharedOnce } from './shared-once.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The superuser's URL of the run's PostgreSQL, to its database `postgres`. */
    postgresAdminUrl: string;
    /** The migrated database that createTestDatabase clones. */
    postgresTemplate: string;
  }
}

const template = 'ctc_template';

async function start() {
  const directory = await createRunDirectory('postgres');
  const postgres = await startPostgres({ directory, durable: false, maxConnections: 300 });
  const stop = async () => {
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const adminUrl = withDatabase(postgres.url, 'postgres');
    const client = new pg.Client({ connectionString: adminUrl });
    await client.connect();
    await client.query(`create database ${template}`);
    await client.end();
    await migrateDatabase(withDatabase(postgres.url, template));
    return { value: adminUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** One PostgreSQL per vitest run, shared by the projects that need one; data in a temporary directory. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { value, release } = await sharedOnce('postgres', start);
  project.provide('postgresAdminUrl', value);
  project.provide('postgresTemplate', template);
  return release;
}
