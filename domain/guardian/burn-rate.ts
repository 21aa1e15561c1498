import type { Slo } from './slo.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Counts of one span of time; minutes at first, merged to hours when only long windows need them. */
export interface Bucket {
  readonly startMs: number;
  readonly widthMs: number;
  readonly total: number;
  readonly good: number;
}

/** An error budget is counted over this time. */
export const budgetPeriodMs = 30 * dayMs;
/** Older minutes are merged into hours: no shorter window looks back so far. */
export const minutesKeptMs = 7 * hourMs;

/**
 * The multi-window, multi-burn-rate alerts of Google's SRE Workbook (chapter 5, table 5-8): burning so many
 * times faster than the budget allows, over the long window (it matters) and the short one (it still goes on).
 */
export const burnWindows = [
  { name: '1 h and 5 min', longMs: hourMs, shortMs: 5 * minuteMs, factor: 14.4 },
  { name: '6 h and 30 min', longMs: 6 * hourMs, shortMs: 30 * minuteMs, factor: 6 },
  { name: '3 d and 6 h', longMs: 3 * dayMs, shortMs: 6 * hourMs, factor: 1 },
] as const;

/** A loose objective could never burn 14 times too fast; half of the samples bad is enough for any. */
const mostBadShare = 0.5;

export interface BurnRate {
  readonly window: string;
  /** Times the rate that uses up the budget in 30 days; null without enough samples. */
  readonly long: number | null;
  readonly short: number | null;
  /** From this rate on, in both, the objective counts as violated. */
  readonly threshold: number;
  readonly burning: boolean;
}

export interface SeriesVerdict {
  readonly verdict: 'holds' | 'violated' | 'no-data';
  readonly burnRates: readonly BurnRate[];
  /** Of the budget of 30 days, in per cent; below 0 it is overdrawn; null without any sample. */
  readonly budgetLeftPercent: number | null;
  /** In the shortest window. */
  readonly recent: { readonly total: number; readonly good: number };
}

/**
 * Whether one series keeps to its objective. `recent` are the samples of what runs now; `budget` those of all
 * that ran in the budget's period. Too few samples are no data: neither good nor bad.
 */
export function judgeSeries(
  slo: Pick<Slo, 'objective' | 'minSamples' | 'minBad' | 'staleAfterMs'>,
  recent: readonly Bucket[],
  budget: readonly Bucket[],
  nowMs: number,
): SeriesVerdict {
  const allowed = 1 - slo.objective;
  const oldestMs = Math.min(...recent.map(({ startMs }) => startMs));
  const burnRates = burnWindows.map(({ name, longMs, shortMs, factor }, index): BurnRate => {
    const long = sum(recent, nowMs - longMs, nowMs);
    const short = sum(recent, nowMs - shortMs, nowMs);
    const rate = ({ total, good }: Counts): number | null =>
      total < slo.minSamples ? null : (total - good) / total / allowed;
    const threshold = Math.min(factor, mostBadShare / allowed);
    // Only the fastest alarm may be raised by a young series: for the others it has no history yet.
    const isOldEnough = index === 0 || oldestMs <= nowMs - shortMs;
    const rates = { long: rate(long), short: rate(short) };
    const burning =
      isOldEnough &&
      long.total - long.good >= slo.minBad &&
      (rates.long ?? 0) >= threshold &&
      (rates.short ?? 0) >= threshold;
    return { window: name, ...rates, threshold, burning };
  });
  // What is measured seldom has enough for the slower windows only; what is measured no more has nothing.
  const newestMs = Math.max(
    ...recent.filter(({ total }) => total > 0).map(({ startMs, widthMs }) => startMs + widthMs),
  );
  const hasData =
    newestMs >= nowMs - slo.staleAfterMs &&
    burnRates.some(({ long, short }) => long !== null && short !== null);
  const spent = sum(budget, nowMs - budgetPeriodMs, nowMs);
  return {
    verdict: !hasData ? 'no-data' : burnRates.some(({ burning }) => burning) ? 'violated' : 'holds',
    burnRates,
    budgetLeftPercent:
      spent.total === 0 ? null : 100 * (1 - (spent.total - spent.good) / (spent.total * allowed)),
    recent: sum(recent, nowMs - burnWindows[0].shortMs, nowMs),
  };
}

interface Counts {
  readonly total: number;
  readonly good: number;
}

function sum(buckets: readonly Bucket[], fromMs: number, toMs: number): Counts {
  let total = 0;
  let good = 0;
  for (const bucket of buckets) {
    if (bucket.startMs + bucket.widthMs <= fromMs || bucket.startMs > toMs) continue;
    total += bucket.total;
    good += bucket.good;
  }
  return { total, good };
}
