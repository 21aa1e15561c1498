import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coversWave, mayRun, mayStart, overlapOf, overlaps, remainingMs } from './window-rules.ts';

const window = { opensAtMs: 1000, latestStartAtMs: 1500, closesAtMs: 2000 };

describe('the rules of a window', () => {
  it.each([
    [999, false, false],
    [1000, true, true],
    [1500, true, true],
    [1501, false, true],
    [1999, false, true],
    [2000, false, false],
  ])('at %i: may start %s, may go on %s', (nowMs, starts, runs) => {
    expect(mayStart(window, nowMs)).toBe(starts);
    expect(mayRun(window, nowMs)).toBe(runs);
  });

  it('lets nothing start as it closes, though that is the latest start', () => {
    expect(mayStart({ ...window, latestStartAtMs: 2000 }, 2000)).toBe(false);
    expect(mayStart({ ...window, latestStartAtMs: 2000 }, 1999)).toBe(true);
  });

  it('has nothing left once it has closed', () => {
    expect([1400, 2000, 2600].map((nowMs) => remainingMs(window, nowMs))).toEqual([600, 0, 0]);
  });

  it('covers a wave if what is left is enough for it and its rollback, to the millisecond', () => {
    const wave = { closesAtMs: 2000, waveMs: 300, rollbackMs: 200 };
    expect(coversWave({ ...wave, nowMs: 1500 })).toEqual({ ok: true, missingMs: 0 });
    expect(coversWave({ ...wave, nowMs: 1501 })).toEqual({ ok: false, missingMs: 1 });
    expect(coversWave({ ...wave, nowMs: 2100 })).toEqual({ ok: false, missingMs: 600 });
  });

  it('leaves the rollback reserve to the rollback alone', () => {
    const wave = { workUntilMs: 1700, closesAtMs: 2000, waveMs: 300, rollbackMs: 400 };
    expect(coversWave({ ...wave, nowMs: 1300 })).toEqual({ ok: true, missingMs: 0 });
    expect(coversWave({ ...wave, nowMs: 1301 })).toEqual({ ok: false, missingMs: 1 });
    // A rollback that takes longer than the reserve needs work time as well.
    expect(coversWave({ ...wave, rollbackMs: 200, nowMs: 1401 })).toMatchObject({ missingMs: 1 });
  });

  it('does not overlap the window that opens as it closes', () => {
    const next = { opensAtMs: 2000, closesAtMs: 3000 };
    expect(overlaps(window, next)).toBe(false);
    expect(overlaps(next, window)).toBe(false);
    expect(overlaps(window, { ...next, opensAtMs: 1999 })).toBe(true);
  });

  it('overlaps exactly the windows it has an instant in common with', () => {
    const range = fc
      .tuple(fc.nat(20), fc.integer({ min: 1, max: 10 }))
      .map(([opensAtMs, length]) => ({ opensAtMs, closesAtMs: opensAtMs + length }));
    fc.assert(
      fc.property(range, range, (a, b) => {
        const both = Array.from({ length: 40 }, (_, ms) => ms).filter(
          (ms) => mayRun(a, ms) && mayRun(b, ms),
        );
        expect(overlaps(a, b)).toBe(both.length > 0);
        if (both.length === 0) return;
        const { opensAtMs, closesAtMs } = overlapOf(a, b);
        expect([opensAtMs, closesAtMs - 1]).toEqual([both[0], both.at(-1)]);
      }),
    );
  });
});
