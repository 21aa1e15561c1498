import type { Knex } from 'knex';
import { v7 as uuid } from 'uuid';
import { DomainError, isDomainError } from '../../domain/errors.ts';
import { inventoryKinds, type InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import {
  badLinesKept,
  type BadLine,
  type ImportCounts,
  type ImportOptions,
  type ImportReport,
  type InventoryImporter,
  type InventoryPart,
} from '../../domain/inventory/ports.ts';
import { checkStagedRows } from './inventory-checks.ts';
import { noteUnplannedItems } from './unauthorised-changes.ts';
import { appendToLedger } from './ledger-append.ts';
import { completeNeeds, completePrices, mergeStagedRows } from './inventory-merge.ts';
import { findForeignRows, leaveForeignRows } from './inventory-ownership.ts';
import { createImportProgress, type ProgressReporter } from './inventory-progress.ts';
import { findGroupsOfRemoved } from './inventory-references.ts';
import {
  checkRemovals,
  guardRemovals,
  removeRows,
  stageMissingRows,
} from './inventory-removals.ts';
import { readRows } from './inventory-rows.ts';
import { copyToStaging, createStagingTable } from './inventory-staging.ts';
import { isForeignKeyViolation } from './postgres-errors.ts';

/** Imports are one after the other; any number that nothing else locks. */
const importLock = 7_205_931_165n;

/** Announced when an import commits, with its version. */
export const inventoryChannel = 'ctc_inventory';

/** Rolls the transaction back and carries the report out of it. */
class NothingStored extends Error {
  readonly report: ImportReport;
  constructor(report: ImportReport) {
    super('nothing stored');
    this.report = report;
  }
}

interface Staged {
  /** Rows read of each kind, those to remove included. */
  readonly rows: ReadonlyMap<InventoryKind, number>;
  readonly staged: ReadonlySet<InventoryKind>;
  readonly removals: ReadonlySet<InventoryKind>;
}

/**
 * Imports by COPY into temporary tables, checks there, and stores all in one transaction. How far it is can
 * be seen from outside by its id.
 */
export function createInventoryImporter(db: Knex): InventoryImporter {
  const progress = createImportProgress(db);
  return {
    async import(parts, options) {
      const reporter = await progress.start(options.importId ?? uuid(), options.importedBy);
      let report: ImportReport;
      try {
        report = await db.transaction((trx) => importParts(trx, parts, options, reporter));
      } catch (error) {
        if (error instanceof NothingStored) {
          await reporter.end(error.report.badLineCount > 0 ? 'refused' : 'dry-run');
          return error.report;
        }
        const inUse = isForeignKeyViolation(error);
        await reporter.end(inUse || isDomainError(error) ? 'refused' : 'failed');
        if (inUse) {
          throw new DomainError('refused', `What is to go is still in use: ${error.detail ?? ''}`, {
            code: 'inventory-row-in-use',
            remedy: 'Remove or change what uses it first. Nothing was stored.',
            cause: error,
          });
        }
        throw error;
      }
      await reporter.end('imported');
      return report;
    },
    progress: async (importId) => progress.read(importId),
  };
}

async function importParts(
  trx: Knex.Transaction,
  parts: AsyncIterable<InventoryPart>,
  options: ImportOptions,
  progress: ProgressReporter,
): Promise<ImportReport> {
  const { importedBy, source = 'manual', dryRun = false } = options;
  // For this transaction: the joins of a full import fit into memory.
  await trx.raw(`set local work_mem = '256MB'`);
  const faults = collectFaults();
  const files = await stageParts(trx, parts, faults.add, progress);
  if (files.rows.size === 0) {
    throw new DomainError('invalid', 'The import has no file.', {
      code: 'inventory-import-empty',
      remedy: `Give at least one file of ${inventoryKinds.join(', ')}.`,
    });
  }
  // Taken only now, so that a slow upload keeps nobody else waiting.
  await trx.raw('select pg_advisory_xact_lock(?)', [importLock.toString()]);
  progress.enter('checking');
  const version = await nextVersion(trx);
  const { kept, going } = await check(trx, files, options, faults);

  const counts: Partial<Record<InventoryKind, ImportCounts>> = {};
  if (faults.result().badLineCount === 0) {
    for (const kind of inventoryKinds) {
      if (!files.staged.has(kind)) continue;
      progress.enter('storing', kind);
      const { removed = 0, ...changes } = await mergeStagedRows(trx, kind, { source, version });
      counts[kind] = { rows: 0, removed, kept: kept.get(kind) ?? 0, ...changes };
    }
    const gone = await removeRows(trx, going);
    faults.merge(gone);
    for (const kind of inventoryKinds) {
      const removed = gone.removed[kind];
      if (removed !== undefined) add(counts, kind, { removed });
    }
  }
  for (const [kind, rows] of files.rows) add(counts, kind, { rows });

  const { badLines, badLineCount } = faults.result();
  if (dryRun || badLineCount > 0) {
    throw new NothingStored({
      imported: false,
      counts: badLineCount > 0 ? onlyRows(counts) : counts,
      badLines,
      badLineCount,
    });
  }
  await trx('inventory_import').insert({
    id: uuid(),
    version,
    source,
    imported_at: trx.fn.now(),
    imported_by: importedBy,
    counts: JSON.stringify(counts),
  });
  await appendToLedger(trx, {
    actor: importedBy,
    action: 'inventory.imported',
    subject: { kind: 'inventory', id: String(version) },
    details: { source, counts },
  });
  await noteUnplannedItems(trx, { version, source, by: importedBy });
  await trx.raw('select pg_notify(?, ?)', [inventoryChannel, String(version)]);
  return { imported: true, version, counts, badLines, badLineCount };
}

async function nextVersion(trx: Knex.Transaction): Promise<number> {
  const { rows } = await trx.raw<{ rows: { version: number }[] }>(
    `select (coalesce(max(version), 0) + 1)::integer as version from inventory_import`,
  );
  const version = rows[0]?.version ?? 1;
  await trx.raw(`select set_config('ctc.inventory_version', ?, true)`, [String(version)]);
  return version;
}

async function stageParts(
  trx: Knex.Transaction,
  parts: AsyncIterable<InventoryPart>,
  report: (bad: BadLine) => void,
  progress: ProgressReporter,
): Promise<Staged> {
  const rows = new Map<InventoryKind, number>();
  const seen = new Set<string>();
  const staged = new Set<InventoryKind>();
  const removals = new Set<InventoryKind>();
  for await (const part of parts) {
    const { kind, removes = false } = part;
    const name = removes ? `${kind} to remove` : kind;
    if (seen.has(name)) {
      throw new DomainError('invalid', `The import has two files of ${name}.`, {
        code: 'inventory-import-kind-twice',
        remedy: 'Join them, or import one after the other.',
      });
    }
    seen.add(name);
    (removes ? removals : staged).add(kind);
    progress.enter('reading', kind);
    await createStagingTable(trx, part);
    const before = rows.get(kind) ?? 0;
    const count = await copyToStaging(trx, part, readRows(part, report), (read) =>
      progress.count(read),
    );
    rows.set(kind, before + count);
  }
  return { rows, staged, removals };
}

/** Everything that only the rows together, and with what is stored, can show. */
async function check(
  trx: Knex.Transaction,
  { staged, removals }: Staged,
  options: ImportOptions,
  faults: ReturnType<typeof collectFaults>,
): Promise<{ kept: Map<InventoryKind, number>; going: InventoryKind[] }> {
  const { source = 'manual', foreignRows = 'refuse', complete = false } = options;
  faults.merge(await checkStagedRows(trx, staged, faults.kinds));
  const kept = new Map<InventoryKind, number>();
  const going = new Set(removals);
  if (faults.result().badLineCount > 0) return { kept, going: [] };

  if (staged.has('dependencies')) await completeNeeds(trx);
  if (staged.has('offers')) await completePrices(trx);
  for (const kind of staged) {
    if (complete) {
      if (!removals.has(kind)) await createStagingTable(trx, { kind, removes: true });
      await stageMissingRows(trx, kind, source);
      going.add(kind);
    }
    if (foreignRows === 'keep') kept.set(kind, await leaveForeignRows(trx, kind, source));
    else faults.merge(await findForeignRows(trx, kind, source));
  }
  for (const kind of removals) {
    faults.merge(await checkRemovals(trx, kind, source, staged.has(kind)));
  }
  if (staged.has('dependencies')) faults.merge(await findGroupsOfRemoved(trx, going));
  // Whoever has bad lines mends them first: the numbers may be others then.
  const kinds = inventoryKinds.filter((kind) => going.has(kind));
  if (kinds.length > 0 && faults.result().badLineCount === 0) {
    await guardRemovals(trx, kinds, options.confirmedRemovals);
  }
  return { kept, going: kinds };
}

const nothing: ImportCounts = { rows: 0, inserted: 0, updated: 0, removed: 0, kept: 0 };

function add(
  counts: Partial<Record<InventoryKind, ImportCounts>>,
  kind: InventoryKind,
  more: Partial<ImportCounts>,
): void {
  const sum = { ...(counts[kind] ?? nothing) };
  for (const [name, value] of Object.entries(more)) sum[name as keyof ImportCounts] += value;
  counts[kind] = sum;
}

const onlyRows = (counts: Partial<Record<InventoryKind, ImportCounts>>) =>
  Object.fromEntries(
    Object.entries(counts).map(([kind, { rows }]) => [kind, { ...nothing, rows }]),
  );

function collectFaults() {
  const kept: BadLine[] = [];
  const kinds = new Set<InventoryKind>();
  let count = 0;
  const keep = (bad: BadLine) => {
    kinds.add(bad.kind);
    if (kept.length < badLinesKept) kept.push(bad);
  };
  return {
    kinds,
    add: (bad: BadLine) => {
      count += 1;
      keep(bad);
    },
    merge: (found: { badLines: readonly BadLine[]; badLineCount: number }) => {
      count += found.badLineCount;
      found.badLines.forEach(keep);
    },
    result: () => ({
      badLines: kept.sort(
        (a, b) =>
          inventoryKinds.indexOf(a.kind) - inventoryKinds.indexOf(b.kind) || a.line - b.line,
      ),
      badLineCount: count,
    }),
  };
}
