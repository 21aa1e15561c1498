import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, type HashBytes } from './bytes.ts';
import {
  consistencyRanges,
  inclusionRanges,
  provesConsistency,
  provesInclusion,
} from './proofs.ts';
import { growTree, joinSubtrees, leafHash, nodeHash, subtreesOf, type LeafRange } from './tree.ts';

const sha256: HashBytes = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The RFC's own definition, word by word. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256();
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(sha256, naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)));
}

const grown = (leaves: readonly Uint8Array[]) => {
  const tree = growTree(sha256);
  for (const leaf of leaves) tree.append(leaf);
  return tree;
};

const numbered = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, at) => leafHash(sha256, Buffer.from(String(at))));

/** As an adapter does: each range from the full subtrees in it. */
const resolve = (leaves: readonly Uint8Array[], ranges: readonly LeafRange[]): Uint8Array[] =>
  ranges.map((range) =>
    joinSubtrees(
      sha256,
      subtreesOf(range).map(({ level, position }) =>
        naiveRoot(leaves.slice(position * 2 ** level, (position + 1) * 2 ** level)),
      ),
    ),
  );

// Of the reference implementation of Certificate Transparency (merkle/testdata).
const knownInputs = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const knownRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const knownLeaves = knownInputs.map((input) => leafHash(sha256, fromHex(input)));

describe('the Merkle tree', () => {
  it.each(knownRoots.map((root, size) => ({ root, size })))(
    'has the root of the published vectors at size $size',
    ({ root, size }) => {
      expect(toHex(grown(knownLeaves.slice(0, size)).root())).toBe(root);
    },
  );

  it('is what the definition says at every size, also when it goes on from a kept head', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), (first, more) => {
        const leaves = numbered(first + more);
        const before = grown(leaves.slice(0, first));
        const tree = growTree(sha256, before.head());
        for (const leaf of leaves.slice(first)) tree.append(leaf);
        expect(toHex(tree.root())).toBe(toHex(naiveRoot(leaves)));
        expect(tree.size()).toBe(leaves.length);
      }),
    );
  });

  it('tells of every full subtree once, with its root', () => {
    const leaves = numbered(100);
    const told = new Map<string, string>();
    const tree = growTree(sha256);
    for (const leaf of leaves) {
      tree.append(leaf, ({ level, position }, hash) => {
        expect(told.has(`${level}/${position}`)).toBe(false);
        told.set(`${level}/${position}`, toHex(hash));
      });
    }
    expect(told.size).toBe(50 + 25 + 12 + 6 + 3 + 1);
    expect(told.get('3/2')).toBe(toHex(naiveRoot(leaves.slice(16, 24))));
  });

  it('refuses to go on from a head that lacks a subtree', () => {
    const tree = growTree(sha256, { size: 3, hashes: [] });
    expect(() => tree.append(knownLeaves[0]!)).toThrow(RangeError);
  });
});

describe('an inclusion proof', () => {
  const scene = fc
    .integer({ min: 1, max: 130 })
    .chain((size) => fc.record({ size: fc.constant(size), leaf: fc.nat(size - 1) }));

  it('proves every leaf, and nothing when any of its parts is another', () => {
    fc.assert(
      fc.property(scene, fc.nat(), ({ size, leaf }, spoilt) => {
        const leaves = numbered(size);
        const claim = {
          leaf,
          leafHash: leaves[leaf]!,
          size,
          root: naiveRoot(leaves),
          proof: resolve(leaves, inclusionRanges(leaf, size)),
        };
        expect(provesInclusion(sha256, claim)).toBe(true);
        const other = sha256(Buffer.from('other'));
        expect(provesInclusion(sha256, { ...claim, leafHash: other })).toBe(false);
        expect(provesInclusion(sha256, { ...claim, leaf: size })).toBe(false);
        expect(provesInclusion(sha256, { ...claim, proof: [...claim.proof, other] })).toBe(false);
        if (size === 1) return;
        expect(provesInclusion(sha256, { ...claim, leaf: (leaf + 1) % size })).toBe(false);
        expect(provesInclusion(sha256, { ...claim, proof: claim.proof.slice(1) })).toBe(false);
        const proof = claim.proof.with(spoilt % claim.proof.length, other);
        expect(provesInclusion(sha256, { ...claim, proof })).toBe(false);
      }),
    );
  });
});

describe('a consistency proof', () => {
  const scene = fc
    .integer({ min: 1, max: 130 })
    .chain((to) => fc.record({ to: fc.constant(to), from: fc.integer({ min: 1, max: to }) }));

  it('proves that a tree begins with another, and nothing when any of its parts is another', () => {
    fc.assert(
      fc.property(scene, fc.nat(), ({ from, to }, spoilt) => {
        const leaves = numbered(to);
        const claim = {
          from,
          fromRoot: naiveRoot(leaves.slice(0, from)),
          to,
          toRoot: naiveRoot(leaves),
          proof: resolve(leaves, consistencyRanges(from, to)),
        };
        expect(provesConsistency(sha256, claim)).toBe(true);
        const other = sha256(Buffer.from('other'));
        expect(provesConsistency(sha256, { ...claim, fromRoot: other })).toBe(false);
        expect(provesConsistency(sha256, { ...claim, toRoot: other })).toBe(false);
        expect(provesConsistency(sha256, { ...claim, from: 0 })).toBe(false);
        expect(provesConsistency(sha256, { ...claim, proof: [...claim.proof, other] })).toBe(false);
        if (from === to) return;
        expect(provesConsistency(sha256, { ...claim, proof: [] })).toBe(false);
        const proof = claim.proof.with(spoilt % claim.proof.length, other);
        expect(provesConsistency(sha256, { ...claim, proof })).toBe(false);
      }),
    );
  });

  it('consists of what the RFC’s example says', () => {
    // Section 2.1.5: from 3 to 7 [c, d, g, l]; from 4 to 7 [l]; from 6 to 7 [i, j, k].
    const sizes = (from: number) =>
      consistencyRanges(from, 7).map(({ begin, end }) => [begin, end]);
    expect(sizes(3)).toEqual([
      [2, 3],
      [3, 4],
      [0, 2],
      [4, 7],
    ]);
    expect(sizes(4)).toEqual([[4, 7]]);
    expect(sizes(6)).toEqual([
      [4, 6],
      [6, 7],
      [0, 4],
    ]);
  });
});
