import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smallestConflict } from './smallest-conflict.ts';

/** Demands 0 … n − 1; a set can be met unless one of the conflicts is within it. */
const canBeMet =
  (conflicts: readonly (readonly number[])[]) =>
  (kept: readonly number[]): boolean =>
    !conflicts.some((conflict) => conflict.every((one) => kept.includes(one)));

describe('the smallest conflict', () => {
  it('is a smallest of all that there are', () => {
    const demands = [0, 1, 2, 3, 4, 5, 6];
    fc.assert(
      fc.property(
        fc.array(fc.uniqueArray(fc.constantFrom(...demands), { minLength: 1 }), { minLength: 1 }),
        (conflicts) => {
          const found = smallestConflict(demands, canBeMet(conflicts));
          expect(found).toHaveLength(Math.min(...conflicts.map(({ length }) => length)));
          expect(conflicts.map((one) => one.toSorted())).toContainEqual(found);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('is nothing where all can be met, where it is not found out, and of what cannot be met at all', () => {
    expect(smallestConflict([1, 2], () => true)).toBeUndefined();
    expect(smallestConflict([1, 2], () => undefined)).toBeUndefined();
    expect(smallestConflict([1, 2], () => false)).toEqual([]);
  });
});
