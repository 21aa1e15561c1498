import { fromHex, toHex, type HashBytes } from './bytes.ts';
import {
  ledgerActions,
  noHash,
  type Checkpoint,
  type CheckpointNote,
  type LedgerEntry,
} from './entry.ts';
import {
  explainBreak,
  explainRewriting,
  type BreakProblem,
  type Explainer,
  type Link,
} from './explain-break.ts';
import {
  exportFormat,
  wasCheckpointLine,
  splitLine,
  type ExportHeader,
  type SplitLine,
} from './export-lines.ts';
import { growTree, leafHash, subtreesOf, type GrowingTree, type TreeHead } from './tree.ts';
import { trustKeys, type SignaturePort, type TrustedKeys } from './trusted-keys.ts';

export interface LedgerFailure {
  readonly problem:
    | BreakProblem
    | 'truncated'
    | 'wrong-signature'
    | 'unknown-key'
    /** Not an export at all. */
    | 'unreadable';
  /** The first entry that is wrong; where a checkpoint is, the first that nothing vouches for any more. */
  readonly sequence: number;
  readonly line: number;
  readonly message: string;
}

export interface LedgerReport {
  readonly origin: string;
  /** The entries found right, from the first that is there. */
  readonly from: number;
  readonly to: number;
  readonly checkpoints: number;
  /** Hex; of all entries, the pruned ones included. */
  readonly rootHash: string;
  /** Whether the keys were given from outside, or the export had to be believed about its own. */
  readonly trust: 'given' | 'export';
  readonly keys: readonly string[];
  readonly failure?: LedgerFailure;
}

export interface VerifyOptions {
  readonly hash: HashBytes;
  readonly signatures: SignaturePort;
  /** Base64 DER; none: those that the export names are believed. */
  readonly keys: readonly string[];
  /** Checkpoints kept elsewhere, which the log must still contain. */
  readonly known?: readonly Pick<CheckpointNote, 'treeSize' | 'rootHash'>[];
}

const encoder = new TextEncoder();

/**
 * Verifies an exported log line by line, without its line feeds; keeps the logarithm of its size. Only the first
 * thing that is wrong is told: what follows it cannot be relied on.
 */
