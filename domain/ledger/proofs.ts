import { equalBytes, type HashBytes } from './bytes.ts';
import { nodeHash, splitOf, type LeafRange } from './tree.ts';

/** What the inclusion proof of a leaf (counted from 0) consists of: RFC 9162, section 2.1.3.1. */
export function inclusionRanges(leaf: number, size: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  let range: LeafRange = { begin: 0, end: size };
  while (range.end - range.begin > 1) {
    const middle = range.begin + splitOf(range.end - range.begin);
    const left = { begin: range.begin, end: middle };
    const right = { begin: middle, end: range.end };
    ranges.push(leaf < middle ? right : left);
    range = leaf < middle ? left : right;
  }
  return ranges.reverse();
}

/** What the consistency proof between two sizes, 0 < from <= to, consists of: section 2.1.4.1. */
export function consistencyRanges(from: number, to: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  let range: LeafRange = { begin: 0, end: to };
  while (from < range.end) {
    const middle = range.begin + splitOf(range.end - range.begin);
    const left = { begin: range.begin, end: middle };
    const right = { begin: middle, end: range.end };
    ranges.push(from <= middle ? right : left);
    range = from <= middle ? left : right;
  }
  // The verifier has the whole of the smaller tree's root itself.
  if (range.begin > 0) ranges.push(range);
  return ranges.reverse();
}

export interface InclusionClaim {
  /** Counted from 0. */
  readonly leaf: number;
  readonly leafHash: Uint8Array;
  readonly size: number;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Whether the leaf stands at its place in the tree with this root: section 2.1.3.2. */
export function provesInclusion(hash: HashBytes, claim: InclusionClaim): boolean {
  if (claim.leaf >= claim.size) return false;
  let leaf = claim.leaf;
  let last = claim.size - 1;
  let root = claim.leafHash;
  for (const sibling of claim.proof) {
    if (last === 0) return false;
    if (leaf % 2 === 1 || leaf === last) {
      root = nodeHash(hash, sibling, root);
      for (; leaf % 2 === 0 && leaf !== 0; leaf /= 2) last = half(last);
    } else {
      root = nodeHash(hash, root, sibling);
    }
    leaf = half(leaf);
    last = half(last);
  }
  return last === 0 && equalBytes(root, claim.root);
}

export interface ConsistencyClaim {
  readonly from: number;
  readonly fromRoot: Uint8Array;
  readonly to: number;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Whether the larger tree begins with all of the smaller one: section 2.1.4.2. */
export function provesConsistency(hash: HashBytes, claim: ConsistencyClaim): boolean {
  const { from, to, fromRoot, toRoot } = claim;
  if (from < 1 || from > to) return false;
  if (from === to) return claim.proof.length === 0 && equalBytes(fromRoot, toRoot);
  let first = from - 1;
  let last = to - 1;
  for (; first % 2 === 1; first = half(first)) last = half(last);
  // A smaller tree that is one full subtree is its own beginning of the proof.
  const [start, ...rest] = first === 0 ? [fromRoot, ...claim.proof] : claim.proof;
  if (start === undefined) return false;
  let oldRoot = start;
  let newRoot = start;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (first % 2 === 1 || first === last) {
      oldRoot = nodeHash(hash, sibling, oldRoot);
      newRoot = nodeHash(hash, sibling, newRoot);
      for (; first % 2 === 0 && first !== 0; first /= 2) last = half(last);
    } else {
      newRoot = nodeHash(hash, newRoot, sibling);
    }
    first = half(first);
    last = half(last);
  }
  return last === 0 && equalBytes(oldRoot, fromRoot) && equalBytes(newRoot, toRoot);
}

const half = (count: number): number => Math.floor(count / 2);
