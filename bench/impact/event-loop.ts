import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Knex } from 'knex';
import { createInventoryEngine } from '../../adapters/inventory-engine/create-inventory-engine.ts';
import { storeAssessment } from '../../adapters/postgres/assessment-store.ts';
import { interventionOf } from '../../adapters/postgres/conflict-store.ts';
import { createDatabase } from '../../adapters/postgres/database.ts';
import { createImpactSnapshots } from '../../adapters/postgres/impact-snapshots.ts';
import { createInventoryExporter } from '../../adapters/postgres/inventory-exporter.ts';
import { createInventoryImporter } from '../../adapters/postgres/inventory-importer.ts';
import type { Disturbance } from '../../domain/impact/impact.ts';
import { inventoryFormats, inventoryKinds } from '../../domain/inventory/inventory-kinds.ts';
import type { InventoryEngine } from '../../domain/impact/ports.ts';
import type { InventoryPart } from '../../domain/inventory/ports.ts';
import { addPrincipal, insertChange, manualRequest } from '../../test/support/company-database.ts';
import { generateInterventions } from '../../tools/intervention-generator.ts';
import { largestDisturbances, type GeneratorOptions } from '../../tools/inventory-generator.ts';
import { heading } from './report.ts';
import { standstillOf } from './standstill.ts';

/** Nothing may keep a process from its other work for longer. */
const limitMs = 50;
const others = 400;
const dayMs = 86_400_000;

/**
 * How long the event loop of a process stands still while its engine, imports and exports work: measured in a
 * process of its own that uses them as the API does. Returns whether it was never longer than the limit.
 */
