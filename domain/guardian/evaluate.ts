import { judgeSeries, type Bucket, type BurnRate, type SeriesVerdict } from './burn-rate.ts';
import type { SeriesKey, Sli, Slo } from './slo.ts';

/** Samples of one series; `current` are those of the deployment that runs now. */
export interface SampledBucket extends Bucket, SeriesKey {
  readonly sli: Sli;
  readonly current: boolean;
}

/** An objective by its worst series. */
export interface SloStatus {
  readonly sli: Sli;
  readonly target: string;
  readonly objectivePercent: number;
  readonly verdict: SeriesVerdict['verdict'];
  readonly budgetLeftPercent: number | null;
  /** Of the worst series. */
  readonly burnRates: readonly BurnRate[];
  /** What was measured lately, in words. */
  readonly measured: string;
  /** Series that violate it, as `component@datacentre`; the empty name is the application as a whole. */
  readonly offenders: readonly string[];
}

export interface Evaluation {
  readonly verdict: 'holding' | 'violated' | 'no-data';
  readonly summary: string;
  readonly slos: readonly SloStatus[];
}

/** Holds the samples against every objective. A violation needs data; no data is never good. */
export function evaluate(
  slos: readonly (Slo & { readonly series: readonly SeriesKey[] })[],
  buckets: readonly SampledBucket[],
  nowMs: number,
): Evaluation {
  const statuses = slos.map((slo) => judgeSlo(slo, buckets, nowMs));
  const violated = statuses.filter((slo) => slo.verdict === 'violated');
  const lacking = statuses.filter((slo) => slo.verdict === 'no-data');
  const say = ({ sli, target, measured }: SloStatus): string => `${sli} ${target}: ${measured}`;
  if (violated.length > 0) {
    return {
      verdict: 'violated',
      summary: `Violated: ${violated.map(say).join('; ')}.`,
      slos: statuses,
    };
  }
  if (lacking.length > 0) {
    return {
      verdict: 'no-data',
      summary: `Too few samples to tell: ${lacking.map(say).join('; ')}.`,
      slos: statuses,
    };
  }
  return { verdict: 'holding', summary: 'Every requirement holds.', slos: statuses };
}

function judgeSlo(
  slo: Slo & { readonly series: readonly SeriesKey[] },
  buckets: readonly SampledBucket[],
  nowMs: number,
): SloStatus {
  const judged = slo.series.map((key) => {
    const own = buckets.filter(
      ({ sli, datacentre, component }) =>
        sli === slo.sli && datacentre === key.datacentre && component === key.component,
    );
    const verdict = judgeSeries(
      slo,
      own.filter(({ current }) => current),
      own,
      nowMs,
    );
    const name = key.component === '' ? '' : `${key.component}@${key.datacentre}`;
    return { name, ...verdict };
  });
  const offenders = judged.filter(({ verdict }) => verdict === 'violated');
  const worst = judged.reduce<(typeof judged)[number] | undefined>(
    (found, one) => (found === undefined || badness(one) > badness(found) ? one : found),
    undefined,
  );
  const budgets = judged
    .map(({ budgetLeftPercent }) => budgetLeftPercent)
    .filter((left) => left !== null);
  return {
    sli: slo.sli,
    target: slo.target,
    objectivePercent: slo.objective * 100,
    // Nothing to measure is no data, too.
    verdict:
      offenders.length > 0
        ? 'violated'
        : judged.length === 0 || judged.some(({ verdict }) => verdict === 'no-data')
          ? 'no-data'
          : 'holds',
    budgetLeftPercent: budgets.length === 0 ? null : Math.min(...budgets),
    burnRates: worst?.burnRates ?? [],
    measured: describe(judged),
    offenders: offenders.map(({ name }) => name),
  };
}

function badness({ verdict, burnRates }: SeriesVerdict): number {
  const rank = verdict === 'violated' ? 2e9 : verdict === 'no-data' ? 1e9 : 0;
  return rank + Math.max(0, ...burnRates.map(({ short }) => short ?? 0));
}

function describe(judged: readonly (SeriesVerdict & { readonly name: string })[]): string {
  if (judged.length === 0) return 'nothing is measured';
  return judged
    .map(({ name, recent }) => {
      const share =
        recent.total === 0
          ? 'no sample'
          : `${((100 * recent.good) / recent.total).toFixed(1)} % of ${recent.total} good`;
      return name === '' ? share : `${name} ${share}`;
    })
    .join(', ');
}
