import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { Resource } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { Knex } from 'knex';

/** Of knex’s pool, which has no public type. */
interface Pool {
  numUsed(): number;
  numFree(): number;
}

/** Figures of the whole system, read from the record when they are asked for. */
export function createMetrics(database: Knex, resource: Resource): { render(): Promise<string> } {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const meter = new MeterProvider({ resource, readers: [reader] }).getMeter('ctc');
  const serializer = new PrometheusSerializer('ctc');

  const changes = meter.createObservableGauge('changes', { description: 'Changes by state' });
  const outbox = meter.createObservableGauge('outbox_waiting', {
    description: 'Accepted requests whose workflow has not been started yet',
  });
  const conflicts = meter.createObservableGauge('conflicts', {
    description: 'Conflicts that stand, by severity',
  });
  const pool = meter.createObservableGauge('database_connections', {
    description: 'Connections of this process’s pool, by use',
  });
  const memory = meter.createObservableGauge('process_memory_bytes', {
    description: 'Resident memory of this process',
    unit: 'By',
  });
  meter.addBatchObservableCallback(
    async (result) => {
      const byState = await database('change')
        .groupBy('state')
        .select<{ state: string; count: number }[]>('state', database.raw('count(*) as count'));
      for (const { state, count } of byState) result.observe(changes, count, { state });
      const [waiting] = await database('outbox')
        .whereNull('dispatched_at')
        .count<{ count: number }[]>('* as count');
      result.observe(outbox, waiting?.count ?? 0);
      const bySeverity = await database('conflict')
        .whereNull('gone_at')
        .groupBy('severity')
        .select<{ severity: string; count: number }[]>(
          'severity',
          database.raw('count(*) as count'),
        );
      for (const { severity, count } of bySeverity) result.observe(conflicts, count, { severity });
      const { pool: connections } = database.client as { pool: Pool };
      result.observe(pool, connections.numUsed(), { use: 'busy' });
      result.observe(pool, connections.numFree(), { use: 'idle' });
      result.observe(memory, process.memoryUsage.rss());
    },
    [changes, outbox, conflicts, pool, memory],
  );

  return {
    async render() {
      const { resourceMetrics } = await reader.collect();
      return serializer.serialize(resourceMetrics);
    },
  };
}
