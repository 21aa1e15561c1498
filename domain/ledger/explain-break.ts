import { fromHex, toHex, type HashBytes } from './bytes.ts';
import { growTree, type TreeHead } from './tree.ts';

/** What of an entry's line tells where it belongs. */
export interface Link {
  readonly sequence: number;
  readonly previousHash: string;
  readonly hash: string;
}

/** Where an exported log does not go on as it should; what comes after it shows what was done to it. */
export interface Break {
  readonly line: number;
  /** The entry whose turn it was. */
  readonly expected: number;
  /** What stands there; absent where a checkpoint covers more than there is. */
  readonly found?: Link;
  /** The hashes of the last entry before, and of the one before that. */
  readonly previous: string | undefined;
  readonly beforePrevious: string | undefined;
}

export type BreakProblem = 'altered' | 'removed' | 'inserted' | 'reordered';

export interface Explanation {
  readonly problem: BreakProblem;
  readonly sequence: number;
  readonly message: string;
}

/** Takes the entries after a break, and says what it comes from: a few facts are kept, not the entries. */
export interface Explainer {
  observe(link: Link): void;
  explain(): Explanation;
}

export function explainBreak(found: Break): Explainer {
  let next: Link | undefined;
  let comesLater = false;
  let comesAgain = false;
  return {
    observe(link) {
      next ??= link;
      comesLater ||= link.sequence === found.expected;
      comesAgain ||= link.sequence === found.found?.sequence;
    },
    explain: () =>
      found.found?.sequence === found.expected
        ? explainLink(found, found.found, next)
        : explainPlace(found, { next, comesLater, comesAgain }),
  };
}

/**
 * Entries that follow on each other and are not those that were signed. Where what comes next follows on another
 * last entry, and the tree with that one is the signed one, it is the last alone.
 */
export function explainRewriting(
  hash: HashBytes,
  rewritten: {
    readonly first: number;
    readonly last: number;
    /** The tree without the last entry. */
    readonly before: TreeHead | undefined;
    readonly rootHash: string;
  },
): Explainer {
  const { first, last, before, rootHash } = rewritten;
  let next: Link | undefined;
  return {
    observe: (link) => {
      next ??= link;
    },
    explain() {
      if (before !== undefined && next !== undefined && /^[0-9a-f]{64}$/.test(next.previousHash)) {
        const tree = growTree(hash, before);
        tree.append(fromHex(next.previousHash));
        if (toHex(tree.root()) === rootHash) return rewrittenAlone(last);
      }
      return {
        problem: 'altered',
        sequence: first,
        message: `The entries from ${first} to ${last} are not those that were signed: one of them was rewritten, and all after it with it.`,
      };
    },
  };
}

function rewrittenAlone(sequence: number): Explanation {
  return {
    problem: 'altered',
    sequence,
    message: `Entry ${sequence} was rewritten with its hash: entry ${sequence + 1} follows on another.`,
  };
}

/** The right number, but it does not follow on what stands before it: one of the two was rewritten. */
function explainLink(
  { line, expected, previous }: Break,
  found: Link,
  next: Link | undefined,
): Explanation {
  if (next?.sequence === expected && next.previousHash === previous) {
    return inserted(expected, line, expected);
  }
  const nextFollows = next?.previousHash === found.hash;
  const isFirst = previous === undefined || expected === 1;
  if (!isFirst && (nextFollows || next === undefined)) {
    return rewrittenAlone(expected - 1);
  }
  return {
    problem: 'altered',
    sequence: expected,
    message: `Entry ${expected} was rewritten with its hash: it does not follow on the one before it.`,
  };
}

function explainPlace(
  { line, expected, found, previous, beforePrevious }: Break,
  later: {
    readonly next: Link | undefined;
    readonly comesLater: boolean;
    readonly comesAgain: boolean;
  },
): Explanation {
  if (found !== undefined && found.sequence < expected) {
    const isTwin =
      found.sequence === expected - 1 &&
      found.hash !== previous &&
      found.previousHash === beforePrevious;
    // Two that follow on the same: the one that nothing follows on is not of the log.
    return isTwin && later.next?.previousHash === found.hash
      ? inserted(expected - 1, line - 1, expected - 1)
      : inserted(expected, line, found.sequence);
  }
  if (!later.comesLater) {
    return {
      problem: 'removed',
      sequence: expected,
      message: `Entry ${expected} was removed: ${found === undefined ? 'a checkpoint that covers it' : `entry ${found.sequence}`} stands in its place on line ${line}.`,
    };
  }
  if (found !== undefined && later.comesAgain) return inserted(expected, line, found.sequence);
  return {
    problem: 'reordered',
    sequence: expected,
    message: `Entry ${expected} is not in its place: ${found === undefined ? 'a checkpoint that covers it' : `entry ${found.sequence}`} stands there on line ${line}, and it comes later.`,
  };
}

function inserted(sequence: number, line: number, claims: number): Explanation {
  return {
    problem: 'inserted',
    sequence,
    message: `Line ${line} was inserted where entry ${sequence} should be: it claims to be entry ${claims}.`,
  };
}
