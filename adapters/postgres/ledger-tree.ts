import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import {
  growTree,
  joinSubtrees,
  nodeHash,
  subtreesOf,
  type GrowingTree,
  type LeafRange,
  type Subtree,
} from '../../domain/ledger/tree.ts';
import { sha256 } from '../ledger/sha256.ts';

/** Smaller subtrees are computed from at most 2^4 - 1 entries: a row for 15 of them and not one for each. */
const storedFrom = 4;
const batchSize = 5_000;

/** The roots of ranges as the RFC splits trees. @throws DomainError `not-found` for what has been pruned. */
export async function rangeRoots(trx: Knex, ranges: readonly LeafRange[]): Promise<Uint8Array[]> {
  const subtrees = ranges.map(subtreesOf);
  const hashOf = await readSubtrees(trx, subtrees.flat());
  return subtrees.map((parts) => joinSubtrees(sha256, parts.map(hashOf)));
}

/** The tree as it is at this size, to go on from. */
export async function readTree(trx: Knex, size: number): Promise<GrowingTree> {
  const subtrees = subtreesOf({ begin: 0, end: size });
  const hashOf = await readSubtrees(trx, subtrees);
  return growTree(sha256, { size, hashes: subtrees.map(hashOf) });
}

/** Lets the tree grow by the entries up to the size, and stores the subtrees that they make full. */
export async function extendTree(trx: Knex, tree: GrowingTree, size: number): Promise<void> {
  while (tree.size() < size) {
    const rows = await trx('ledger_entry')
      .where('sequence', '>', tree.size())
      .where('sequence', '<=', Math.min(size, tree.size() + batchSize))
      .orderBy('sequence')
      .select<{ hash: Buffer }[]>('hash');
    if (rows.length === 0) throw new Error(`The log has no entry ${tree.size() + 1}.`);
    const full: { subtree: Subtree; hash: Uint8Array }[] = [];
    for (const { hash } of rows) {
      tree.append(hash, (subtree, root) => {
        if (subtree.level >= storedFrom) full.push({ subtree, hash: root });
      });
    }
    await storeSubtrees(trx, full);
  }
}

/** Before the entries below the cut go: what the tree needs of them. */
export async function keepCompactRange(trx: Knex, cut: number): Promise<void> {
  const subtrees = subtreesOf({ begin: 0, end: cut });
  const hashOf = await readSubtrees(trx, subtrees);
  await storeSubtrees(
    trx,
    subtrees.map((subtree) => ({ subtree, hash: hashOf(subtree) })),
  );
}

async function storeSubtrees(
  trx: Knex,
  full: readonly { readonly subtree: Subtree; readonly hash: Uint8Array }[],
): Promise<void> {
  await trx.raw(
    `insert into ledger_node (level, position, hash)
     select * from unnest(cast(:levels as smallint[]), cast(:positions as bigint[]), cast(:hashes as bytea[]))
     on conflict (level, position) do nothing`,
    {
      levels: full.map(({ subtree }) => subtree.level),
      positions: full.map(({ subtree }) => subtree.position),
      hashes: full.map(({ hash }) => hash),
    },
  );
}

const nameOf = ({ level, position }: Subtree): string => `${level}/${position}`;

/** What is stored of the subtrees, and the entries of those that are too small for it, in one look each. */
async function readSubtrees(
  trx: Knex,
  subtrees: readonly Subtree[],
): Promise<(subtree: Subtree) => Uint8Array> {
  const known = new Map<string, Uint8Array>();
  const { rows } = await trx.raw<{ rows: (Subtree & { hash: Buffer })[] }>(
    `select n.level, n.position, n.hash
     from unnest(cast(:levels as int[]), cast(:positions as bigint[])) as wanted (level, position)
     cross join generate_series(0, wanted.level) as below (level)
     join ledger_node n on n.level = below.level
       and (n.level = wanted.level or wanted.level < :storedFrom)
       and n.position >= wanted.position << (wanted.level - below.level)
       and n.position < (wanted.position + 1) << (wanted.level - below.level)
     union
     select 0, e.sequence - 1, e.hash
     from unnest(cast(:levels as int[]), cast(:positions as bigint[])) as wanted (level, position)
     join ledger_entry e on wanted.level < :storedFrom
       and e.sequence > wanted.position << wanted.level
       and e.sequence <= (wanted.position + 1) << wanted.level`,
    {
      levels: subtrees.map(({ level }) => level),
      positions: subtrees.map(({ position }) => position),
      storedFrom,
    },
  );
  for (const row of rows) known.set(nameOf(row), row.hash);
  const hashOf = (subtree: Subtree): Uint8Array => {
    const stored = known.get(nameOf(subtree));
    if (stored !== undefined) return stored;
    const { level, position } = subtree;
    if (level === 0) throw pruned(position + 1);
    return nodeHash(
      sha256,
      hashOf({ level: level - 1, position: position * 2 }),
      hashOf({ level: level - 1, position: position * 2 + 1 }),
    );
  };
  return hashOf;
}

function pruned(sequence: number): DomainError {
  return new DomainError('not-found', `Entry ${sequence} has been pruned from the log.`, {
    code: 'ledger-pruned',
    remedy: 'Use an export from before it was pruned.',
  });
}
