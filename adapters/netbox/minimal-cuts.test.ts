import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minimalCuts } from './minimal-cuts.ts';

describe('minimal cuts', () => {
  it('are one set of all ends where the paths share nothing but those', () => {
    expect(minimalCuts([['feed-a'], ['feed-b']], 10)).toEqual([['feed-a', 'feed-b']]);
  });

  it('name what every path shares on its own', () => {
    const cuts = minimalCuts(
      [
        ['panel', 'core-1'],
        ['panel', 'core-2'],
      ],
      10,
    );
    expect(cuts).toEqual([['panel'], ['core-1', 'core-2']]);
  });

  it('are none where a path needs nothing', () => {
    expect(minimalCuts([['a'], []], 10)).toEqual([]);
  });

  it('are not given past the limit', () => {
    const paths = [1, 2, 3, 4].map((n) => [`a${n}`, `b${n}`, `c${n}`]);
    expect(minimalCuts(paths, 81)).toHaveLength(81);
    expect(minimalCuts(paths, 80)).toBeUndefined();
  });

  it('say of every outage what the paths say', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e', 'f'];
    const path = fc.uniqueArray(fc.constantFrom(...nodes), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(path, { minLength: 1, maxLength: 4 }), (paths) => {
        const cuts = minimalCuts(paths, 1000) ?? [];
        for (let outage = 0; outage < 2 ** nodes.length; outage += 1) {
          const isUp = (node: string) => (outage & (1 << nodes.indexOf(node))) === 0;
          expect(cuts.every((cut) => cut.some(isUp))).toBe(paths.some((each) => each.every(isUp)));
        }
        for (const cut of cuts) {
          const others = cuts.filter((other) => other !== cut);
          expect(others.some((other) => other.every((node) => cut.includes(node)))).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });
});
