import type { Knex } from 'knex';

/** Keys of what stands sealed in the intervention log: without its key an entry keeps its place and says nothing. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table subject_key (
      id uuid not null,
      subject_kind text not null,
      subject_id text not null,
      key bytea,
      created_at timestamptz not null,
      erased_at timestamptz,
      erased_by text,
      reason text,
      constraint subject_key_pkey primary key (id),
      constraint subject_key_length check (length(key) = 32),
      constraint subject_key_erasure_whole check (
        (key is null) = (erased_at is not null)
        and (erased_at is null) = (erased_by is null) and (erased_at is null) = (reason is null))
    );
    -- What comes after an erasure is sealed by another key.
    create unique index subject_key_in_use on subject_key (subject_kind, subject_id) where key is not null;

    -- A key is used as it is until it is erased, and an erased one never comes back.
    create function subject_key_guard() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' then
        if new.id = old.id and old.key is not null and new.key is null then return new; end if;
      end if;
      raise exception 'keys of the log are only erased: % is refused', tg_op using errcode = 'insufficient_privilege';
    end $$;
    create trigger subject_key_kept before update or delete on subject_key
      for each row execute function subject_key_guard();
  `);
}

/** What is sealed can no longer be read. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`drop table subject_key; drop function subject_key_guard;`);
}
