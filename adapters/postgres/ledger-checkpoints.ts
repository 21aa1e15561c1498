import type { Knex } from 'knex';
import type { Logger } from 'pino';
import { DomainError } from '../../domain/errors.ts';
import { toHex } from '../../domain/ledger/bytes.ts';
import {
  ledgerActions,
  type Checkpoint,
  type CheckpointNote,
  type KeyChange,
} from '../../domain/ledger/entry.ts';
import { canonicalJson } from '../canonical-hash.ts';
import type { LedgerKey } from '../ledger/ledger-keys.ts';
import { appendToLedger } from './ledger-append.ts';
import { extendTree, readTree } from './ledger-tree.ts';

export interface CheckpointerDeps {
  readonly database: Knex;
  /** The one in use, and after it those it has replaced. */
  readonly keys: readonly [LedgerKey, ...LedgerKey[]];
  /** ISO instant. */
  readonly now: () => string;
}

export interface CheckpointRow {
  readonly note: string;
  readonly signature: Buffer;
}

/** Checkpoints and prunings are one after the other; any number that nothing else locks. */
const checkpointLock = 7_205_931_166n;

export async function lockCheckpoints(trx: Knex): Promise<void> {
  await trx.raw('select pg_advisory_xact_lock(?)', [checkpointLock.toString()]);
}

export function toCheckpoint({ note, signature }: CheckpointRow): Checkpoint {
  return { note: JSON.parse(note) as CheckpointNote, signature: signature.toString('base64') };
}

/** Zero before the first. */
export async function checkpointedSize(trx: Knex): Promise<number> {
  const row = await trx('ledger_checkpoint').max<{ size: number | null }>('tree_size as size');
  return (row as unknown as { size: number | null }[])[0]?.size ?? 0;
}

/**
 * Signs the log as it is, unless its newest checkpoint covers all of it; costs what has been added since.
 * Undefined for a log without entries. @throws DomainError `refused` when the key is not the log's.
 */
export async function writeCheckpoint(deps: CheckpointerDeps): Promise<Checkpoint | undefined> {
  const { database, keys, now } = deps;
  await registerKey(deps);
  const [key] = keys;
  return database.transaction(async (trx) => {
    await lockCheckpoints(trx);
    const inUse = await keyInUse(trx);
    if (inUse !== key.id) throw foreignKey(inUse ?? '');
    const { origin, size } = await trx('ledger_head').first<{ origin: string; size: number }>();
    const covered = await checkpointedSize(trx);
    if (covered === size) {
      const row = await trx('ledger_checkpoint')
        .where({ tree_size: size })
        .first<CheckpointRow | undefined>();
      return row === undefined ? undefined : toCheckpoint(row);
    }
    const tree = await readTree(trx, covered);
    await extendTree(trx, tree, size);
    const note = canonicalJson({
      at: now(),
      keyId: key.id,
      origin,
      rootHash: toHex(tree.root()),
      treeSize: size,
    } satisfies CheckpointNote);
    const row = { note, signature: key.sign(note) };
    await trx('ledger_checkpoint').insert({ tree_size: size, at: now(), key_id: key.id, ...row });
    return toCheckpoint(row);
  });
}

/** Makes the key the log's own: the first as it is, any other only by the signature of the one it replaces. */
async function registerKey({ database, keys, now }: CheckpointerDeps): Promise<void> {
  const [key, ...replaced] = keys;
  if ((await keyInUse(database)) === key.id) return;
  await database.transaction(async (trx) => {
    await lockCheckpoints(trx);
    const latest = await keyInUse(trx);
    if (latest === key.id) return;
    const at = now();
    const newPublicKey = key.publicKey.toString('base64');
    const { origin } = await trx('ledger_head').first<{ origin: string }>('origin');
    const subject = { kind: 'ledger', id: origin };
    if (latest === undefined) {
      const details = { keyId: key.id, publicKey: newPublicKey };
      await appendToLedger(trx, {
        at,
        actor: 'ctc',
        action: ledgerActions.keyAdded,
        subject,
        details,
      });
    } else {
      const old = replaced.find(({ id }) => id === latest);
      if (old === undefined) throw foreignKey(latest);
      const change: KeyChange = { at, newKeyId: key.id, newPublicKey, oldKeyId: old.id, origin };
      const signature = old.sign(canonicalJson(change)).toString('base64');
      const details = { ...change, signature };
      await appendToLedger(trx, {
        at,
        actor: 'ctc',
        action: ledgerActions.keyChanged,
        subject,
        details,
      });
    }
    await trx('ledger_key').insert({ id: key.id, public_key: key.publicKey, valid_from: at });
  });
}

async function keyInUse(trx: Knex): Promise<string | undefined> {
  const row = await trx('ledger_key')
    .orderBy('valid_from', 'desc')
    .first<{ id: string } | undefined>('id');
  return row?.id;
}

function foreignKey(latest: string): DomainError {
  return new DomainError(
    'refused',
    `The log is signed with the key ${latest.slice(0, 16)}…, which this process does not have.`,
    {
      code: 'ledger-key-unknown',
      remedy:
        'Give all processes the same CTC_LEDGER_KEY_FILE. To change the key, put the old one below the new one in it.',
    },
  );
}

export interface CheckpointTimes {
  /** A checkpoint is due when entries have waited for so long … */
  readonly everyMs: number;
  /** … or when there are so many of them. */
  readonly everyEntries: number;
}

/** Whether a checkpoint is due; cheap. */
export async function isCheckpointDue(
  { database, now }: Pick<CheckpointerDeps, 'database' | 'now'>,
  { everyMs, everyEntries }: CheckpointTimes,
): Promise<boolean> {
  const { rows } = await database.raw<{ rows: { behind: number; since: string | null }[] }>(
    `select size - coalesce(tree_size, 0) as behind, c.at as since from ledger_head
     left join lateral (select tree_size, at from ledger_checkpoint order by tree_size desc limit 1) c on true`,
  );
  const [{ behind, since } = { behind: 0, since: null }] = rows;
  if (behind === 0) return false;
  return (
    behind >= everyEntries || since === null || Date.parse(now()) - Date.parse(since) >= everyMs
  );
}

/** Signs checkpoints in the background; any number of processes may, the first to see that one is due does it. */
export function startCheckpointer(
  deps: CheckpointerDeps &
    CheckpointTimes & { readonly logger: Logger; readonly lookEveryMs?: number },
): { stop(): Promise<void> } {
  const { logger, lookEveryMs = 5_000 } = deps;
  let running: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    try {
      if (!(await isCheckpointDue(deps, deps))) return;
      const checkpoint = await writeCheckpoint(deps);
      logger.info({ treeSize: checkpoint?.note.treeSize }, 'log checkpointed');
    } catch (error) {
      logger.warn({ err: error }, 'log not checkpointed; tried again');
    }
  };
  const timer = setInterval(() => {
    running ??= look().finally(() => {
      running = undefined;
    });
  }, lookEveryMs);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
