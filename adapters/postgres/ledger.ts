import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import { toHex } from '../../domain/ledger/bytes.ts';
import {
  ledgerActions,
  type LedgerEntry,
  type LedgerSubject,
  type Sealed,
} from '../../domain/ledger/entry.ts';
import type { Ledger, LedgerKeyView, StoredLedgerEntry } from '../../domain/ledger/ports.ts';
import { consistencyRanges, inclusionRanges } from '../../domain/ledger/proofs.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { appendToLedger } from './ledger-append.ts';
import {
  checkpointedSize,
  lockCheckpoints,
  toCheckpoint,
  writeCheckpoint,
  type CheckpointerDeps,
  type CheckpointRow,
} from './ledger-checkpoints.ts';
import { exportLines } from './ledger-export.ts';
import { eraseKeys, keysOf, openSealed } from './subject-keys.ts';
import { keepCompactRange, rangeRoots } from './ledger-tree.ts';

interface EntryRow {
  readonly leaf: string;
  readonly hash: Buffer;
}

const sequencePattern = /^\d{1,15}$/;
const ledgerSubject = async (trx: Knex) => {
  const { origin } = await trx('ledger_head').first<{ origin: string }>('origin');
  return { kind: 'ledger', id: origin };
};

/** The intervention log as it is read, exported and pruned; entries come by appendToLedger. */
export function createLedger(deps: CheckpointerDeps): Ledger {
  const { database, now } = deps;
  return {
    record: (entry) => database.transaction((trx) => appendToLedger(trx, entry)),

    async list({ limit, cursor, ...filter }) {
      const query = database('ledger_entry')
        .orderBy('sequence', 'desc')
        .limit(limit + 1);
      const { actor, action, subjectKind, subjectId, from, before } = filter;
      if (actor !== undefined) void query.where({ actor });
      if (action !== undefined) void query.where({ action });
      if (subjectKind !== undefined) void query.where({ subject_kind: subjectKind });
      if (subjectId !== undefined) void query.where({ subject_id: subjectId });
      if (from !== undefined) void query.where('at', '>=', new Date(from).toISOString());
      if (before !== undefined) void query.where('at', '<', new Date(before).toISOString());
      if (cursor !== undefined)
        void query.where('sequence', '<', decodeCursor(cursor, sequencePattern));
      const rows = await query.select<EntryRow[]>('leaf', 'hash');
      const page = pageOf(
        rows.map(toEntry),
        limit,
        (entry) => entry,
        ({ sequence }) => sequence,
      );
      return { ...page, rows: await reveal(database, page.rows) };
    },

    async checkpoints({ limit, cursor }) {
      const query = database('ledger_checkpoint')
        .orderBy('tree_size', 'desc')
        .limit(limit + 1);
      if (cursor !== undefined)
        void query.where('tree_size', '<', decodeCursor(cursor, sequencePattern));
      const rows = await query.select<CheckpointRow[]>('note', 'signature');
      return pageOf(
        rows.map(toCheckpoint),
        limit,
        (one) => one,
        ({ note }) => note.treeSize,
      );
    },

    keys: () => readKeys(database),

    async inclusionProof(sequence, treeSize) {
      await checkSizes(database, sequence, treeSize);
      const whole = { begin: 0, end: treeSize };
      const leaf = { begin: sequence - 1, end: sequence };
      const hashes = await rangeRoots(database, [
        whole,
        leaf,
        ...inclusionRanges(sequence - 1, treeSize),
      ]);
      const [rootHash = '', leafHash = '', ...proof] = hashes.map(toHex);
      return { sequence, treeSize, leafHash, rootHash, proof };
    },

    async consistencyProof(from, to) {
      await checkSizes(database, from, to);
      const hashes = await rangeRoots(database, [
        { begin: 0, end: from },
        { begin: 0, end: to },
        ...consistencyRanges(from, to),
      ]);
      const [fromRootHash = '', toRootHash = '', ...proof] = hashes.map(toHex);
      return { from, to, fromRootHash, toRootHash, proof };
    },

    async export(by) {
      await database.transaction(async (trx) => {
        const subject = await ledgerSubject(trx);
        await appendToLedger(trx, { actor: by, action: ledgerActions.exported, subject });
      });
      const checkpoint = await writeCheckpoint(deps);
      if (checkpoint === undefined) throw new Error('the log has no entry of its own export');
      return exportLines(database, checkpoint, await readKeys(database));
    },

    erase: ({ subject, by, reason }) =>
      database.transaction(async (trx) => {
        const at = now();
        const keys = await eraseKeys(trx, subject, { by, reason, at });
        if (keys === 0) {
          throw new DomainError(
            'not-found',
            `Nothing is sealed about ${subject.kind} ${subject.id}.`,
            {
              code: 'nothing-to-erase',
              remedy: 'Use the subject as entries name it: ctc log list --output json shows it.',
            },
          );
        }
        await eraseWords(trx, subject);
        await appendToLedger(trx, {
          ...{ at, actor: by, action: ledgerActions.erased, subject },
          details: { reason, keys },
        });
        return { keys };
      }),

    prune: ({ before, by, reason }) =>
      database.transaction(async (trx) => {
        await lockCheckpoints(trx);
        const cut = await findCut(trx, before);
        await keepCompactRange(trx, cut);
        const [root = new Uint8Array()] = await rangeRoots(trx, [{ begin: 0, end: cut }]);
        await appendToLedger(trx, {
          at: now(),
          actor: by,
          action: ledgerActions.pruned,
          subject: await ledgerSubject(trx),
          details: { before, reason, rootHash: toHex(root), upTo: cut },
        });
        const { rows } = await trx.raw<{ rows: { removed: number }[] }>(
          'select ledger_prune(?) as removed',
          [cut],
        );
        return { upTo: cut, removed: rows[0]?.removed ?? 0 };
      }),
  };
}

