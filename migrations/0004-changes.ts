import type { Knex } from 'knex';

/** The record of every change: its state, its log, and what was known and decided at each step. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table change (
      id uuid not null,
      number bigint generated always as identity,
      request_key text not null,
      request_hash text not null,
      kind text not null,
      class text not null,
      title text not null,
      department text not null,
      requester text not null,
      application text,
      state text not null,
      resumes_to text,
      outcome text,
      revision integer not null,
      version integer not null,
      definition jsonb not null,
      window_opens_at timestamptz not null,
      window_closes_at timestamptz not null,
      plan jsonb,
      plan_hash text,
      approval_expires_at timestamptz,
      waiting_for jsonb,
      attempt integer not null default 0,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      ended_at timestamptz,
      constraint change_pkey primary key (id),
      constraint change_number_key unique (number),
      constraint change_request_key_key unique (requester, request_key),
      constraint change_department_fkey foreign key (department) references department (id),
      constraint change_requester_fkey foreign key (requester) references principal (id),
      constraint change_application_fkey foreign key (application) references application (name),
      constraint change_window_forward check (window_opens_at < window_closes_at),
      constraint change_plan_has_hash check ((plan is null) = (plan_hash is null))
    );
    create index change_state_idx on change (state, number);
    create index change_window_idx on change using gist (tstzrange(window_opens_at, window_closes_at));

    create table change_log (
      id bigint generated always as identity,
      change_id uuid not null,
      key text not null,
      at timestamptz not null,
      actor text not null,
      event text not null,
      from_state text,
      to_state text,
      message text not null,
      details jsonb not null,
      constraint change_log_pkey primary key (id),
      constraint change_log_key_key unique (change_id, key),
      constraint change_log_change_fkey foreign key (change_id) references change (id)
    );
    create index change_log_change_idx on change_log (change_id, id);

    create table approval (
      change_id uuid not null,
      plan_hash text not null,
      decided_by text not null,
      decision text not null,
      reason text not null,
      decided_at timestamptz not null,
      constraint approval_pkey primary key (change_id, plan_hash, decided_by),
      constraint approval_change_fkey foreign key (change_id) references change (id),
      constraint approval_decided_by_fkey foreign key (decided_by) references principal (id),
      constraint approval_decision_known check (decision in ('approved', 'rejected'))
    );

    create table impact_assessment (
      change_id uuid not null,
      revision integer not null,
      inventory_version bigint not null,
      impact jsonb not null,
      assessed_at timestamptz not null,
      constraint impact_assessment_pkey primary key (change_id, revision),
      constraint impact_assessment_change_fkey foreign key (change_id) references change (id)
    );

    create table conflict (
      id uuid not null,
      change_a uuid not null,
      change_b uuid not null,
      kind text not null,
      subject text not null,
      severity text not null,
      evidence jsonb not null,
      appeared_at timestamptz not null,
      gone_at timestamptz,
      constraint conflict_pkey primary key (id),
      constraint conflict_change_a_fkey foreign key (change_a) references change (id),
      constraint conflict_change_b_fkey foreign key (change_b) references change (id),
      constraint conflict_ordered check (change_a < change_b),
      constraint conflict_severity_known check (severity in ('blocking', 'warning'))
    );
    create unique index conflict_present_key
      on conflict (change_a, change_b, kind, subject) where gone_at is null;
    create index conflict_change_b_idx on conflict (change_b);

    create table simulation (
      id uuid not null,
      change_id uuid not null,
      attempt integer not null,
      application text not null,
      engine text not null,
      inputs jsonb not null,
      inputs_hash text not null,
      result jsonb not null,
      simulated_at timestamptz not null,
      constraint simulation_pkey primary key (id),
      constraint simulation_attempt_key unique (change_id, attempt),
      constraint simulation_change_fkey foreign key (change_id) references change (id)
    );

    create table attempt (
      change_id uuid not null,
      number integer not null,
      kind text not null,
      application text not null,
      release_version text not null,
      release_digest text not null,
      placement jsonb not null,
      waves jsonb not null,
      desired jsonb not null,
      tokens jsonb not null,
      endpoints jsonb not null,
      started_at timestamptz not null,
      ended_at timestamptz,
      outcome text,
      constraint attempt_pkey primary key (change_id, number),
      constraint attempt_change_fkey foreign key (change_id) references change (id),
      constraint attempt_kind_known check (kind in ('deploy', 'redeploy', 'rollback'))
    );

    create table site_outcome (
      change_id uuid not null,
      attempt integer not null,
      datacentre text not null,
      outcome text not null,
      detail text not null,
      decided_at timestamptz not null,
      constraint site_outcome_pkey primary key (change_id, attempt, datacentre),
      constraint site_outcome_attempt_fkey foreign key (change_id, attempt) references attempt (change_id, number),
      constraint site_outcome_known
        check (outcome in ('applied', 'verified', 'restored', 'failed', 'unreachable', 'needs-a-person'))
    );

    create table verification (
      id uuid not null,
      change_id uuid not null,
      attempt integer not null,
      application text not null,
      release_version text not null,
      verdict text not null,
      report jsonb not null,
      verified_at timestamptz not null,
      constraint verification_pkey primary key (id),
      constraint verification_attempt_key unique (change_id, attempt),
      constraint verification_change_fkey foreign key (change_id) references change (id),
      constraint verification_verdict_known check (verdict in ('passed', 'violated', 'inconclusive'))
    );

    create table verified_deployment (
      application text not null,
      change_id uuid not null,
      attempt integer not null,
      release_version text not null,
      release_digest text not null,
      placement jsonb not null,
      verified_at timestamptz not null,
      constraint verified_deployment_pkey primary key (application, change_id, attempt),
      constraint verified_deployment_change_fkey foreign key (change_id) references change (id)
    );
    create index verified_deployment_latest_idx on verified_deployment (application, verified_at desc);

    create table measurement (
      application text not null,
      release_version text not null,
      change_id uuid not null,
      attempt integer not null,
      component text not null,
      datacentre text not null,
      service_time_p95_ms double precision,
      availability_percent double precision,
      samples integer not null,
      measured_at timestamptz not null,
      constraint measurement_pkey primary key (application, change_id, attempt, component, datacentre),
      constraint measurement_change_fkey foreign key (change_id) references change (id)
    );

    create table target_lease (
      application text not null,
      datacentre text not null,
      token bigint not null,
      change_id uuid not null,
      attempt integer not null,
      acquired_at timestamptz not null,
      released_at timestamptz,
      constraint target_lease_pkey primary key (application, datacentre),
      constraint target_lease_change_fkey foreign key (change_id) references change (id)
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table target_lease, measurement, verified_deployment, verification, site_outcome, attempt, simulation,
      conflict, impact_assessment, approval, change_log, change;
  `);
}
