import type { Knex } from 'knex';

/** People who sign in at an identity provider. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- By what the provider never gives to anybody else; names and addresses it may.
    create table oidc_identity (
      issuer text not null,
      subject text not null,
      principal text not null,
      created_at timestamptz not null,
      constraint oidc_identity_pkey primary key (issuer, subject),
      constraint oidc_identity_principal_fkey foreign key (principal) references principal (id)
    );
    create index oidc_identity_principal_idx on oidc_identity (principal);

    -- Sign-ins under way: each answer is taken once.
    create table oidc_flow (
      state text not null,
      browser bytea not null,
      nonce text not null,
      verifier text not null,
      created_at timestamptz not null,
      constraint oidc_flow_pkey primary key (state)
    );

    -- Logout tokens that were taken.
    create table oidc_logout (
      issuer text not null,
      token_id text not null,
      taken_at timestamptz not null,
      constraint oidc_logout_pkey primary key (issuer, token_id)
    );

    alter table session
      add issuer text,
      add subject text,
      add provider_session text,
      drop constraint session_method_known,
      add constraint session_method_known check (method in ('password', 'token', 'oidc')),
      add constraint session_provider_by_oidc check ((method = 'oidc') = (subject is not null and issuer is not null));
    create index session_subject_idx on session (issuer, subject) where subject is not null;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from session where method = 'oidc';
    alter table session
      drop constraint session_provider_by_oidc,
      drop constraint session_method_known,
      add constraint session_method_known check (method in ('password', 'token')),
      drop issuer, drop subject, drop provider_session;
    drop table oidc_logout, oidc_flow, oidc_identity;
  `);
}
