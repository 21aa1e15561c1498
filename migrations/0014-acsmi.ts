import type { Knex } from 'knex';

/** Providers and what their catalogues say, contracts with their SLA, and what is kept to of it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table provider (
      id text not null,
      name text not null,
      jurisdiction text not null,
      financial_risk integer not null,
      technological_risk integer not null,
      source text not null default 'manual',
      since bigint not null default 0,
      constraint provider_pkey primary key (id),
      constraint provider_jurisdiction_iso check (jurisdiction ~ '^[A-Z]{2}$'),
      constraint provider_risks_known
        check (financial_risk between 1 and 5 and technological_risk between 1 and 5)
    );
    create trigger provider_keep_updated after update on provider referencing old table as was
      for each statement execute function keep_inventory_history('providers', 'id');
    create trigger provider_keep_deleted after delete on provider referencing old table as was
      for each statement execute function keep_inventory_history('providers', 'id');

    -- Words in one text, sorted, with spaces between them; valid_to is the first day without.
    alter table offer
      add provider text, add region text, add operating_systems text, add gpus integer,
      add certifications text, add jurisdiction text, add security_level integer, add price_model text,
      add hourly_price numeric(16, 6), add sla_percent double precision, add valid_from date, add valid_to date,
      add constraint offer_provider_fkey foreign key (provider) references provider (id),
      add constraint offer_jurisdiction_iso check (jurisdiction ~ '^[A-Z]{2}$'),
      add constraint offer_price_model_known check (price_model in ('monthly', 'hourly', 'reserved')),
      add constraint offer_catalogue_in_range check (gpus >= 0 and security_level between 1 and 5
        and hourly_price > 0 and sla_percent > 0 and sla_percent <= 100 and valid_from < valid_to);
    create index offer_provider_idx on offer (provider) where provider is not null;

    create table contract (
      id uuid not null,
      number bigint generated always as identity,
      provider text not null,
      application text,
      datacentres text[] not null,
      offers text[] not null,
      starts date not null,
      ends date not null,
      definition jsonb not null,
      version integer not null,
      registered_by text not null,
      registered_at timestamptz not null,
      constraint contract_pkey primary key (id),
      constraint contract_number_key unique (number),
      constraint contract_provider_fkey foreign key (provider) references provider (id),
      constraint contract_application_fkey foreign key (application) references application (name),
      constraint contract_registered_by_fkey foreign key (registered_by) references principal (id),
      constraint contract_covers_something check (cardinality(datacentres) + cardinality(offers) > 0),
      constraint contract_forward check (starts < ends)
    );
    create index contract_provider_idx on contract (provider, ends);

    -- Each as it was from then on: what is in "contract" is the newest of them.
    create table contract_version (
      contract_id uuid not null,
      version integer not null,
      definition jsonb not null,
      reason text not null,
      changed_by text not null,
      changed_at timestamptz not null,
      constraint contract_version_pkey primary key (contract_id, version),
      constraint contract_version_contract_fkey foreign key (contract_id) references contract (id),
      constraint contract_version_changed_by_fkey foreign key (changed_by) references principal (id)
    );

    -- What was promised where it stands when a deployment was verified, whatever becomes of contracts and offers.
    create table deployment_terms (
      application text not null,
      change_id uuid not null,
      attempt integer not null,
      datacentre text not null,
      offer text not null,
      terms jsonb not null,
      kept_at timestamptz not null,
      constraint deployment_terms_pkey primary key (application, change_id, attempt, datacentre, offer),
      constraint deployment_terms_deployment_fkey foreign key (application, change_id, attempt)
        references verified_deployment (application, change_id, attempt)
    );

    -- Samples of guardians by the day, as those are dropped after thirty days and a month may have more.
    create table availability_day (
      application text not null,
      change_id uuid not null,
      attempt integer not null,
      datacentre text not null,
      component text not null,
      day date not null,
      asked bigint not null,
      answered bigint not null,
      constraint availability_day_pkey
        primary key (day, application, change_id, attempt, datacentre, component),
      constraint availability_day_counts check (answered between 0 and asked)
    );

    create table sla_month (
      contract_id uuid not null,
      month date not null,
      final boolean not null,
      verdict text not null,
      evidence jsonb not null,
      judged_at timestamptz not null,
      incident_id uuid,
      settled_at timestamptz,
      constraint sla_month_pkey primary key (contract_id, month),
      constraint sla_month_contract_fkey foreign key (contract_id) references contract (id),
      constraint sla_month_incident_fkey foreign key (incident_id) references incident (id),
      constraint sla_month_first_day check (extract(day from month) = 1),
      constraint sla_month_verdict_known check (verdict in ('kept', 'breached', 'no-data')),
      constraint sla_month_incident_final check (incident_id is null or (final and verdict = 'breached'))
    );

    -- A breach stands beside what the guardian has open of the application.
    alter table incident add contract_id uuid,
      add constraint incident_contract_fkey foreign key (contract_id) references contract (id);
    drop index incident_unresolved_key;
    create unique index incident_unresolved_key on incident (application)
      where resolved_at is null and contract_id is null;

    create table acsmi_proposal (
      id uuid not null,
      number bigint generated always as identity,
      key text not null,
      kind text not null,
      contract_id uuid,
      offer text,
      application text,
      reason text not null,
      what_to_do text not null,
      request jsonb,
      proposed_at timestamptz not null,
      closed_at timestamptz,
      constraint acsmi_proposal_pkey primary key (id),
      constraint acsmi_proposal_number_key unique (number),
      constraint acsmi_proposal_contract_fkey foreign key (contract_id) references contract (id),
      constraint acsmi_proposal_application_fkey foreign key (application) references application (name),
      constraint acsmi_proposal_kind_known check (kind in ('contract-ends', 'offer-withdrawn'))
    );
    create unique index acsmi_proposal_open_key on acsmi_proposal (key) where closed_at is null;

    -- A contract that ends is nobody's change.
    alter table alert alter change_id drop not null;
  `);
}

/** Providers, contracts, terms, months, proposals, incidents of breaches and alerts without a change are lost. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from alert where change_id is null;
    alter table alert alter change_id set not null;
    drop table acsmi_proposal, sla_month, availability_day, deployment_terms;
    delete from incident_log where incident_id in (select id from incident where contract_id is not null);
    delete from incident where contract_id is not null;
    drop index incident_unresolved_key;
    alter table incident drop contract_id;
    create unique index incident_unresolved_key on incident (application) where resolved_at is null;
    drop table contract_version, contract;
    alter table offer drop provider, drop region, drop operating_systems, drop gpus, drop certifications,
      drop jurisdiction, drop security_level, drop price_model, drop hourly_price, drop sla_percent,
      drop valid_from, drop valid_to;
    drop table provider;
    delete from inventory_history where kind = 'providers';
  `);
}