/** Opens what is sealed and was not erased. */
async function reveal(
  database: Knex,
  entries: readonly StoredLedgerEntry[],
): Promise<StoredLedgerEntry[]> {
  const sealedIn = ({ details }: StoredLedgerEntry): Sealed | undefined =>
    details['sealed'] as Sealed | undefined;
  const keys = await keysOf(
    database,
    entries.flatMap((entry) => sealedIn(entry)?.key ?? []),
  );
  return entries.map((entry) => {
    const sealed = sealedIn(entry);
    if (sealed === undefined) return entry;
    const key = keys.get(sealed.key);
    return {
      ...entry,
      revealed: key === undefined ? null : openSealed(key, entry.subject, sealed),
    };
  });
}

/** The same words where the record keeps them: those of what somebody has reported. */
async function eraseWords(trx: Knex, { kind, id }: LedgerSubject): Promise<void> {
  const erased = '(erased)';
  if (kind === 'event') {
    await trx('reported_event').where({ id }).update({ title: erased, description: erased });
  }
  if (kind === 'incident') {
    await trx('incident').where({ id }).update({ summary: erased });
    await trx('incident_log').where({ incident_id: id }).update({ message: erased });
  }
}

/** The size of the last checkpoint before the first entry that is to stay. */
async function findCut(trx: Knex, before: string): Promise<number> {
  const { rows } = await trx.raw<{ rows: { cut: number | null }[] }>(
    `select max(tree_size) as cut from ledger_checkpoint, ledger_head
     where tree_size > pruned_size and tree_size <= coalesce(
       (select sequence - 1 from ledger_entry where at >= :before order by sequence limit 1), size)`,
    { before: new Date(before).toISOString() },
  );
  const cut = rows[0]?.cut ?? null;
  if (cut !== null) return cut;
  throw new DomainError('refused', `No checkpoint covers only entries from before ${before}.`, {
    code: 'nothing-to-prune',
    remedy: 'The log is pruned at checkpoints only: ctc log checkpoints lists them.',
  });
}

async function checkSizes(database: Knex, smaller: number, larger: number): Promise<void> {
  const known = await checkpointedSize(database);
  const complaint =
    larger > known
      ? `the newest checkpoint covers ${known} entries, not ${larger}`
      : smaller > larger
        ? `${smaller} is beyond the tree of ${larger} entries`
        : undefined;
  if (complaint === undefined) return;
  throw new DomainError('invalid', `There is no such proof: ${complaint}.`, {
    code: 'invalid-proof',
    remedy: 'Use the size of a checkpoint: ctc log checkpoints lists them.',
  });
}

async function readKeys(database: Knex): Promise<LedgerKeyView[]> {
  const rows = await database('ledger_key')
    .orderBy('valid_from')
    .select<{ id: string; public_key: Buffer; valid_from: string }[]>();
  return rows.map((row, at) => ({
    id: row.id,
    publicKey: row.public_key.toString('base64'),
    from: row.valid_from,
    to: rows[at + 1]?.valid_from ?? null,
  }));
}

function toEntry({ leaf, hash }: EntryRow): StoredLedgerEntry {
  return { ...(JSON.parse(leaf) as LedgerEntry), hash: toHex(hash) };
}
