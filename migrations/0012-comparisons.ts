import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table deployment_preview (
      change_id uuid not null,
      revision integer not null,
      preview jsonb not null,
      constraint deployment_preview_pkey primary key (change_id, revision),
      constraint deployment_preview_change_fkey foreign key (change_id) references change (id)
    );
    comment on table deployment_preview is
      'What a release would have done to each datacentre, as it was shown before approval';

    create table drift_check (
      id uuid not null,
      application text not null,
      checked_at timestamptz not null,
      verdict text not null,
      report jsonb not null,
      constraint drift_check_pkey primary key (id),
      constraint drift_check_application_fkey foreign key (application) references application (name),
      constraint drift_check_verdict_known check (verdict in ('in-step', 'drifted', 'unknown'))
    );
    create index drift_check_application_idx on drift_check (application, checked_at desc);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table drift_check, deployment_preview;');
}
