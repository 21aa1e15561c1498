import type { Knex } from 'knex';

/** Risks by versioned criteria, what is accepted of them and by whom, and what is decided about controls. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table risk_criteria (
      version integer not null,
      definition jsonb not null,
      reason text not null,
      adopted_by text not null,
      adopted_at timestamptz not null,
      constraint risk_criteria_pkey primary key (version),
      constraint risk_criteria_adopted_by_fkey foreign key (adopted_by) references principal (id),
      constraint risk_criteria_version_counts check (version > 0)
    );

    -- The newest assessment is what the risk is; owner and bands are its, for searching.
    create table risk (
      id uuid not null,
      number bigint generated always as identity,
      state text not null,
      version integer not null,
      owner text not null,
      band text not null,
      review_on date not null,
      constraint risk_pkey primary key (id),
      constraint risk_number_key unique (number),
      constraint risk_owner_fkey foreign key (owner) references principal (id),
      constraint risk_state_known check (state in ('open', 'closed'))
    );

    create table risk_assessment (
      risk_id uuid not null,
      version integer not null,
      criteria_version integer not null,
      definition jsonb not null,
      inherent jsonb not null,
      residual jsonb,
      reason text not null,
      assessed_by text not null,
      assessed_at timestamptz not null,
      constraint risk_assessment_pkey primary key (risk_id, version),
      constraint risk_assessment_risk_fkey foreign key (risk_id) references risk (id),
      constraint risk_assessment_criteria_fkey foreign key (criteria_version) references risk_criteria (version),
      constraint risk_assessment_assessed_by_fkey foreign key (assessed_by) references principal (id)
    );

    -- Of one assessment: the next one has to be accepted anew.
    create table risk_acceptance (
      risk_id uuid not null,
      version integer not null,
      accepted_by text not null,
      accepted_at timestamptz not null,
      reason text not null,
      exception text,
      constraint risk_acceptance_pkey primary key (risk_id, version),
      constraint risk_acceptance_assessment_fkey foreign key (risk_id, version)
        references risk_assessment (risk_id, version),
      constraint risk_acceptance_accepted_by_fkey foreign key (accepted_by) references principal (id)
    );

    -- What asks for another assessment, until there is one after the version that it was noted at.
    create table risk_trigger (
      id uuid not null,
      risk_id uuid not null,
      version integer not null,
      reason text not null,
      origin text,
      noted_by text not null,
      noted_at timestamptz not null,
      constraint risk_trigger_pkey primary key (id),
      constraint risk_trigger_risk_fkey foreign key (risk_id) references risk (id),
      constraint risk_trigger_noted_by_fkey foreign key (noted_by) references principal (id)
    );
    create index risk_trigger_risk_idx on risk_trigger (risk_id, version);

    create table control_decision (
      control text not null,
      version integer not null,
      definition jsonb not null,
      decided_by text not null,
      decided_at timestamptz not null,
      constraint control_decision_pkey primary key (control, version),
      constraint control_decision_decided_by_fkey foreign key (decided_by) references principal (id)
    );

    alter table register_action add risk_id uuid,
      add constraint register_action_risk_fkey foreign key (risk_id) references risk (id),
      drop constraint register_action_subject,
      add constraint register_action_subject check (num_nonnulls(incident_id, risk_id) = 1);
    create index register_action_risk_idx on register_action (risk_id) where risk_id is not null;
  `);
}

/** Risks, their criteria and actions, and the Statement of Applicability are lost. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from register_action where risk_id is not null;
    alter table register_action drop constraint register_action_subject, drop risk_id,
      add constraint register_action_subject check (num_nonnulls(incident_id) = 1);
    drop table control_decision, risk_trigger, risk_acceptance, risk_assessment, risk, risk_criteria;
  `);
}
