import type { Knex } from 'knex';

/** Stops of the line: who stopped what and why, who let it go on, and which changes were told. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table line_stop (
      id uuid not null,
      request_key text not null,
      scope_kind text not null,
      scope_id text,
      reason text not null,
      stopped_by text not null,
      stopped_at timestamptz not null,
      resumed_by text,
      resumed_at timestamptz,
      resume_reason text,
      constraint line_stop_pkey primary key (id),
      constraint line_stop_request_key_key unique (stopped_by, request_key),
      constraint line_stop_scope_known
        check (scope_kind in ('all', 'datacentre', 'solution', 'department')),
      constraint line_stop_scope_named check ((scope_kind = 'all') = (scope_id is null)),
      constraint line_stop_reason_said check (length(btrim(reason)) >= 10),
      constraint line_stop_resumption_whole check (
        (resumed_at is null) = (resumed_by is null) and (resumed_at is null) = (resume_reason is null)),
      constraint line_stop_stopped_by_fkey foreign key (stopped_by) references principal (id),
      constraint line_stop_resumed_by_fkey foreign key (resumed_by) references principal (id)
    );
    -- Every step that can wait asks for these; hardly ever is there one.
    create index line_stop_standing_idx on line_stop (id) where resumed_at is null;

    -- Changes that a stop covered when it was declared, or when they came to it later.
    create table line_stop_change (
      stop_id uuid not null,
      change_id uuid not null,
      covered_at timestamptz not null,
      constraint line_stop_change_pkey primary key (stop_id, change_id),
      constraint line_stop_change_stop_fkey foreign key (stop_id) references line_stop (id),
      constraint line_stop_change_change_fkey foreign key (change_id) references change (id)
    );
    create index line_stop_change_change_idx on line_stop_change (change_id);
  `);
}

/** Who stopped the line and why is lost; what the logs of changes say of it stays. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table line_stop_change, line_stop;');
}
