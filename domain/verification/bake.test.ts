import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addSamples, availabilityOf, bakeVerdict, type BakeTally } from './bake.ts';

const nfrs = { availability: { minPercent: 99 }, responseTime: { p95MaxMs: 200 } };
const tally = (total: number, answered: number, ms = 50): BakeTally => ({
  total,
  answered,
  durationsMs: Array.from({ length: answered }, () => ms),
});
const none = tally(0, 0);
const wanted = { samples: 40, otherwise: 20 };
const verdict = (entries: Record<string, BakeTally>, looks = none, least = wanted) =>
  bakeVerdict(nfrs, { looks, entries }, least).verdict;

describe('a release that bakes', () => {
  it('has been seen enough when every entry has', () => {
    expect(verdict({ web: tally(40, 40), api: tally(39, 39) })).toBe('too-few');
    expect(verdict({ web: tally(40, 40), api: tally(40, 40) })).toBe('enough');
  });

  it('is violated as soon as a verification would say so, long before the last sample', () => {
    expect(verdict({ web: tally(20, 19) })).toBe('violated');
    expect(verdict({ web: tally(20, 20, 300) })).toBe('violated');
    expect(verdict({ web: tally(19, 0) })).toBe('too-few');
  });

  it('is never good unseen: where no samples are asked for, as many as a verification takes', () => {
    const least = { samples: 0, otherwise: 20 };
    expect(verdict({}, none, least)).toBe('too-few');
    expect(verdict({ web: tally(19, 19) }, none, least)).toBe('too-few');
    expect(verdict({ web: tally(20, 20) }, none, least)).toBe('enough');
  });

  it('is judged by how it looks where nothing can be probed', () => {
    expect(verdict({}, tally(40, 40, 0))).toBe('enough');
    expect(verdict({}, tally(40, 30, 0))).toBe('violated');
  });

  it('is never both seen enough and unavailable', () => {
    fc.assert(
      fc.property(
        fc.nat(200),
        fc.nat(200),
        fc.nat(100),
        fc.integer({ min: 1, max: 50 }),
        (a, b, samples, otherwise) => {
          const one = tally(Math.max(a, b), Math.min(a, b));
          const said = verdict({ web: one }, none, { samples, otherwise });
          if (said === 'enough') expect(availabilityOf(one)).toBeGreaterThanOrEqual(99);
        },
      ),
    );
  });

  it('counts all samples and keeps the newest durations', () => {
    let all: BakeTally | undefined;
    for (let i = 0; i < 700; i += 1) all = addSamples(all, [{ ok: i % 2 === 0, durationMs: i }]);
    expect(all).toMatchObject({ total: 700, answered: 350 });
    expect(
      addSamples(
        all,
        Array.from({ length: 600 }, () => ({ ok: true, durationMs: 1 })),
      ).durationsMs,
    ).toHaveLength(500);
  });
});
