import type { Knex } from 'knex';
import { v7 as uuid } from 'uuid';
import { DomainError } from '../../domain/errors.ts';
import { inventoryKinds, type InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import {
  badLinesKept,
  type BadLine,
  type ImportCounts,
  type ImportReport,
  type InventoryImporter,
  type InventoryPart,
} from '../../domain/inventory/ports.ts';
import { checkStagedRows } from './inventory-checks.ts';
import { readRows } from './inventory-rows.ts';
import { copyToStaging, createStagingTables } from './inventory-staging.ts';
import { storeStagedRows } from './inventory-upserts.ts';

/** Imports are one after the other; any number that nothing else locks. */
const importLock = 7_205_931_165n;

/** Rolls the transaction back and carries the report out of it. */
class NothingStored extends Error {
  readonly report: ImportReport;
  constructor(report: ImportReport) {
    super('nothing stored');
    this.report = report;
  }
}

/** Imports by COPY into temporary tables, checks there, and stores all in one transaction. */
export function createInventoryImporter(db: Knex): InventoryImporter {
  return {
    async import(parts, { importedBy, dryRun = false }) {
      try {
        return await db.transaction(async (trx) => {
          const faults = collectFaults();
          const rows = await stageParts(trx, parts, faults.add);
          if (rows.size === 0) {
            throw new DomainError('invalid', 'The import has no file.', {
              code: 'inventory-import-empty',
              remedy: `Give at least one file of ${inventoryKinds.join(', ')}.`,
            });
          }
          // Taken only now, so that a slow upload keeps nobody else waiting.
          await trx.raw('select pg_advisory_xact_lock(?)', [importLock.toString()]);
          faults.merge(await checkStagedRows(trx, new Set(rows.keys()), faults.kinds));

          const { badLines, badLineCount } = faults.result();
          const counts: Partial<Record<InventoryKind, ImportCounts>> = {};
          for (const kind of inventoryKinds) {
            const count = rows.get(kind);
            if (count === undefined) continue;
            const changes =
              badLineCount === 0
                ? await storeStagedRows(trx, kind)
                : { inserted: 0, updated: 0, removed: 0 };
            counts[kind] = { rows: count, ...changes };
          }
          if (dryRun || badLineCount > 0) {
            throw new NothingStored({ imported: false, counts, badLines, badLineCount });
          }
          const [record] = await trx('inventory_import')
            .insert({
              id: uuid(),
              imported_at: trx.fn.now(),
              imported_by: importedBy,
              counts: JSON.stringify(counts),
            })
            .returning<{ version: string }[]>('version');
          return {
            imported: true,
            version: Number(record?.version),
            counts,
            badLines,
            badLineCount,
          };
        });
      } catch (error) {
        if (error instanceof NothingStored) return error.report;
        throw error;
      }
    },
  };
}

async function stageParts(
  trx: Knex.Transaction,
  parts: AsyncIterable<InventoryPart>,
  report: (bad: BadLine) => void,
): Promise<Map<InventoryKind, number>> {
  const rows = new Map<InventoryKind, number>();
  for await (const part of parts) {
    if (rows.has(part.kind)) {
      throw new DomainError('invalid', `The import has two files of ${part.kind}.`, {
        code: 'inventory-import-kind-twice',
        remedy: 'Join them, or import one after the other.',
      });
    }
    await createStagingTables(trx, [part.kind]);
    rows.set(part.kind, await copyToStaging(trx, part.kind, readRows(part, report)));
  }
  return rows;
}

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
