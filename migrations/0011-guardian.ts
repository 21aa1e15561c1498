import type { Knex } from 'knex';

/** What is measured of running applications, what went wrong with them, and what was decided about it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Where a change comes from that no person asked for, and by which policy it was approved.
    alter table change add origin jsonb;
    alter table approval add policy jsonb;

    -- Nobody has tokens for them: one asks for corrections, the other stands for the policy that approves them.
    insert into principal (id, name, email, roles, created_at) values
      ('guardian', 'The guardian', 'guardian@localhost', '{requester}', now()),
      ('guardian-policy', 'The policy of an application', 'guardian-policy@localhost', '{auditor}', now())
    on conflict (id) do nothing;

    create table guardian (
      application text not null,
      state text not null,
      waiting_for jsonb,
      paused_by text,
      held_since timestamptz,
      change_id uuid,
      attempt integer,
      evaluation jsonb,
      evaluated_at timestamptz,
      updated_at timestamptz not null,
      constraint guardian_pkey primary key (application),
      constraint guardian_application_fkey foreign key (application) references application (name),
      constraint guardian_change_fkey foreign key (change_id) references change (id),
      constraint guardian_state_known
        check (state in ('watching', 'paused', 'correcting', 'waiting-for-approval', 'ended'))
    );

    create table guardian_bucket (
      application text not null,
      change_id uuid not null,
      attempt integer not null,
      sli text not null,
      datacentre text not null,
      component text not null,
      starts_at timestamptz not null,
      width_seconds integer not null,
      total integer not null,
      good integer not null,
      constraint guardian_bucket_pkey
        primary key (application, starts_at, width_seconds, sli, datacentre, component, change_id, attempt),
      constraint guardian_bucket_change_fkey foreign key (change_id) references change (id),
      constraint guardian_bucket_width_known check (width_seconds in (60, 3600)),
      constraint guardian_bucket_counts check (good between 0 and total)
    );

    create table incident (
      id uuid not null,
      number bigint generated always as identity,
      application text not null,
      change_id uuid not null,
      attempt integer not null,
      state text not null,
      violated text[] not null,
      summary text not null,
      evidence jsonb not null,
      opened_at timestamptz not null,
      mitigated_at timestamptz,
      resolved_at timestamptz,
      constraint incident_pkey primary key (id),
      constraint incident_number_key unique (number),
      constraint incident_application_fkey foreign key (application) references application (name),
      constraint incident_change_fkey foreign key (change_id) references change (id),
      constraint incident_state_known check (state in ('open', 'mitigated', 'resolved')),
      constraint incident_resolved_whole check ((state = 'resolved') = (resolved_at is not null))
    );
    create unique index incident_unresolved_key on incident (application) where resolved_at is null;

    create table incident_log (
      id bigint generated always as identity,
      incident_id uuid not null,
      key text not null,
      at timestamptz not null,
      actor text not null,
      message text not null,
      constraint incident_log_pkey primary key (id),
      constraint incident_log_key_key unique (incident_id, key),
      constraint incident_log_incident_fkey foreign key (incident_id) references incident (id)
    );

    -- What was measured for a decision.
    create table guardian_figures (
      incident_id uuid not null,
      number integer not null,
      figures jsonb not null,
      measured_at timestamptz not null,
      constraint guardian_figures_pkey primary key (incident_id, number),
      constraint guardian_figures_incident_fkey foreign key (incident_id) references incident (id)
    );

    create table guardian_simulation (
      id uuid not null,
      incident_id uuid not null,
      number integer not null,
      way text not null,
      release_version text not null,
      engine text not null,
      inputs jsonb not null,
      inputs_hash text not null,
      result jsonb not null,
      measured_at timestamptz not null,
      simulated_at timestamptz not null,
      constraint guardian_simulation_pkey primary key (id),
      constraint guardian_simulation_way_key unique (incident_id, number, way),
      constraint guardian_simulation_incident_fkey foreign key (incident_id) references incident (id),
      constraint guardian_simulation_way_known check (way in ('redeploy', 'roll-back'))
    );

    create table guardian_decision (
      id uuid not null,
      incident_id uuid not null,
      number integer not null,
      application text not null,
      way text not null,
      because text not null,
      needs_approval boolean not null,
      until timestamptz,
      release_version text,
      placement jsonb,
      predicted jsonb,
      rank integer,
      left_datacentres text[] not null,
      left_replicas text[] not null,
      approved_by text,
      approval_reason text,
      withdrawn text,
      decided_at timestamptz not null,
      begun_at timestamptz,
      change_id uuid,
      ended_at timestamptz,
      outcome text,
      constraint guardian_decision_pkey primary key (id),
      constraint guardian_decision_number_key unique (incident_id, number),
      constraint guardian_decision_incident_fkey foreign key (incident_id) references incident (id),
      constraint guardian_decision_change_fkey foreign key (change_id) references change (id),
      constraint guardian_decision_approved_by_fkey foreign key (approved_by) references principal (id),
      constraint guardian_decision_way_known check (way in ('wait', 'redeploy', 'roll-back')),
      constraint guardian_decision_move_whole check (way = 'wait' or (placement is not null and release_version is not null)),
      constraint guardian_decision_begun_moves check (begun_at is null or way <> 'wait')
    );
    create index guardian_decision_begun_idx on guardian_decision (begun_at) where begun_at is not null;
    create index guardian_decision_under_way_idx on guardian_decision (application)
      where begun_at is not null and ended_at is null;
  `);
}

/** Incidents, decisions and samples are lost. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table guardian_decision, guardian_simulation, guardian_figures, incident_log, incident,
      guardian_bucket, guardian;
    alter table approval drop policy;
    alter table change drop origin;
    delete from principal p where id in ('guardian', 'guardian-policy')
      and not exists (select from change where requester = p.id)
      and not exists (select from approval where decided_by = p.id);
  `);
}
