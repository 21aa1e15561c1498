import type { Knex } from 'knex';
import { toHex } from '../../domain/ledger/bytes.ts';
import type { Checkpoint } from '../../domain/ledger/entry.ts';
import {
  checkpointLine,
  entryLine,
  exportFormat,
  type ExportHeader,
} from '../../domain/ledger/export-lines.ts';
import type { LedgerKeyView } from '../../domain/ledger/ports.ts';
import { subtreesOf } from '../../domain/ledger/tree.ts';
import { canonicalJson } from '../canonical-hash.ts';
import { toCheckpoint, type CheckpointRow } from './ledger-checkpoints.ts';
import { rangeRoots } from './ledger-tree.ts';

const batchSize = 1_000;

type SizedCheckpointRow = CheckpointRow & { readonly tree_size: number };

/**
 * The log up to the checkpoint, a line with its line feed at a time. Entries never change: no snapshot is held
 * while the reader takes its time.
 */
export async function* exportLines(
  database: Knex,
  checkpoint: Checkpoint,
  keys: readonly LedgerKeyView[],
): AsyncGenerator<string> {
  const { origin, treeSize } = checkpoint.note;
  const pruned = await readPruned(database);
  const header: ExportHeader = { format: exportFormat, origin, keys, checkpoint, pruned };
  yield `${canonicalJson(header)}\n`;
  for (let size = pruned?.size ?? 0; size < treeSize;) {
    const until = Math.min(treeSize, size + batchSize);
    const entries = await database('ledger_entry')
      .where('sequence', '>', size)
      .where('sequence', '<=', until)
      .orderBy('sequence')
      .select<{ sequence: number; leaf: string; hash: Buffer }[]>('sequence', 'leaf', 'hash');
    if (entries.length < until - size) {
      throw new Error('the log was pruned while it was exported; export it again');
    }
    const checkpoints = await database('ledger_checkpoint')
      .where('tree_size', '>', size)
      .where('tree_size', '<=', until)
      .select<SizedCheckpointRow[]>('tree_size', 'note', 'signature');
    const after = new Map(checkpoints.map((row) => [row.tree_size, row]));
    let lines = '';
    for (const { sequence, leaf, hash } of entries) {
      lines += `${entryLine(leaf, toHex(hash))}\n`;
      const row = after.get(sequence);
      if (row !== undefined) {
        lines += `${checkpointLine(row.note, row.signature.toString('base64'))}\n`;
      }
    }
    yield lines;
    size = until;
  }
}

async function readPruned(database: Knex): Promise<ExportHeader['pruned']> {
  const { size } = await database('ledger_head').first<{ size: number }>('pruned_size as size');
  if (size === 0) return null;
  const row = await database('ledger_checkpoint').where({ tree_size: size }).first<CheckpointRow>();
  const subtrees = subtreesOf({ begin: 0, end: size }).map(({ level, position }) => ({
    begin: position * 2 ** level,
    end: (position + 1) * 2 ** level,
  }));
  const hashes = await rangeRoots(database, subtrees);
  return { size, hashes: hashes.map(toHex), checkpoint: toCheckpoint(row) };
}
