import type { Knex } from 'knex';

/** What lies behind incidents, until it is corrected. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table problem (
      id uuid not null,
      number bigint generated always as identity,
      state text not null,
      title text not null,
      description text not null,
      root_cause text,
      workaround text,
      uncorrected text,
      opened_by text not null,
      opened_at timestamptz not null,
      ended_at timestamptz,
      constraint problem_pkey primary key (id),
      constraint problem_number_key unique (number),
      constraint problem_opened_by_fkey foreign key (opened_by) references principal (id),
      constraint problem_state_known check (state in ('open', 'known-error', 'closed', 'dismissed')),
      constraint problem_ended_whole check ((state in ('closed', 'dismissed')) = (ended_at is not null)),
      constraint problem_diagnosed_whole check ((root_cause is null) = (workaround is null)
        and (state not in ('known-error', 'closed') or root_cause is not null))
    );

    create table problem_link (
      id uuid not null,
      problem_id uuid not null,
      kind text not null,
      incident_id uuid,
      change_id uuid,
      reason text not null,
      linked_by text not null,
      linked_at timestamptz not null,
      withdrawn_by text,
      withdrawn_at timestamptz,
      withdrawn_reason text,
      constraint problem_link_pkey primary key (id),
      constraint problem_link_problem_fkey foreign key (problem_id) references problem (id),
      constraint problem_link_incident_fkey foreign key (incident_id) references incident (id),
      constraint problem_link_change_fkey foreign key (change_id) references change (id),
      constraint problem_link_kind_known check (kind in ('incident', 'caused-by', 'corrected-by')),
      constraint problem_link_target check (num_nonnulls(incident_id, change_id) = 1
        and (kind = 'incident') = (incident_id is not null)),
      constraint problem_link_withdrawn_whole check ((withdrawn_at is null) = (withdrawn_reason is null)
        and (withdrawn_at is null) = (withdrawn_by is null))
    );
    create unique index problem_link_linked_key
      on problem_link (problem_id, kind, coalesce(incident_id, change_id)) where withdrawn_at is null;

    create table problem_log (
      id bigint generated always as identity,
      problem_id uuid not null,
      at timestamptz not null,
      actor text not null,
      message text not null,
      constraint problem_log_pkey primary key (id),
      constraint problem_log_problem_fkey foreign key (problem_id) references problem (id)
    );
    create index problem_log_problem_idx on problem_log (problem_id, id);

    alter table register_action add problem_id uuid,
      add constraint register_action_problem_fkey foreign key (problem_id) references problem (id),
      drop constraint register_action_subject,
      add constraint register_action_subject check (num_nonnulls(incident_id, risk_id, problem_id) = 1);
    create index register_action_problem_idx on register_action (problem_id) where problem_id is not null;

    -- Of a period, which of its changes failed.
    create index change_ended_idx on change (ended_at)
      where outcome in ('completed', 'rolled-back', 'rollback-incomplete');
  `);
}

/** Problems and their actions are lost. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index change_ended_idx;
    delete from register_action where problem_id is not null;
    alter table register_action drop constraint register_action_subject, drop problem_id,
      add constraint register_action_subject check (num_nonnulls(incident_id, risk_id) = 1);
    drop table problem_log, problem_link, problem;
  `);
}
