import type { Knex } from 'knex';

/** Tokens for some things only, and who issued them. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Null: all that its principal may. What a principal may no longer, its tokens may not either.
    alter table access_token
      add permissions text[],
      add issued_by text,
      add constraint access_token_permissions_some check (cardinality(permissions) > 0);
    create index access_token_principal_idx on access_token (principal);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index access_token_principal_idx;
    -- One that was for some things only must not become one for all.
    update access_token set revoked_at = coalesce(revoked_at, now()) where permissions is not null;
    alter table access_token drop permissions, drop issued_by;
  `);
}
