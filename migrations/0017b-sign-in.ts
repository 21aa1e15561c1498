import type { Knex } from 'knex';

/** Tokens for some things only, accounts with passwords, and browsers that are signed in. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Null: all that its principal may. What a principal may no longer, its tokens may not either.
    alter table access_token
      add permissions text[],
      add issued_by text,
      add constraint access_token_permissions_some check (cardinality(permissions) > 0);
    create index access_token_principal_idx on access_token (principal);

    -- A second factor counts from its confirmation on; of its steps none is good twice.
    create table local_account (
      principal text not null,
      password_hash text,
      password_set_at timestamptz,
      totp_secret text,
      totp_confirmed_at timestamptz,
      totp_last_step bigint,
      constraint local_account_pkey primary key (principal),
      constraint local_account_principal_fkey foreign key (principal) references principal (id)
    );

    create table recovery_code (
      principal text not null,
      sha256 bytea not null,
      used_at timestamptz,
      constraint recovery_code_pkey primary key (principal, sha256),
      constraint recovery_code_account_fkey foreign key (principal) references local_account (principal)
    );

    -- Lets its bearer set a password, once.
    create table sign_in_link (
      sha256 bytea not null,
      principal text not null,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      used_at timestamptz,
      constraint sign_in_link_pkey primary key (sha256),
      constraint sign_in_link_principal_fkey foreign key (principal) references principal (id)
    );
    create index sign_in_link_principal_idx on sign_in_link (principal);

    -- By digest: what is tried as a name may be a password.
    create table sign_in_failure (
      account text not null,
      source text not null,
      failures integer not null,
      last_at timestamptz not null,
      blocked_until timestamptz,
      constraint sign_in_failure_pkey primary key (account, source)
    );
    create index sign_in_failure_last_at_idx on sign_in_failure (last_at);

    -- One that began with a token may what the token may, and ends with it.
    create table session (
      id uuid not null,
      principal text not null,
      sha256 bytea not null,
      method text not null,
      token uuid,
      agent text not null,
      started_at timestamptz not null,
      last_seen_at timestamptz not null,
      expires_at timestamptz not null,
      ended_at timestamptz,
      constraint session_pkey primary key (id),
      constraint session_sha256_key unique (sha256),
      constraint session_principal_fkey foreign key (principal) references principal (id),
      constraint session_token_fkey foreign key (token) references access_token (id),
      constraint session_method_known check (method in ('password', 'token')),
      constraint session_token_by_token check ((method = 'token') = (token is not null))
    );
    create index session_principal_idx on session (principal);
    create index session_expires_at_idx on session (expires_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table session, sign_in_failure, sign_in_link, recovery_code, local_account;
    drop index access_token_principal_idx;
    -- One that was for some things only must not become one for all.
    update access_token set revoked_at = coalesce(revoked_at, now()) where permissions is not null;
    alter table access_token drop permissions, drop issued_by;
  `);
}