export function verifyExport({ hash, signatures, keys, known = [] }: VerifyOptions): {
  take(line: Uint8Array): void;
  finish(): LedgerReport;
} {
  let line = 0;
  let header: ExportHeader | undefined;
  let trusted: TrustedKeys = trustKeys(signatures, keys);
  let tree: GrowingTree = growTree(hash);
  let beforeLast: TreeHead | undefined;
  // Of the last entry; unknown where pruning has cut the chain, which the tree then vouches for.
  let previous: string | undefined = noHash;
  let beforePrevious: string | undefined;
  let covered = 0;
  let checkpoints = 0;
  let lastNote = '';
  let isPruningLogged = false;
  let failure: LedgerFailure | undefined;
  let broken: { readonly line: number; readonly explain: Explainer } | undefined;

  const fail = (problem: LedgerFailure['problem'], sequence: number, message: string): void => {
    failure ??= { problem, sequence, line, message };
  };
  const breakAt = (found?: Link): void => {
    const expected = tree.size() + 1;
    const at = {
      line,
      expected,
      previous,
      beforePrevious,
      ...(found === undefined ? {} : { found }),
    };
    broken = { line, explain: explainBreak(at) };
  };

  const takeHeader = (text: Uint8Array): void => {
    header = readHeader(text);
    if (header === undefined) {
      fail('unreadable', 0, `The first line is not the header of an export (${exportFormat}).`);
      return;
    }
    if (keys.length === 0) {
      trusted = trustKeys(
        signatures,
        header.keys.map(({ publicKey }) => publicKey),
      );
    }
    const { pruned } = header;
    if (pruned === null) return;
    const unchecked = known.find(({ treeSize }) => treeSize < pruned.size);
    if (unchecked !== undefined) {
      fail(
        'removed',
        1,
        `The checkpoint kept elsewhere, of ${unchecked.treeSize} entries, is of what has been pruned: keep one of ${pruned.size} or more.`,
      );
    }
    tree = growTree(hash, { size: pruned.size, hashes: pruned.hashes.map(fromHex) });
    previous = undefined;
    covered = pruned.size;
    const { note, signature } = pruned.checkpoint;
    judgeCheckpoint(note, encoder.encode(JSON.stringify(note)), signature, 1);
  };

  /** Whether the checkpoint vouches for the tree as it is. */
  const judgeCheckpoint = (
    note: Partial<CheckpointNote>,
    body: Uint8Array,
    signature: string,
    first: number,
  ): void => {
    const which = `The checkpoint of ${String(note.treeSize)} entries`;
    const verdict = trusted.check(note.keyId, body, signature);
    if (verdict === 'unknown') {
      fail(
        'unknown-key',
        first,
        `${which} is signed with a key that is not trusted there: ${String(note.keyId)}.`,
      );
    } else if (verdict === 'wrong') {
      fail('wrong-signature', first, `${which} does not have the signature of its key.`);
    } else if (note.origin !== header?.origin) {
      fail('altered', first, `${which} is of another log: ${String(note.origin)}.`);
    } else if (note.treeSize === tree.size() && note.rootHash !== toHex(tree.root())) {
      const rewritten = {
        first,
        last: tree.size(),
        before: beforeLast,
        rootHash: String(note.rootHash),
      };
      broken = { line, explain: explainRewriting(hash, rewritten) };
    }
  };

  const takeCheckpoint = ({ body, seal, value }: SplitLine): void => {
    const note = value as Partial<CheckpointNote>;
    judgeCheckpoint(note, body, seal, covered + 1);
    const { treeSize = 0 } = note;
    if (failure !== undefined || broken !== undefined) return;
    if (treeSize > tree.size()) breakAt();
    else if (treeSize < tree.size()) {
      const first = treeSize + 1;
      fail('reordered', first, `Entry ${first} stands before a checkpoint that does not cover it.`);
    } else {
      covered = treeSize;
      checkpoints += 1;
      lastNote = new TextDecoder().decode(body);
    }
  };

  const takeEntry = ({ body, seal, value }: SplitLine): void => {
    const sequence = tree.size() + 1;
    const leaf = leafHash(hash, body);
    if (toHex(leaf) !== seal) {
      fail('altered', sequence, `Entry ${sequence} was altered: it does not have its hash.`);
      return;
    }
    const entry = value as unknown as LedgerEntry;
    const follows = previous === undefined || entry.previousHash === previous;
    if (entry.sequence !== sequence || !follows) {
      breakAt({ sequence: entry.sequence, previousHash: entry.previousHash, hash: seal });
      return;
    }
    if (sequence > (header?.checkpoint.note.treeSize ?? 0)) {
      fail('inserted', sequence, `Entry ${sequence} is beyond the export’s last checkpoint.`);
      return;
    }
    if (!trusted.follow(entry, header?.origin ?? '')) {
      fail(
        'wrong-signature',
        sequence,
        `Entry ${sequence} changes the key without the signature of the one in use.`,
      );
      return;
    }
    beforeLast = tree.head();
    tree.append(leaf);
    beforePrevious = previous;
    previous = seal;
    if (entry.action === ledgerActions.pruned) {
      const { upTo, rootHash } = entry.details;
      const cut = header?.pruned?.checkpoint.note;
      isPruningLogged ||= upTo === cut?.treeSize && rootHash === cut?.rootHash;
    }
    checkKnown();
  };

  const checkKnown = (): void => {
    for (const { treeSize, rootHash } of known) {
      if (treeSize !== tree.size() || rootHash === toHex(tree.root())) continue;
      fail(
        'altered',
        1,
        `The first ${treeSize} entries are not those of the checkpoint kept elsewhere.`,
      );
    }
  };

  return {
    take(text) {
      line += 1;
      if (failure !== undefined) return;
      if (line === 1) {
        takeHeader(text);
        checkKnown();
        return;
      }
      const split = splitLine(text);
      if (broken !== undefined) {
        if (split?.kind === 'entry') broken.explain.observe(linkOf(split));
      } else if (split === undefined) {
        if (wasCheckpointLine(text))
          fail('altered', covered + 1, `The checkpoint on line ${line} was altered.`);
        else
          fail(
            'altered',
            tree.size() + 1,
            `Entry ${tree.size() + 1} was altered: line ${line} is none.`,
          );
      } else if (split.kind === 'entry') takeEntry(split);
      else takeCheckpoint(split);
    },

    finish() {
      if (broken !== undefined) failure ??= { line: broken.line, ...broken.explain.explain() };
      const { note } = header?.checkpoint ?? {};
      const size = tree.size();
      const kept = Math.max(0, ...known.map(({ treeSize }) => treeSize));
      if (header === undefined || note === undefined) fail('unreadable', 0, 'The file is empty.');
      else if (size < Math.max(note.treeSize, kept)) {
        fail(
          'truncated',
          size + 1,
          `The export ends after entry ${size}; there were ${Math.max(note.treeSize, kept)}.`,
        );
      } else if (lastNote !== JSON.stringify(note)) {
        fail(
          'truncated',
          covered + 1,
          `The export ends without its checkpoint of ${note.treeSize} entries.`,
        );
      } else if (header.pruned !== null && !isPruningLogged) {
        fail(
          'removed',
          1,
          `The first ${header.pruned.size} entries are missing, and no entry says why.`,
        );
      }
      return {
        origin: header?.origin ?? '',
        from: (header?.pruned?.size ?? 0) + 1,
        to: size,
        checkpoints,
        rootHash: toHex(tree.root()),
        trust: keys.length > 0 ? 'given' : 'export',
        keys: trusted.ids(),
        ...(failure === undefined ? {} : { failure }),
      };
    },
  };
}

function linkOf({ value, seal }: SplitLine): Link {
  const { sequence, previousHash } = value as unknown as LedgerEntry;
  return { sequence, previousHash, hash: seal };
}

function readHeader(text: Uint8Array): ExportHeader | undefined {
  try {
    const header = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(text),
    ) as ExportHeader;
    const isWhole =
      (header.format as string) === exportFormat &&
      Array.isArray(header.keys) &&
      isCheckpoint(header.checkpoint) &&
      (header.pruned === null ||
        (isCheckpoint(header.pruned.checkpoint) &&
          header.pruned.checkpoint.note.treeSize === header.pruned.size &&
          header.pruned.hashes.length ===
            subtreesOf({ begin: 0, end: header.pruned.size }).length));
    return isWhole ? header : undefined;
  } catch {
    return undefined;
  }
}

function isCheckpoint(value: Checkpoint): boolean {
  return Number.isSafeInteger(value.note.treeSize) && typeof value.signature === 'string';
}
