import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table site_outcome add column took_ms bigint;
    comment on column site_outcome.took_ms is
      'How long the longest of its stages took, which rehearsals expect of later ones';

    alter table attempt add column unlike_shown text[] not null default '{}';
    comment on column attempt.unlike_shown is
      'Datacentres in which it is not what those who approved it were shown';

    create table rehearsal (
      id uuid not null,
      change_id uuid not null,
      revision integer not null,
      requested_by text not null,
      requested_at timestamptz not null,
      ended_at timestamptz,
      state text not null,
      scenarios jsonb not null,
      report jsonb,
      -- Of the report, which is large: lists and changes are read often, and want no more of it.
      plan_hash text generated always as (report ->> 'planHash') stored,
      summary text generated always as (report ->> 'summary') stored,
      problem text,
      constraint rehearsal_pkey primary key (id),
      constraint rehearsal_change_fkey foreign key (change_id) references change (id),
      constraint rehearsal_requested_by_fkey foreign key (requested_by) references principal (id),
      constraint rehearsal_state_known check (state in ('running', 'done', 'failed')),
      constraint rehearsal_ending_whole check (
        (state = 'running') = (ended_at is null)
        and (state = 'done') = (report is not null)
        and (state = 'failed') = (problem is not null))
    );
    comment on table rehearsal is 'Changes that were run ahead of time, and what would have become of them';
    create unique index rehearsal_one_running on rehearsal (change_id) where state = 'running';
    create index rehearsal_change_idx on rehearsal (change_id, requested_at desc);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(
    'drop table rehearsal; alter table site_outcome drop column took_ms; alter table attempt drop column unlike_shown;',
  );
}
