import type { Knex } from 'knex';

/** One register of incidents whatever they come from, the events before them, and the plan they are answered by. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table incident_plan (
      version integer not null,
      definition jsonb not null,
      reason text not null,
      adopted_by text not null,
      adopted_at timestamptz not null,
      constraint incident_plan_pkey primary key (version),
      constraint incident_plan_adopted_by_fkey foreign key (adopted_by) references principal (id),
      constraint incident_plan_version_counts check (version > 0)
    );

    create table incident_exercise (
      id uuid not null,
      plan_version integer not null,
      held_on date not null,
      scenario text not null,
      participants text[] not null,
      outcome text not null,
      recorded_by text not null,
      recorded_at timestamptz not null,
      constraint incident_exercise_pkey primary key (id),
      constraint incident_exercise_recorded_by_fkey foreign key (recorded_by) references principal (id)
    );

    -- Of the reach that was tried: who has another number since has to be verified again.
    create table contact_verification (
      id uuid not null,
      contact text not null,
      reach text not null,
      how text not null,
      verified_by text not null,
      verified_at timestamptz not null,
      constraint contact_verification_pkey primary key (id),
      constraint contact_verification_verified_by_fkey foreign key (verified_by) references principal (id)
    );
    create index contact_verification_contact_idx on contact_verification (contact, reach, verified_at);

    -- What a guardian found has an application; what somebody reported may have none.
    alter table incident
      alter application drop not null, alter change_id drop not null, alter attempt drop not null,
      alter evidence drop not null,
      add source text not null default 'guardian',
      add origin_key text,
      add category text,
      add severity text,
      add personal_data boolean,
      add classified_by text,
      add plan_version integer,
      add aware_at timestamptz,
      add respond_by timestamptz,
      add responded_at timestamptz,
      add closed_at timestamptz;
    update incident set aware_at = opened_at,
      source = case when contract_id is null then 'guardian' else 'contract' end,
      origin_key = case when contract_id is null then 'guardian/' || application else 'contract/' || id end;
    drop index incident_unresolved_key;
    alter table incident
      alter source drop default, alter origin_key set not null, alter aware_at set not null,
      drop constraint incident_state_known, drop constraint incident_resolved_whole,
      add constraint incident_state_known
        check (state in ('open', 'responding', 'mitigated', 'resolved', 'closed')),
      add constraint incident_resolved_whole check ((state in ('resolved', 'closed')) = (resolved_at is not null)),
      add constraint incident_closed_whole check ((state = 'closed') = (closed_at is not null)),
      add constraint incident_source_known check (source in ('event', 'change', 'guardian', 'contract')),
      add constraint incident_measured_whole check (source not in ('guardian', 'contract')
        or (application is not null and change_id is not null and attempt is not null and evidence is not null)),
      add constraint incident_classified_whole check (classified_by is null
        or (category is not null and severity is not null and personal_data is not null)),
      add constraint incident_classified_by_fkey foreign key (classified_by) references principal (id);
    -- Whatever opens an incident by itself opens it once, until it is over.
    create unique index incident_origin_key on incident (origin_key) where resolved_at is null;

    -- A step of the response has a time of its own: it is mostly written down later.
    alter table incident_log add step text, add happened_at timestamptz;

    create table reported_event (
      id uuid not null,
      number bigint generated always as identity,
      request_key text not null,
      title text not null,
      description text not null,
      application text,
      noticed_at timestamptz not null,
      reported_by text not null,
      reported_at timestamptz not null,
      state text not null,
      incident_id uuid,
      decision_reason text,
      decided_by text,
      decided_at timestamptz,
      constraint reported_event_pkey primary key (id),
      constraint reported_event_number_key unique (number),
      constraint reported_event_request_key unique (request_key),
      constraint reported_event_reported_by_fkey foreign key (reported_by) references principal (id),
      constraint reported_event_decided_by_fkey foreign key (decided_by) references principal (id),
      constraint reported_event_application_fkey foreign key (application) references application (name),
      constraint reported_event_incident_fkey foreign key (incident_id) references incident (id),
      constraint reported_event_state_known check (state in ('reported', 'dismissed', 'incident')),
      constraint reported_event_decided_whole check ((state = 'reported') = (decided_at is null)
        and (decided_at is null) = (decided_by is null) and (decided_at is null) = (decision_reason is null)),
      constraint reported_event_incident_whole check ((state = 'incident') = (incident_id is not null))
    );
    create index reported_event_incident_idx on reported_event (incident_id) where incident_id is not null;

    create table incident_duty (
      incident_id uuid not null,
      duty text not null,
      title text not null,
      recipient text not null,
      plan_version integer not null,
      due_at timestamptz not null,
      notified_at timestamptz,
      proof text,
      waived_at timestamptz,
      waived_reason text,
      settled_by text,
      settled_at timestamptz,
      constraint incident_duty_pkey primary key (incident_id, duty),
      constraint incident_duty_incident_fkey foreign key (incident_id) references incident (id),
      constraint incident_duty_settled_by_fkey foreign key (settled_by) references principal (id),
      constraint incident_duty_notified_whole check ((notified_at is null) = (proof is null)),
      constraint incident_duty_waived_whole check ((waived_at is null) = (waived_reason is null)),
      constraint incident_duty_settled_whole check ((settled_at is null) = (settled_by is null)
        and (settled_at is not null) = (notified_at is not null or waived_at is not null)
        and (notified_at is null or waived_at is null))
    );
    create index incident_duty_running_idx on incident_duty (due_at) where settled_at is null;

    create table incident_change (
      id uuid not null,
      incident_id uuid not null,
      change_id uuid not null,
      kind text not null,
      reason text not null,
      linked_by text not null,
      linked_at timestamptz not null,
      withdrawn_by text,
      withdrawn_at timestamptz,
      withdrawn_reason text,
      constraint incident_change_pkey primary key (id),
      constraint incident_change_incident_fkey foreign key (incident_id) references incident (id),
      constraint incident_change_change_fkey foreign key (change_id) references change (id),
      constraint incident_change_kind_known check (kind in ('caused-by', 'fixed-by')),
      constraint incident_change_withdrawn_whole check ((withdrawn_at is null) = (withdrawn_reason is null)
        and (withdrawn_at is null) = (withdrawn_by is null))
    );
    create unique index incident_change_linked_key on incident_change (incident_id, change_id, kind)
      where withdrawn_at is null;
    create index incident_change_change_idx on incident_change (change_id);

    create table incident_review (
      incident_id uuid not null,
      what_happened text not null,
      root_cause text not null,
      lessons text not null,
      criteria_change text,
      reviewed_by text not null,
      reviewed_at timestamptz not null,
      constraint incident_review_pkey primary key (incident_id),
      constraint incident_review_incident_fkey foreign key (incident_id) references incident (id),
      constraint incident_review_reviewed_by_fkey foreign key (reviewed_by) references principal (id)
    );

    create table register_action (
      id uuid not null,
      number bigint generated always as identity,
      incident_id uuid,
      title text not null,
      owner text not null,
      due_on date not null,
      state text not null,
      created_by text not null,
      created_at timestamptz not null,
      settled_by text,
      settled_at timestamptz,
      outcome text,
      constraint register_action_pkey primary key (id),
      constraint register_action_number_key unique (number),
      constraint register_action_incident_fkey foreign key (incident_id) references incident (id),
      constraint register_action_owner_fkey foreign key (owner) references principal (id),
      constraint register_action_created_by_fkey foreign key (created_by) references principal (id),
      constraint register_action_settled_by_fkey foreign key (settled_by) references principal (id),
      constraint register_action_state_known check (state in ('open', 'done', 'dropped')),
      constraint register_action_settled_whole check ((state = 'open') = (settled_at is null)
        and (settled_at is null) = (settled_by is null) and (settled_at is null) = (outcome is null)),
      constraint register_action_subject check (num_nonnulls(incident_id) = 1)
    );
    create index register_action_incident_idx on register_action (incident_id) where incident_id is not null;
    create index register_action_open_idx on register_action (due_on) where state = 'open';

    create table incident_evidence (
      id uuid not null,
      incident_id uuid not null,
      number integer not null,
      what text not null,
      how text not null,
      location text not null,
      obtained_by text not null,
      obtained_at timestamptz not null,
      sha256 text not null,
      size_bytes bigint,
      file_name text,
      media_type text,
      recorded_by text not null,
      recorded_at timestamptz not null,
      constraint incident_evidence_pkey primary key (id),
      constraint incident_evidence_number_key unique (incident_id, number),
      constraint incident_evidence_incident_fkey foreign key (incident_id) references incident (id),
      constraint incident_evidence_recorded_by_fkey foreign key (recorded_by) references principal (id),
      constraint incident_evidence_sha256_hex check (sha256 ~ '^[0-9a-f]{64}$')
    );
    create table incident_evidence_content (
      evidence_id uuid not null,
      content bytea not null,
      constraint incident_evidence_content_pkey primary key (evidence_id),
      constraint incident_evidence_content_evidence_fkey foreign key (evidence_id) references incident_evidence (id)
    );
    create table evidence_handover (
      evidence_id uuid not null,
      number integer not null,
      given_by text not null,
      taken_by text not null,
      reason text not null,
      at timestamptz not null,
      recorded_by text not null,
      recorded_at timestamptz not null,
      constraint evidence_handover_pkey primary key (evidence_id, number),
      constraint evidence_handover_evidence_fkey foreign key (evidence_id) references incident_evidence (id),
      constraint evidence_handover_recorded_by_fkey foreign key (recorded_by) references principal (id)
    );
    create function refuse_evidence_change() returns trigger language plpgsql as $$
    begin
      raise exception 'what has been taken into evidence stays as it is';
    end $$;
    create trigger incident_evidence_kept before update or delete on incident_evidence
      for each row execute function refuse_evidence_change();
    create trigger incident_evidence_content_kept before update or delete on incident_evidence_content
      for each row execute function refuse_evidence_change();
    create trigger evidence_handover_kept before update or delete on evidence_handover
      for each row execute function refuse_evidence_change();
  `);
}

/** Events, plans, evidence, and incidents that neither a guardian nor a contract has opened, are lost. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table evidence_handover, incident_evidence_content, incident_evidence;
    drop function refuse_evidence_change;
    drop table register_action, incident_review, incident_change, incident_duty, reported_event,
      contact_verification, incident_exercise, incident_plan;
    delete from incident_log where incident_id in (select id from incident where source in ('event', 'change'));
    delete from incident where source in ('event', 'change');
    drop index incident_origin_key;
    alter table incident_log drop step, drop happened_at;
    alter table incident drop constraint incident_measured_whole, drop constraint incident_closed_whole,
      drop constraint incident_resolved_whole, drop constraint incident_state_known;
    update incident set state = case state when 'closed' then 'resolved' when 'responding' then 'open' else state end;
    alter table incident
      alter application set not null, alter change_id set not null, alter attempt set not null,
      alter evidence set not null,
      drop source, drop origin_key, drop category, drop severity, drop personal_data, drop classified_by,
      drop plan_version, drop aware_at, drop respond_by, drop responded_at, drop closed_at,
      add constraint incident_state_known check (state in ('open', 'mitigated', 'resolved')),
      add constraint incident_resolved_whole check ((state = 'resolved') = (resolved_at is not null));
    create unique index incident_unresolved_key on incident (application)
      where resolved_at is null and contract_id is null;
  `);
}
