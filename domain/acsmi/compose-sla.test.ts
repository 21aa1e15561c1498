import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composeSla, type SlaUnit } from './compose-sla.ts';

/** The definition: every combination of units up and down, weighed. */
function byEnumeration(units: readonly SlaUnit[], groups: readonly (readonly string[])[]): number {
  let sum = 0;
  for (let state = 0; state < 1 << units.length; state += 1) {
    const isUp = new Set(units.filter((_, i) => (state & (1 << i)) !== 0).map(({ id }) => id));
    if (groups.length === 0 || !groups.every((group) => group.some((id) => isUp.has(id)))) continue;
    sum += units.reduce((product, { id, up }) => product * (isUp.has(id) ? up : 1 - up), 1);
  }
  return sum;
}

const system = fc
  .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 })
  .chain((shares) => {
    const units = shares.map((up, i) => ({ id: `dc-${i}`, up }));
    const group = fc.subarray(
      units.map(({ id }) => id),
      { minLength: 1 },
    );
    return fc.record({
      units: fc.constant(units),
      groups: fc.array(group, { minLength: 1, maxLength: 8 }),
    });
  });

describe('the SLA that is composed of several', () => {
  it('is the product where all are needed, and fails only with all where any is enough', () => {
    const units = [
      { id: 'mad', up: 0.99 },
      { id: 'par', up: 0.95 },
    ];
    expect(composeSla(units, [['mad'], ['par']])).toBeCloseTo(0.9405, 12);
    expect(composeSla(units, [['mad', 'par']])).toBeCloseTo(0.9995, 12);
    // Two components that stand side by side fail together, not one after the other.
    expect(composeSla(units, [['mad'], ['mad']])).toBeCloseTo(0.99, 12);
    expect(composeSla(units, [['mad'], ['mad', 'par']])).toBeCloseTo(0.99, 12);
  });

  it('is nothing where nothing runs, and where a group can stand nowhere', () => {
    expect(composeSla([{ id: 'mad', up: 1 }], [])).toBe(0);
    expect(composeSla([{ id: 'mad', up: 1 }], [['mad'], []])).toBe(0);
    expect(composeSla([], [['elsewhere']])).toBe(0);
  });

  it('is what the enumeration of all states gives', () => {
    fc.assert(
      fc.property(system, ({ units, groups }) => {
        expect(composeSla(units, groups)).toBeCloseTo(byEnumeration(units, groups), 10);
      }),
      { numRuns: 500 },
    );
  });

  it('never falls when one of them promises more', () => {
    fc.assert(
      fc.property(system, fc.double({ min: 0, max: 1, noNaN: true }), ({ units, groups }, more) => {
        const better = units.map(({ id, up }, i) => ({
          id,
          up: i === 0 ? Math.max(up, more) : up,
        }));
        expect(composeSla(better, groups)).toBeGreaterThanOrEqual(
          composeSla(units, groups) - 1e-12,
        );
      }),
    );
  });

  it('is found at once for many components over many datacentres', () => {
    const units = Array.from({ length: 20 }, (_, i) => ({ id: `dc-${i}`, up: 0.9 + i / 250 }));
    const groups = Array.from({ length: 60 }, (_, i) =>
      [i, 3 * i + 1, 7 * i + 2].map((n) => `dc-${n % 20}`),
    );
    const before = performance.now();
    expect(composeSla(units, groups)).toBeGreaterThan(0.9);
    expect(performance.now() - before).toBeLessThan(2000);
  });
});
