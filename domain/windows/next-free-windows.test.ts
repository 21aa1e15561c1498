import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextFreeWindows } from './next-free-windows.ts';
import { overlaps } from './window-rules.ts';

const minuteMs = 60_000;
const minutes = (from: number, to: number) => ({
  opensAtMs: from * minuteMs,
  closesAtMs: to * minuteMs,
});
const search = (
  busy: readonly [from: number, to: number][],
  more: Partial<Parameters<typeof nextFreeWindows>[0]> = {},
) =>
  nextFreeWindows({
    durationMs: 30 * minuteMs,
    notBeforeMs: 0,
    horizonMs: 300 * minuteMs,
    count: 1,
    busy: busy.map(([from, to]) => minutes(from, to)),
    ...more,
  }).map(({ opensAtMs, closesAtMs }) => [opensAtMs / minuteMs, closesAtMs / minuteMs]);

describe('nextFreeWindows', () => {
  it('begins at once where nothing is in the way', () => {
    expect(search([])).toEqual([[0, 30]]);
  });

  it('rounds the start up to the step of five minutes, or the one given', () => {
    expect(search([], { notBeforeMs: 1 })).toEqual([[5, 35]]);
    expect(search([[0, 11]])).toEqual([[15, 45]]);
    expect(search([[0, 11]], { stepMs: minuteMs })).toEqual([[11, 41]]);
  });

  it('fills a gap that is exactly long enough, and passes over one that is shorter', () => {
    const busy: [number, number][] = [
      [0, 10],
      [35, 60],
      [90, 120],
    ];
    expect(search(busy, { count: 2 })).toEqual([
      [60, 90],
      [120, 150],
    ]);
  });

  it('keeps clear of busy windows that lie within each other, in any order', () => {
    expect(
      search([
        [10, 20],
        [0, 100],
        [90, 130],
      ]),
    ).toEqual([[130, 160]]);
  });

  it('keeps the gap that is asked for before and after busy windows', () => {
    const busy: [number, number][] = [
      [0, 10],
      [50, 60],
    ];
    expect(search(busy, { gapMs: 10 * minuteMs })).toEqual([[70, 100]]);
    expect(search(busy, { gapMs: 5 * minuteMs })).toEqual([[15, 45]]);
  });

  it('offers fewer than asked, or none, where the horizon holds no more', () => {
    expect(search([], { count: 20, horizonMs: 100 * minuteMs })).toEqual([
      [0, 30],
      [30, 60],
      [60, 90],
    ]);
    expect(search([[0, 280]])).toEqual([]);
    expect(search([], { durationMs: 301 * minuteMs })).toEqual([]);
  });

  it('finds what trying every step finds', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc
            .tuple(fc.nat(200), fc.integer({ min: 1, max: 60 }))
            .map(([from, length]) => minutes(from, from + length)),
          { maxLength: 8 },
        ),
        fc.integer({ min: 1, max: 60 }).map((m) => m * minuteMs),
        fc.nat(50 * minuteMs),
        fc.integer({ min: 1, max: 6 }),
        (busy, durationMs, notBeforeMs, count) => {
          const stepMs = 5 * minuteMs;
          const horizonMs = 250 * minuteMs;
          const expected: { opensAtMs: number; closesAtMs: number }[] = [];
          for (let opensAtMs = 0; expected.length < count; opensAtMs += stepMs) {
            const window = { opensAtMs, closesAtMs: opensAtMs + durationMs };
            if (window.closesAtMs > notBeforeMs + horizonMs) break;
            if (opensAtMs < notBeforeMs) continue;
            if (![...busy, ...expected].some((other) => overlaps(window, other))) {
              expected.push(window);
            }
          }
          const found = nextFreeWindows({ durationMs, notBeforeMs, horizonMs, busy, count });
          expect(found).toEqual(expected);
        },
      ),
    );
  });
});
