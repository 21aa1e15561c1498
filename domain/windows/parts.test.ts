import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayBegin, mayGoOn, mayRollBack, partsOf, windowPartsSchema } from './parts.ts';

const minuteMs = 60_000;
const window = { opensAtMs: 0, latestStartAtMs: 60 * minuteMs, closesAtMs: 120 * minuteMs };
const parts = (preparationMinutes = 0, rollbackReserveMinutes = 0) => ({
  preparationMinutes,
  rollbackReserveMinutes,
});
const minutes = ({ opensAtMs, closesAtMs }: { opensAtMs: number; closesAtMs: number }) => [
  opensAtMs / minuteMs,
  closesAtMs / minuteMs,
];

describe('the parts of a window', () => {
  it('are preparation, work and rollback reserve', () => {
    const { preparation, work, rollbackReserve } = partsOf(window, parts(15, 30));
    expect([preparation, work, rollbackReserve].map(minutes)).toEqual([
      [0, 15],
      [15, 90],
      [90, 120],
    ]);
    expect(work.latestStartAtMs).toBe(60 * minuteMs);
  });

  it('are the work alone unless something is asked for', () => {
    const cut = partsOf(window, windowPartsSchema.parse({}));
    expect(cut.work).toEqual(window);
    expect(minutes(cut.preparation)).toEqual([0, 0]);
    expect(minutes(cut.rollbackReserve)).toEqual([120, 120]);
  });

  it.each([
    [60, 60, 'preparationMinutes'],
    [121, 0, 'preparationMinutes'],
    [30, 90, 'rollbackReserveMinutes'],
  ])('leave time for work: %i and %i minutes of 120 are refused', (before, after, field) => {
    expect(() => partsOf(window, parts(before, after), 'window.')).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        code: 'invalid-window-parts',
        complaints: [
          { field: `window.${field}`, message: expect.stringContaining('of 120 minutes') },
        ],
      }),
    );
  });

  it('refuse a latest start that the preparation leaves behind', () => {
    expect(() => partsOf(window, parts(61))).toThrow(
      expect.objectContaining({ complaints: [expect.objectContaining({ field: 'latestStart' })] }),
    );
    expect(mayBegin(partsOf(window, parts(60)), 60 * minuteMs)).toBe(true);
  });

  it.each([-1, 1.5, 31 * 24 * 60 + 1, '30'])('refuse %s minutes', (preparationMinutes) => {
    expect(windowPartsSchema.safeParse({ preparationMinutes }).success).toBe(false);
  });

  it.each([
    [14, false, false, false],
    [15, true, true, true],
    [60, true, true, true],
    [61, false, true, true],
    [89, false, true, true],
    [90, false, false, true],
    [119, false, false, true],
    [120, false, false, false],
  ])('at minute %i: may begin %s, may go on %s, may roll back %s', (now, begins, goesOn, rolls) => {
    const cut = partsOf(window, parts(15, 30));
    expect(mayBegin(cut, now * minuteMs)).toBe(begins);
    expect(mayGoOn(cut, now * minuteMs)).toBe(goesOn);
    expect(mayRollBack(cut, now * minuteMs)).toBe(rolls);
  });

  it('never lets anything begin in the reserve, nor what began go on without it', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(59), fc.nat(130), (before, after, now) => {
        const cut = partsOf({ opensAtMs: 0, closesAtMs: window.closesAtMs }, parts(before, after));
        const nowMs = now * minuteMs;
        expect(mayBegin(cut, nowMs)).toBe(now >= before && now < 120 - after);
        if (mayBegin(cut, nowMs)) expect(mayGoOn(cut, nowMs)).toBe(true);
        if (mayGoOn(cut, nowMs)) expect(mayRollBack(cut, nowMs)).toBe(true);
      }),
    );
  });
});
