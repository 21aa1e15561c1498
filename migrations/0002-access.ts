import type { Knex } from 'knex';

/** Who may call, and how a repeated call is recognised. Secrets are kept as digests only. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table principal (
      id text not null,
      name text not null,
      email text not null,
      roles text[] not null,
      disabled_at timestamptz,
      created_at timestamptz not null,
      constraint principal_pkey primary key (id),
      constraint principal_roles_some check (cardinality(roles) > 0)
    );

    create table access_token (
      id uuid not null,
      principal text not null,
      label text not null,
      sha256 bytea not null,
      created_at timestamptz not null,
      expires_at timestamptz,
      last_used_at timestamptz,
      revoked_at timestamptz,
      constraint access_token_pkey primary key (id),
      constraint access_token_sha256_key unique (sha256),
      constraint access_token_principal_fkey foreign key (principal) references principal (id)
    );

    create table idempotency_key (
      principal text not null,
      key text not null,
      request_hash text not null,
      state text not null,
      locked_until timestamptz not null,
      status integer,
      headers jsonb,
      body text,
      created_at timestamptz not null,
      constraint idempotency_key_pkey primary key (principal, key),
      constraint idempotency_key_state_known check (state in ('in-progress', 'done')),
      constraint idempotency_key_done_has_answer
        check (state = 'in-progress' or (status is not null and headers is not null and body is not null))
    );
    create index idempotency_key_created_at_idx on idempotency_key (created_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table idempotency_key, access_token, principal;');
}
