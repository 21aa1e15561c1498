import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createDatabase } from '../../adapters/postgres/database.ts';
import { loadCompany } from '../../adapters/inventory-engine/load-company.ts';
import { migrateDatabase } from '../../migrations/migrate.ts';
import { startPostgres } from '../../platform/embedded/start-postgres.ts';
import { writeInventory } from '../../tools/generate-inventory.ts';
import { benchConflicts } from './conflicts.ts';
import { benchEventLoop } from './event-loop.ts';
import { benchGrowth } from './growth.ts';
import { benchImport } from './import.ts';
import { benchLoad } from './load.ts';
import { connect, heading, seconds } from './report.ts';
import { benchSpread } from './spread.ts';

/**
 * `npm run bench:impact -- [--services 1500000] [--only load,growth]`: the hosting company in memory beside
 * PostgreSQL and beside the bare parts, all in one run on one machine. What counts are the ratios. Answers of
 * the engine and of SQL are compared item by item: a difference ends the run with exit code 1, as does an event
 * loop that stands still.
 */
const sections = ['load', 'impact', 'conflicts', 'event-loop', 'growth'] as const;
const { values } = parseArgs({
  options: {
    services: { type: 'string', default: '1500000' },
    interventions: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    /** For work on some of it alone; all but growth import the inventory first. */
    only: { type: 'string', default: sections.join() },
  },
});
const options = { services: Number(values.services), seed: Number(values.seed) };
const interventions = Number(values.interventions);
const chosen = new Set<string>(values.only.split(','));
const unknown = [...chosen].filter((name) => !(sections as readonly string[]).includes(name));
if (unknown.length > 0) {
  throw new Error(`no such section: ${unknown.join(', ')} (there are ${sections.join(', ')})`);
}
const isChosen = (...names: (typeof sections)[number][]): boolean =>
  names.some((name) => chosen.has(name));

if (isChosen('load', 'impact', 'conflicts', 'event-loop')) await benchBesidePostgres();
if (isChosen('growth')) benchGrowth(options);

async function benchBesidePostgres(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'ctc-bench-'));
  const postgres = await startPostgres({
    directory: join(directory, 'postgres'),
    // A server that is given what it needs: the comparison is with SQL, not with small caches.
    settings: {
      shared_buffers: '2GB',
      work_mem: '128MB',
      maintenance_work_mem: '512MB',
      max_wal_size: '8GB',
      random_page_cost: '1.1',
    },
  });
  const database = createDatabase({ url: postgres.url, poolMax: 8 });
  try {
    await migrateDatabase(postgres.url);
    const files = join(directory, 'files');
    const generated = await seconds(() => writeInventory(files, options));
    console.log(
      `${options.services.toLocaleString('en')} services generated in ${generated.toFixed(1)} s (not counted)`,
    );

    const imported = await benchImport({ url: postgres.url, database, files });
    if (isChosen('load', 'impact', 'conflicts')) await compare(postgres.url, imported);
    if (isChosen('event-loop')) {
      if (!(await benchEventLoop({ url: postgres.url, files, options }))) process.exitCode = 1;
    }
  } finally {
    await database.destroy();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Compared {
  readonly oursSeconds: number;
  readonly bareSeconds: number;
}

/** Load, impact and conflicts beside SQL. */
async function compare(url: string, imported: Compared): Promise<void> {
  if (isChosen('load')) {
    const loaded = await benchLoad({ url });
    heading('From files to the first answer');
    const ours = imported.oursSeconds + loaded.oursSeconds;
    const bare = imported.bareSeconds + loaded.bareSeconds;
    console.log(
      `import and load ${ours.toFixed(1)} s, bare \\copy in and binary COPY out ${bare.toFixed(1)} s: ratio ${(ours / bare).toFixed(2)}`,
    );
  }
  if (!isChosen('impact', 'conflicts')) return;
  const client = await connect(url);
  const company = await loadCompany(client);
  if (isChosen('impact')) await benchSpread({ client, company, options });
  if (isChosen('conflicts')) await benchConflicts({ client, company, options, interventions });
  await client.end();
}
