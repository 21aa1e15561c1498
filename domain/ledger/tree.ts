import type { HashBytes } from './bytes.ts';

/** The Merkle tree of RFC 9162, section 2.1. Sizes stay below 2^53: no operator on 32 bits is used. */

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

export function leafHash(hash: HashBytes, leaf: Uint8Array): Uint8Array {
  return hash(leafPrefix, leaf);
}

export function nodeHash(hash: HashBytes, left: Uint8Array, right: Uint8Array): Uint8Array {
  return hash(nodePrefix, left, right);
}

/** A full subtree: the 2^level leaves from position · 2^level on. */
export interface Subtree {
  readonly level: number;
  readonly position: number;
}

/** The roots of the full subtrees that a tree of this size is made of, the largest (leftmost) first. */
export interface TreeHead {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

export interface GrowingTree {
  readonly size: () => number;
  /** Tells of every subtree of two leaves and more that the leaf makes full; amortised one hash a leaf. */
  append(leaf: Uint8Array, onFull?: (subtree: Subtree, hash: Uint8Array) => void): void;
  root(): Uint8Array;
  head(): TreeHead;
}

/** A tree that keeps the logarithm of its size, from where another left off. Leaves are given as hashes. */
export function growTree(hash: HashBytes, from: TreeHead = { size: 0, hashes: [] }): GrowingTree {
  const hashes = [...from.hashes];
  let { size } = from;
  return {
    size: () => size,
    append(leaf, onFull) {
      let full = leaf;
      let level = 0;
      let position = size;
      for (; position % 2 === 1; position = (position - 1) / 2) {
        const left = hashes.pop();
        if (left === undefined) throw new RangeError(`A tree of ${size} leaves lacks a subtree.`);
        full = nodeHash(hash, left, full);
        level += 1;
        onFull?.({ level, position: (position - 1) / 2 }, full);
      }
      hashes.push(full);
      size += 1;
    },
    root: () => joinSubtrees(hash, hashes),
    head: () => ({ size, hashes: [...hashes] }),
  };
}

/** The root over neighbouring full subtrees, the largest first; of none, that of the empty tree. */
export function joinSubtrees(hash: HashBytes, hashes: readonly Uint8Array[]): Uint8Array {
  let root = hashes.at(-1);
  if (root === undefined) return hash();
  for (let at = hashes.length - 2; at >= 0; at -= 1) {
    root = nodeHash(hash, hashes[at] ?? root, root);
  }
  return root;
}

/** Leaves from `begin` up to, not including, `end`, as the RFC splits trees. */
export interface LeafRange {
  readonly begin: number;
  readonly end: number;
}

/** The full subtrees that a range of the RFC's is made of, the largest first. */
export function subtreesOf({ begin, end }: LeafRange): Subtree[] {
  const subtrees: Subtree[] = [];
  for (let at = begin; at < end;) {
    let level = 0;
    let leaves = 1;
    for (; leaves * 2 <= end - at; leaves *= 2) level += 1;
    subtrees.push({ level, position: at / leaves });
    at += leaves;
  }
  return subtrees;
}

/** The largest power of two smaller than a size of at least two. */
export function splitOf(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}
