import { countPhases, runPhase, seriesState } from './analysis.ts';
import type { SeriesCounts, SeriesState } from './analysis.ts';
import { worstPhase, type MeasurementPhase } from './assess-value.ts';
import type { VerificationReport } from './judge-verification.ts';
import type { Metric } from './metric.ts';
import type { RecordedMeasurement } from './metric-ports.ts';
import type { MetricSeries } from './series.ts';

export interface JudgedSeries {
  /** Empty for the whole application, a datacentre, or `component@datacentre`. */
  readonly scope: string;
  readonly phase: MeasurementPhase | 'Running';
  /** Which limit or count ended it. */
  readonly because: string;
  readonly counts: SeriesCounts;
  /** The newest measurement. */
  readonly last: Pick<RecordedMeasurement, 'at' | 'phase' | 'value' | 'detail'> | null;
}

export interface JudgedMetric {
  readonly metric: string;
  readonly provider: string;
  readonly dryRun: boolean;
  /** The worst of its series. */
  readonly phase: MeasurementPhase | 'Running';
  readonly series: readonly JudgedSeries[];
}

export interface AnalysisReport {
  /** Undefined while it runs; null when every metric is a dry run, so that none decides. */
  readonly phase: MeasurementPhase | null | undefined;
  readonly metrics: readonly JudgedMetric[];
}

/** What the measurements recorded so far say; the same for the activity, the API and after a crash. */
export function reportAnalysis(
  metrics: readonly Metric[],
  allSeries: readonly MetricSeries[],
  recorded: readonly RecordedMeasurement[],
  startedAtMs: number,
): AnalysisReport {
  const states = metrics.map((metric) => ({
    metric,
    series: allSeries
      .filter((series) => series.metric.name === metric.name)
      .map(({ scopeKey }) => {
        const own = measurementsOf(recorded, metric.name, scopeKey);
        return { scopeKey, own, state: seriesState(metric, inMs(own), startedAtMs) };
      }),
  }));
  const phase = runPhase(
    states.map(({ metric, series }) => ({ metric, series: series.map(({ state }) => state) })),
  );
  return {
    phase,
    metrics: states.map(({ metric, series }) => {
      const judged = series.map(({ scopeKey, own, state }) =>
        judgeSeries(scopeKey, own, state, phase === undefined),
      );
      const ended = judged.flatMap((one) => (one.phase === 'Running' ? [] : [one.phase]));
      return {
        metric: metric.name,
        provider: metric.provider.kind,
        dryRun: metric.dryRun,
        phase: ended.length < judged.length ? 'Running' : worstPhase(ended),
        series: judged,
      };
    }),
  };
}

/** Of one series, by rising number. */
export function measurementsOf(
  recorded: readonly RecordedMeasurement[],
  metric: string,
  scopeKey: string,
): RecordedMeasurement[] {
  return recorded
    .filter((one) => one.metric === metric && one.scopeKey === scopeKey)
    .sort((a, b) => a.number - b.number);
}

export function inMs(
  recorded: readonly RecordedMeasurement[],
): { number: number; phase: MeasurementPhase; atMs: number }[] {
  return recorded.map(({ number, phase, at }) => ({ number, phase, atMs: Date.parse(at) }));
}

function judgeSeries(
  scope: string,
  own: readonly RecordedMeasurement[],
  state: SeriesState,
  isRunning: boolean,
): JudgedSeries {
  const last = own.at(-1);
  return {
    scope,
    ...(state.kind === 'ended'
      ? { phase: state.phase, because: state.because }
      : isRunning
        ? { phase: 'Running', because: 'more is to be measured' }
        : { phase: 'Inconclusive', because: 'it was stopped when another one had decided' }),
    counts: countPhases(inMs(own)),
    last:
      last === undefined
        ? null
        : { at: last.at, phase: last.phase, value: last.value, detail: last.detail },
  };
}

const verdicts = ['passed', 'inconclusive', 'violated'] as const;
const verdictOf: Readonly<Record<MeasurementPhase, VerificationReport['verdict']>> = {
  Successful: 'passed',
  Inconclusive: 'inconclusive',
  // Nobody knows what an error would have measured.
  Error: 'inconclusive',
  Failed: 'violated',
};

/** The worst of both verdicts: metrics can only worsen what the requirements say. */
export function withMetrics(
  report: VerificationReport,
  { phase, metrics }: AnalysisReport,
): VerificationReport {
  const said = phase === null ? 'passed' : verdictOf[phase ?? 'Inconclusive'];
  const verdict =
    verdicts[Math.max(verdicts.indexOf(report.verdict), verdicts.indexOf(said))] ?? 'violated';
  return {
    ...report,
    verdict,
    metrics,
    summary: `${report.summary} ${summariseMetrics(metrics)}`,
  };
}

/** What did not succeed, in words; what did, by name. */
export function summariseMetrics(metrics: readonly JudgedMetric[]): string {
  const deciding = metrics.filter(({ dryRun }) => !dryRun);
  const bad = deciding.filter(({ phase }) => phase !== 'Successful');
  const dry = metrics.length - deciding.length;
  const dryWords = dry === 0 ? '' : ` ${dry} more recorded only.`;
  if (deciding.length === 0) return `No metric decides.${dryWords}`;
  if (bad.length === 0) {
    return `Metrics: ${deciding.map(({ metric }) => metric).join(', ')} successful.${dryWords}`;
  }
  const say = ({ metric, series }: JudgedMetric): string => {
    const worst = series.filter(({ phase }) => phase !== 'Successful');
    const shown = worst.slice(0, 3).map(({ scope, phase, because, last }) => {
      const where = scope === '' ? metric : `${metric} of ${scope}`;
      return `${where}: ${phase} (${because}${last === null ? '' : `; last: ${last.detail.slice(0, 200)}`})`;
    });
    const more = worst.length > 3 ? `, and ${worst.length - 3} more series` : '';
    return series.length === 0
      ? `${metric}: there is nothing to measure it of`
      : `${shown.join(', ')}${more}`;
  };
  return `Metrics: ${bad.map(say).join('; ')}.${dryWords}`;
}
