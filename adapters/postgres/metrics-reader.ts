import type { Knex } from 'knex';
import type { MeasurementView } from '../../domain/change/readers.ts';
import { reportAnalysis, type JudgedMetric } from '../../domain/verification/analysis-report.ts';
import type { Metric } from '../../domain/verification/metric.ts';
import {
  seriesOf,
  standingPlacement,
  type PlacedRelease,
} from '../../domain/verification/series.ts';
import { measurementColumns, readMeasurements } from './analysis-register.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';

/** How an attempt's metrics stand by what is recorded of them; empty before the first is measured. */
export async function metricsSoFar(
  database: Knex,
  change: string,
  attempt: PlacedRelease & { readonly number: number },
  metrics: readonly Metric[] | undefined,
): Promise<readonly JudgedMetric[]> {
  if (metrics === undefined) return [];
  const key = { change_id: change, attempt: attempt.number };
  const begun = await database('metric_analysis')
    .where(key)
    .first<{ started_at: string } | undefined>('started_at');
  if (begun === undefined) return [];
  return reportAnalysis(
    metrics,
    seriesOf(metrics, standingPlacement(attempt)),
    await readMeasurements(database, key),
    Date.parse(begun.started_at),
  ).metrics;
}

/** Every measurement of a change, a page at a time. */
export async function listMeasurements(
  database: Knex,
  changeId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<{ rows: MeasurementView[]; nextCursor?: string }> {
  const order = ['attempt', 'measured_at', 'metric', 'scope_key', 'number'];
  const after = cursor === undefined ? 0 : Number(decodeCursor(cursor, /^\d{1,9}$/));
  const rows = await database('metric_measurement')
    .where({ change_id: changeId })
    .orderBy(order)
    .offset(after)
    .limit(limit + 1)
    .select<MeasurementView[]>({ attempt: 'attempt', ...measurementColumns });
  return rows.length <= limit
    ? { rows }
    : { rows: rows.slice(0, limit), nextCursor: encodeCursor(after + limit) };
}
