import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeSeries, type Bucket } from './burn-rate.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const nowMs = Date.UTC(2026, 10, 25, 12);
const slo = { objective: 0.999, minSamples: 20, minBad: 4, staleAfterMs: 5 * minuteMs };

/** A bucket a minute, from so many minutes ago until now. */
const minutes = (from: number, to: number, total: number, bad: number): Bucket[] =>
  Array.from({ length: from - to }, (_, index) => ({
    startMs: nowMs - (from - index) * minuteMs,
    widthMs: minuteMs,
    total,
    good: total - bad,
  }));
const judge = (buckets: readonly Bucket[]): ReturnType<typeof judgeSeries> =>
  judgeSeries(slo, buckets, buckets, nowMs);

describe('an objective', () => {
  it('holds while everything is good, with its budget whole', () => {
    const judged = judge(minutes(60, 0, 10, 0));
    expect(judged).toMatchObject({ verdict: 'holds', budgetLeftPercent: 100 });
  });

  it.each([
    ['nothing was measured', []],
    ['too little was measured', minutes(3, 0, 5, 5)],
    ['measuring has stopped', minutes(60, 10, 10, 10)],
  ])('has no data, and is neither good nor bad, when %s', (_what, buckets) => {
    expect(judge(buckets).verdict).toBe('no-data');
  });

  it('is violated by a burst that burns 14.4 times too fast over an hour and over five minutes', () => {
    const judged = judge([...minutes(60, 4, 10, 0), ...minutes(4, 0, 10, 5)]);
    expect(judged.verdict).toBe('violated');
    expect(judged.burnRates[0]).toMatchObject({ burning: true, threshold: 14.4 });
    expect(judged.budgetLeftPercent).toBeLessThan(0);
  });

  it('is not violated by a burst that is over', () => {
    expect(judge([...minutes(60, 50, 10, 5), ...minutes(50, 0, 10, 0)]).verdict).toBe('holds');
  });

  it('is not violated by a few bad samples, for that may be chance', () => {
    expect(judge([...minutes(5, 1, 10, 0), ...minutes(1, 0, 10, 3)]).verdict).toBe('holds');
  });

  it('is violated by what burns slowly for days, seen in hours', () => {
    const hours = Array.from({ length: 72 }, (_, index) => ({
      startMs: nowMs - (72 - index) * hourMs,
      widthMs: hourMs,
      total: 600,
      good: 599,
    }));
    const judged = judge(hours);
    expect(judged.burnRates.map(({ burning }) => burning)).toEqual([false, false, true]);
    expect(judged.verdict).toBe('violated');
  });

  it('is judged by the slower windows alone where it is measured seldom', () => {
    const seldom = minutes(360, 0, 3, 0).filter((_, index) => index % 5 === 0);
    expect(judge(seldom).verdict).toBe('holds');
    const failing = seldom.map((one) => ({ ...one, good: 2 }));
    expect(judge(failing).verdict).toBe('violated');
  });

  it('can be violated however loose it is: half of the samples bad is enough', () => {
    const loose = { ...slo, objective: 0.9 };
    const half = minutes(30, 0, 10, 5);
    expect(judgeSeries(loose, half, half, nowMs).verdict).toBe('violated');
  });

  it('is never violated without a bad sample, nor good without samples', () => {
    const bucket = fc.record({
      startMs: fc.integer({ min: nowMs - 80 * hourMs, max: nowMs }),
      widthMs: fc.constantFrom(minuteMs, hourMs),
      total: fc.integer({ min: 0, max: 100 }),
      bad: fc.integer({ min: 0, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(bucket, { maxLength: 50 }), (buckets) => {
        const counted = buckets.map(({ bad, ...one }) => ({
          ...one,
          good: one.total - Math.min(bad, one.total),
        }));
        const { verdict, recent } = judge(counted);
        const bad = counted.reduce((sum, { total, good }) => sum + total - good, 0);
        if (bad === 0) expect(verdict).not.toBe('violated');
        if (recent.total === 0) expect(verdict).toBe('no-data');
      }),
    );
  });
});