export async function benchEventLoop({
  url,
  files,
  options,
}: {
  readonly url: string;
  readonly files: string;
  readonly options: GeneratorOptions;
}): Promise<boolean> {
  heading('Standstill of the event loop');
  const child = spawn(
    process.execPath,
    [
      ...['--disable-warning=ExperimentalWarning', import.meta.filename, '--measure'],
      ...[url, files, String(options.services), String(options.seed)],
    ],
    { stdio: 'inherit' },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

interface Parts {
  readonly database: Knex;
  readonly engine: InventoryEngine;
  readonly files: string;
  readonly options: GeneratorOptions;
}

/** By what is going on; each is told from the others so that it is known what to mend. */
const steps: Readonly<Record<string, (parts: Parts) => Promise<unknown>>> = {
  'loading the company': ({ engine }) => engine.touchedSince(0),

  'the largest impacts': ({ engine, options }) =>
    eachLargest(options, async (disturbances) => {
      // The most that a request may ask for, made into an answer as the API does.
      JSON.stringify(await engine.assess(disturbances, 1000));
    }),

  'snapshots and lists of them': async ({ database, engine, options }) => {
    const changes: string[] = [];
    await eachLargest(options, async (disturbances) => {
      changes.push(await storeChange(database, engine, disturbances));
    });
    const snapshots = createImpactSnapshots(database, engine);
    const [largest = ''] = changes;
    await snapshots.difference(largest);
    for (const kind of ['services', 'customers'] as const) {
      for await (const rows of snapshots.affected(largest, kind)) JSON.stringify(rows);
    }
  },

  'conflicts and free windows': async ({ database, engine }) => {
    const changes = await database('change').pluck<string[]>('id');
    for (const change of changes.slice(-50)) {
      const asIf = { change, intervention: await interventionOf(database, change) };
      JSON.stringify(await engine.conflictsOf(asIf));
      const range = asIf.intervention?.window ?? { opensAtMs: 0, closesAtMs: 1 };
      JSON.stringify(await engine.crowdsIn(asIf, range));
      await engine.locksOf(change);
      const search = { notBeforeMs: range.opensAtMs, horizonMs: 30 * dayMs, count: 5 };
      JSON.stringify(await engine.freeWindows(change, search));
    }
  },

  'exports in both formats': async ({ database }) => {
    const exporter = createInventoryExporter(database);
    for (const format of inventoryFormats) {
      for (const kind of inventoryKinds) {
        const { stream } = await exporter.export(kind, { format });
        await finished((stream as unknown as Readable).resume());
      }
    }
  },

  'an import of everything': async ({ database, files }) => {
    await importAll(database, (kind) => ({
      kind,
      format: 'csv',
      stream: createReadStream(join(files, `${kind}.csv`)),
    }));
  },

  // The engine follows it while it answers.
  'an import as NDJSON, impacts meanwhile': async ({ database, engine, options }) => {
    const exporter = createInventoryExporter(database);
    const going = new AbortController();
    const asking = (async () => {
      while (!going.signal.aborted) {
        await eachLargest(options, (disturbances) => engine.assess(disturbances, 1000));
      }
    })();
    await importAll(database, async (kind) => {
      const { stream } = await exporter.export(kind, { format: 'ndjson' });
      return { kind, format: 'ndjson', stream };
    });
    going.abort();
    await asking;
  },
};

async function eachLargest(
  options: GeneratorOptions,
  ask: (disturbances: readonly Disturbance[]) => Promise<unknown>,
): Promise<void> {
  for (const { disturbances } of largestDisturbances(options)) await ask(disturbances);
}

async function importAll(
  database: Knex,
  open: (kind: InventoryPart['kind']) => InventoryPart | Promise<InventoryPart>,
): Promise<void> {
  async function* parts() {
    for (const kind of inventoryKinds) yield await open(kind);
  }
  const report = await createInventoryImporter(database).import(parts(), { importedBy: 'bench' });
  if (!report.imported) throw new Error(JSON.stringify(report.badLines.slice(0, 5)));
}

/** A change that disturbs these, assessed. */
async function storeChange(
  database: Knex,
  engine: InventoryEngine,
  disturbances: readonly Disturbance[],
): Promise<string> {
  const snapshot = await engine.snapshot(disturbances, 1000);
  const request = manualRequest({ start: '2027-01-10T01:00', end: '2027-01-10T05:00' });
  const changeId = await insertChange(database, 'bench', {
    ...request,
    department: await firstDepartment(database),
    affects: [...disturbances],
  });
  const at = new Date().toISOString();
  const assessment = { changeId, revision: 1, snapshot, plan: {}, planHash: 'none' };
  await database.transaction((trx) =>
    storeAssessment(trx, engine, { ...assessment, approvalExpiresAt: at, at } as never),
  );
  return changeId;
}

async function firstDepartment(database: Knex): Promise<string> {
  const row = await database('department').first<{ id: string }>('id');
  return row.id;
}

/** Interventions of others, that there is something to be in conflict with. */
async function plan(database: Knex, options: GeneratorOptions): Promise<void> {
  await addPrincipal(database, 'bench');
  const fromMs = Date.UTC(2027, 0, 5);
  const given = { inventory: options, count: others, seed: options.seed, fromMs, days: 10 };
  const minute = (ms: number) => new Date(ms).toISOString().slice(0, 16);
  for (const { department, items, opensAtMs, closesAtMs } of generateInterventions(given)) {
    const request = manualRequest({ start: minute(opensAtMs), end: minute(closesAtMs) });
    await insertChange(database, 'bench', {
      ...request,
      department,
      affects: [...items],
    });
  }
  await database('change').update({
    intervention_seq: database.raw(`nextval('intervention_seq')`),
  });
}

async function measure(url: string, files: string, options: GeneratorOptions): Promise<void> {
  const database = createDatabase({ url, poolMax: 10 });
  await plan(database, options);
  const engine = createInventoryEngine({
    databaseUrl: url,
    settings: { customerDistanceMs: dayMs },
    waitMs: 600_000,
  });
  let worstMs = 0;
  for (const [name, step] of Object.entries(steps)) {
    const found = await standstillOf(() => step({ database, engine, files, options }));
    worstMs = Math.max(worstMs, found.computedMs);
    const [p99, longest, computed] = [found.p99Ms, found.longestMs, found.computedMs].map((ms) =>
      ms.toFixed(1).padStart(6),
    );
    console.log(
      `${name.padEnd(40)} p99 ${p99} ms, longest ${longest} ms, computed without a break ${computed} ms`,
    );
  }
  console.log(`computed without a break ${worstMs.toFixed(1)} ms (aim: ${limitMs} at most)`);
  if (worstMs > limitMs) process.exitCode = 1;
  await engine.close();
  await database.destroy();
}

const [, , flag, url = '', files = '', services = '', seed = ''] = process.argv;
if (flag === '--measure') {
  await measure(url, files, { services: Number(services), seed: Number(seed) });
}
