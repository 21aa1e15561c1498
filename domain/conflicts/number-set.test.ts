import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  eachCommonRun,
  hasNumber,
  placesOf,
  setOf,
  sizeOf,
  subtract,
  type NumberSet,
} from './number-set.ts';

const most = 40;
const anyNumbers = fc.uniqueArray(fc.nat(most - 1));
const toSet = (numbers: readonly number[]) => setOf(Int32Array.from(numbers));
const membersOf = (set: NumberSet): number[] => {
  const members: number[] = [];
  for (let i = 0; i < set.length; i += 2) {
    for (let number = set[i]!; number < set[i + 1]!; number += 1) members.push(number);
  }
  return members;
};
const rising = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);

describe('sets of numbers as runs', () => {
  it('take away a run that spans several of the others', () => {
    expect([...subtract(toSet([0, 1, 4, 5, 8]), toSet([1, 2, 3, 4, 5, 6]))]).toEqual([0, 1, 8, 9]);
    expect([...subtract(toSet([0, 1, 4, 5]), toSet([0, 1, 2, 3, 4, 5, 6]))]).toEqual([]);
  });

  it('are what sets of single numbers are, whatever is in them', () => {
    fc.assert(
      fc.property(anyNumbers, anyNumbers, (left, right) => {
        const [a, b] = [toSet(left), toSet(right)];
        const [inLeft, inRight] = [new Set(left), new Set(right)];
        expect(membersOf(a)).toEqual(rising(left));
        expect(sizeOf(a)).toBe(left.length);
        const codes = new Uint8Array(most);
        for (const number of left) codes[number] = 1;
        expect(placesOf(codes, undefined, most)).toEqual(a);
        const inBoth = right.filter((number) => inLeft.has(number));
        for (const number of inBoth) codes[number] = 2;
        expect(placesOf(codes, 2, most)).toEqual(toSet(inBoth));
        for (let number = 0; number < most; number += 1) {
          expect(hasNumber(a, number)).toBe(inLeft.has(number));
        }
        // The same runs as if they had been made of what is left: rising, apart, and none empty.
        expect(subtract(a, b)).toEqual(toSet(left.filter((number) => !inRight.has(number))));
        const common: number[] = [];
        eachCommonRun(a, b, (from, to) => common.push(from, to));
        expect(membersOf(Int32Array.from(common))).toEqual(
          rising(left.filter((number) => inRight.has(number))),
        );
      }),
      { numRuns: 2000 },
    );
  });
});
