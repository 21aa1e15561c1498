import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import type { InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import type { ImportPhase, ImportProgress } from '../../domain/inventory/ports.ts';

export interface ProgressReporter {
  /** Written as soon as a connection is free, and never waited for. */
  enter(phase: ImportPhase, kind?: InventoryKind): void;
  /** Rows of the kind at hand; written once a second at most, and never waited for. */
  count(rows: number): void;
  /** Never throws: what became of the import does not depend on whether that could be written down. */
  end(outcome: NonNullable<ImportProgress['outcome']>): Promise<void>;
}

const writeEveryMs = 1000;

/** How far each import is, outside its transaction, so that every process can see it. */
export function createImportProgress(db: Knex): {
  start(importId: string, startedBy: string): Promise<ProgressReporter>;
  read(importId: string): Promise<ImportProgress>;
} {
  return {
    async start(importId, startedBy) {
      const now = () => new Date().toISOString();
      const taken = await db('inventory_progress')
        .insert({
          import_id: importId,
          started_at: now(),
          updated_at: now(),
          started_by: startedBy,
          phase: 'reading',
          rows: 0,
        })
        .onConflict('import_id')
        .ignore()
        .returning('import_id');
      if (taken.length === 0) {
        throw new DomainError('conflict', `There is an import ${importId} already.`, {
          code: 'import-id-taken',
          remedy: 'Give each import a new id.',
        });
      }
      let before = 0;
      let current = 0;
      let writtenAtMs = performance.now();
      /** One after the other, each with what is known when it is its turn. */
      let written = Promise.resolve();
      let waiting: Record<string, unknown> | undefined;
      const writeWaiting = async () => {
        const columns = waiting;
        if (columns === undefined) return;
        waiting = undefined;
        await db('inventory_progress')
          .where({ import_id: importId })
          .update({ updated_at: now(), rows: before + current, ...columns });
      };
      // The import holds a connection already: waiting here for a second one, imports that hold all there are
      // would wait for each other. A report that is lost costs nothing: the next one says more.
      const write = (columns: Record<string, unknown>) => {
        waiting = { ...waiting, ...columns };
        written = written.then(writeWaiting).catch(() => undefined);
        return written;
      };
      return {
        enter(phase, kind) {
          before += current;
          current = 0;
          void write({ phase, kind: kind ?? null });
        },
        count(rows) {
          current = rows;
          if (performance.now() - writtenAtMs < writeEveryMs) return;
          writtenAtMs = performance.now();
          void write({});
        },
        async end(outcome) {
          await write({ phase: 'done', kind: null, outcome });
        },
      };
    },

    async read(importId) {
      const row = await db('inventory_progress').where({ import_id: importId }).first<
        | {
            started_at: string;
            updated_at: string;
            started_by: string;
            phase: ImportPhase;
            kind: InventoryKind | null;
            rows: number;
            outcome: ImportProgress['outcome'];
          }
        | undefined
      >();
      if (row === undefined) {
        throw new DomainError('not-found', `There is no import ${importId}.`, {
          code: 'import-not-found',
        });
      }
      return {
        id: importId,
        startedAt: row.started_at,
        updatedAt: row.updated_at,
        startedBy: row.started_by,
        phase: row.phase,
        kind: row.kind,
        rows: row.rows,
        outcome: row.outcome,
      };
    },
  };
}
