import { setTimeout as delay } from 'node:timers/promises';
import type { ApplicationDefinition } from '../domain/application/application-definition.ts';
import type { StoredAttempt } from '../domain/change/ports.ts';
import { isDomainError } from '../domain/errors.ts';
import { seriesState, stopsRun } from '../domain/verification/analysis.ts';
import { inMs, measurementsOf, reportAnalysis } from '../domain/verification/analysis-report.ts';
import type { AnalysisReport } from '../domain/verification/analysis-report.ts';
import { assessValue, compileConditions } from '../domain/verification/assess-value.ts';
import type { Assessment, Conditions } from '../domain/verification/assess-value.ts';
import { durationMs } from '../domain/verification/duration.ts';
import type { ExpressionEvaluator } from '../domain/verification/expressions.ts';
import type {
  AnalysisRegister,
  MetricProvider,
  MetricRequest,
  RecordedMeasurement,
} from '../domain/verification/metric-ports.ts';
import { storableText, storableValue } from '../domain/verification/metric-value.ts';
import type { MetricValue } from '../domain/verification/metric-value.ts';
import { seriesOf, standingPlacement, type MetricSeries } from '../domain/verification/series.ts';

export interface AnalysisPorts {
  readonly metricProvider: MetricProvider;
  readonly expressions: ExpressionEvaluator;
  readonly analyses: AnalysisRegister;
  /** ISO instant. */
  readonly now: () => string;
}

const longestDetail = 1_000;

/**
 * Measures the application's metrics until they have decided. Each measurement is recorded before the next
 * one is taken, and what is recorded is never measured again: called anew after a crash it goes on from
 * there, its delays and intervals counted from when they began.
 */
export async function runAnalysis(
  ports: AnalysisPorts,
  attempt: StoredAttempt,
  application: ApplicationDefinition,
  signal: AbortSignal,
): Promise<AnalysisReport> {
  const { analyses, expressions, now } = ports;
  const metrics = application.verification.metrics ?? [];
  const allSeries = seriesOf(metrics, standingPlacement(attempt));
  const conditions = new Map(
    metrics.map((metric) => [metric.name, compileConditions(metric, expressions)]),
  );
  const { startedAt, measurements } = await analyses.open(attempt, now());
  const startedAtMs = Date.parse(startedAt);
  const recorded = [...measurements];
  const report = (): AnalysisReport => reportAnalysis(metrics, allSeries, recorded, startedAtMs);
  if (report().phase !== undefined) return report();

  const decided = new AbortController();
  const either = AbortSignal.any([signal, decided.signal]);
  const follow = async (series: MetricSeries): Promise<void> => {
    const { metric, scopeKey } = series;
    for (;;) {
      const own = inMs(measurementsOf(recorded, metric.name, scopeKey));
      const state = seriesState(metric, own, startedAtMs);
      if (state.kind === 'ended') {
        if (stopsRun(metric, state)) decided.abort();
        return;
      }
      await delay(Math.max(0, state.dueAtMs - Date.parse(now())), undefined, { signal: either });
      const request = requestFor(series, state.nextNumber, attempt, application);
      const measured = await measure(
        ports.metricProvider,
        request,
        conditions.get(metric.name) ?? {},
        either,
      );
      recorded.push(
        await analyses.record(attempt, {
          metric: metric.name,
          scopeKey,
          number: state.nextNumber,
          at: now(),
          ...measured,
        }),
      );
    }
  };
  const failures: unknown[] = [];
  await Promise.all(
    allSeries.map(async (series) => {
      try {
        await follow(series);
      } catch (error) {
        // Stopped because it is decided or cancelled; or else its failure stops the others.
        if (!either.aborted) failures.push(error);
        decided.abort();
      }
    }),
  );
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return report();
}

/** Takes one measurement and judges it: whatever goes wrong with it is an error of the measurement. */
async function measure(
  provider: MetricProvider,
  request: MetricRequest,
  conditions: Conditions,
  signal: AbortSignal,
): Promise<Pick<RecordedMeasurement, 'phase' | 'value' | 'detail'>> {
  const deadline = AbortSignal.timeout(request.timeoutMs);
  const either = AbortSignal.any([signal, deadline]);
  const outcome = (
    { phase, detail }: Assessment,
    value: MetricValue | undefined,
  ): Pick<RecordedMeasurement, 'phase' | 'value' | 'detail'> => ({
    phase,
    value: phase === 'Error' ? null : storableValue(value),
    detail: storableText(detail).slice(0, longestDetail),
  });
  try {
    const { value, detail } = await unlessAborted(
      provider.measure(request, { signal: either }),
      either,
    );
    const assessed = assessValue(conditions, value);
    return outcome({ ...assessed, detail: `${assessed.detail}; ${detail}` }, value);
  } catch (error) {
    signal.throwIfAborted();
    const detail = deadline.aborted
      ? `no measurement within ${request.timeoutMs} ms; give it a longer timeout, or mend its source`
      : describeError(error);
    return outcome({ phase: 'Error', detail }, undefined);
  }
}

/** A provider that does not heed the signal must not hold the verification up. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function describeError(error: unknown): string {
  if (!isDomainError(error)) return error instanceof Error ? error.message : String(error);
  return error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
}

function requestFor(
  { metric, datacentre, component }: MetricSeries,
  number: number,
  attempt: StoredAttempt,
  application: ApplicationDefinition,
): MetricRequest {
  const { changeId, endpoints } = attempt;
  const { path, samples, intervalMs, timeoutMs } = application.verification;
  const endpoint = endpoints.find(
    (one) => one.datacentre === datacentre && one.component === component,
  );
  return {
    provider: metric.provider,
    metric: metric.name,
    scope: metric.scope,
    number,
    timeoutMs: durationMs(metric.timeout),
    args: {
      change: changeId,
      attempt: String(attempt.attempt),
      application: attempt.application,
      release: attempt.releaseVersion,
      ...(datacentre === undefined ? {} : { datacentre }),
      ...(component === undefined ? {} : { component }),
    },
    target: {
      ref: { changeId, attempt: attempt.attempt },
      placement: standingPlacement(attempt),
      ...(endpoint === undefined ? {} : { endpoint: endpoint.url }),
      probe: {
        entries: application.components.filter(({ entry }) => entry).map(({ name }) => name),
        path,
        samples,
        intervalMs,
        timeoutMs,
      },
    },
  };
}
