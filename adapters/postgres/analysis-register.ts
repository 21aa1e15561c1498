import type { Knex } from 'knex';
import type {
  AnalysisRegister,
  RecordedMeasurement,
} from '../../domain/verification/metric-ports.ts';

/** As the domain calls the columns of `metric_measurement`. */
export const measurementColumns = {
  metric: 'metric',
  scopeKey: 'scope_key',
  number: 'number',
  phase: 'phase',
  value: 'value',
  detail: 'detail',
  at: 'measured_at',
} as const;

/** Measurements of metrics in PostgreSQL, each written once. */
export function createAnalysisRegister(database: Knex): AnalysisRegister {
  return {
    async open({ changeId, attempt }, at) {
      const key = { change_id: changeId, attempt };
      await database('metric_analysis')
        .insert({ ...key, started_at: at })
        .onConflict(['change_id', 'attempt'])
        .ignore();
      const { started_at: startedAt } = await database('metric_analysis')
        .where(key)
        .first<{ started_at: string }>('started_at');
      return { startedAt, measurements: await readMeasurements(database, key) };
    },

    async record({ changeId, attempt }, measurement) {
      const key = {
        change_id: changeId,
        attempt,
        metric: measurement.metric,
        scope_key: measurement.scopeKey,
        number: measurement.number,
      };
      const written = await database('metric_measurement')
        .insert({
          ...key,
          phase: measurement.phase,
          value: JSON.stringify(measurement.value),
          detail: measurement.detail,
          measured_at: measurement.at,
        })
        .onConflict(['change_id', 'attempt', 'metric', 'scope_key', 'number'])
        .ignore()
        .returning<{ number: number }[]>('number');
      if (written.length > 0) return measurement;
      // A worker that was thought dead was first: both go on from what it wrote.
      return database('metric_measurement')
        .where(key)
        .first<RecordedMeasurement>(measurementColumns);
    },
  };
}

/** Of one attempt, by metric, series and number. */
export async function readMeasurements(
  database: Knex,
  key: { readonly change_id: string; readonly attempt: number },
): Promise<RecordedMeasurement[]> {
  return database('metric_measurement')
    .where(key)
    .orderBy(['metric', 'scope_key', 'number'])
    .select<RecordedMeasurement[]>(measurementColumns);
}
