import type { Knex } from 'knex';

/** What was measured of an attempt's metrics, kept as it is taken: another process goes on from it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table metric_analysis (
      change_id uuid not null,
      attempt integer not null,
      started_at timestamptz not null,
      constraint metric_analysis_pkey primary key (change_id, attempt),
      constraint metric_analysis_attempt_fkey
        foreign key (change_id, attempt) references attempt (change_id, number)
    );

    create table metric_measurement (
      change_id uuid not null,
      attempt integer not null,
      metric text not null,
      scope_key text not null,
      number integer not null,
      measured_at timestamptz not null,
      phase text not null,
      value jsonb not null,
      detail text not null,
      constraint metric_measurement_pkey primary key (change_id, attempt, metric, scope_key, number),
      constraint metric_measurement_analysis_fkey
        foreign key (change_id, attempt) references metric_analysis (change_id, attempt),
      constraint metric_measurement_number_positive check (number > 0),
      constraint metric_measurement_phase_known
        check (phase in ('Successful', 'Failed', 'Inconclusive', 'Error'))
    );
    -- How a metric went over time, whatever the change.
    create index metric_measurement_metric_idx on metric_measurement (metric, measured_at);
  `);
}

/** What was measured is lost; verdicts stay. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table metric_measurement, metric_analysis');
}
