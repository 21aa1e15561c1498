import { worstPhase, type MeasurementPhase } from './assess-value.ts';
import { durationMs } from './duration.ts';
import type { Metric } from './metric.ts';

/** One measurement of a series, as it was recorded; numbers begin at 1. */
export interface SeriesMeasurement {
  readonly number: number;
  readonly phase: MeasurementPhase;
  /** When it was finished, epoch milliseconds. */
  readonly atMs: number;
}

export interface SeriesCounts {
  readonly successful: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly error: number;
  /** Errors since the last measurement that was none. */
  readonly consecutiveErrors: number;
}

export type SeriesState =
  | { readonly kind: 'running'; readonly nextNumber: number; readonly dueAtMs: number }
  | { readonly kind: 'ended'; readonly phase: MeasurementPhase; readonly because: string };

/** Between an error and the next try of a metric without interval, as in Argo Rollouts. */
export const errorRetryMs = 10_000;

export function countPhases(measurements: readonly SeriesMeasurement[]): SeriesCounts {
  const of = (phase: MeasurementPhase): number =>
    measurements.filter((measurement) => measurement.phase === phase).length;
  const lastJudged = measurements.findLastIndex(({ phase }) => phase !== 'Error');
  return {
    successful: of('Successful'),
    failed: of('Failed'),
    inconclusive: of('Inconclusive'),
    error: of('Error'),
    consecutiveErrors: measurements.length - 1 - lastJudged,
  };
}

/**
 * Where a series stands by what was measured of it, oldest first: what to measure next and when, or how it
 * ended. Pure, so that another process goes on after a crash where the first one stopped. The order of the
 * limits is Argo's: failed, inconclusive, errors, and the count last.
 */
export function seriesState(
  metric: Metric,
  measurements: readonly SeriesMeasurement[],
  startedAtMs: number,
): SeriesState {
  const { failed, inconclusive, error, consecutiveErrors } = countPhases(measurements);
  const { failureLimit, inconclusiveLimit, consecutiveErrorLimit, count } = metric;
  const judged = measurements.length - error;
  const ended = (phase: MeasurementPhase, because: string): SeriesState => ({
    kind: 'ended',
    phase,
    because,
  });
  const more = (what: number, kind: string, limit: number): string =>
    `${what} ${kind}, ${limit === 0 ? 'none is' : `${limit} are`} allowed`;

  if (failureLimit >= 0 && failed > failureLimit) {
    return ended('Failed', more(failed, 'failed', failureLimit));
  }
  if (inconclusive > inconclusiveLimit) {
    return ended('Inconclusive', more(inconclusive, 'inconclusive', inconclusiveLimit));
  }
  if (consecutiveErrors > consecutiveErrorLimit) {
    return ended('Error', more(consecutiveErrors, 'errors in a row', consecutiveErrorLimit));
  }
  if (judged >= count) {
    return ended('Successful', `measured ${judged} times, within its limits`);
  }
  const last = measurements.at(-1);
  return {
    kind: 'running',
    nextNumber: (last?.number ?? 0) + 1,
    dueAtMs:
      last === undefined
        ? startedAtMs + durationMs(metric.initialDelay ?? '0s')
        : last.atMs + (metric.interval === undefined ? errorRetryMs : durationMs(metric.interval)),
  };
}

/**
 * Whether the end of a series decides the run at once: what has failed, erred or stayed inconclusive cannot
 * become good any more by what else is measured.
 */
export function stopsRun(metric: Metric, state: SeriesState): boolean {
  return state.kind === 'ended' && state.phase !== 'Successful' && !metric.dryRun;
}

/**
 * The run as a whole: undefined while it goes on. The worst of the series that decide; dry runs never do. A
 * metric without a series (there is no datacentre for it) is inconclusive. `null` when no metric decides.
 */
export function runPhase(
  metrics: readonly { readonly metric: Metric; readonly series: readonly SeriesState[] }[],
): MeasurementPhase | null | undefined {
  const deciding = metrics.filter(({ metric }) => !metric.dryRun);
  const stopped = metrics.some(({ metric, series }) =>
    series.some((state) => stopsRun(metric, state)),
  );
  const running = metrics.some(({ series }) => series.some(({ kind }) => kind === 'running'));
  if (running && !stopped) return undefined;
  if (deciding.length === 0) return null;
  return worstPhase(
    deciding.map(({ series }) =>
      // What was stopped before its end has not passed.
      worstPhase(series.map((state) => (state.kind === 'ended' ? state.phase : 'Inconclusive'))),
    ),
  );
}
