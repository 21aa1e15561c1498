import type { Knex } from 'knex';

/** The intervention log: chained entries, its tree, keys and checkpoints; docs/log.md explains it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table ledger_head (
      one boolean not null default true,
      origin text not null,
      size bigint not null,
      hash bytea not null,
      pruned_size bigint not null default 0,
      constraint ledger_head_pkey primary key (one),
      constraint ledger_head_is_one check (one),
      constraint ledger_head_hash_length check (length(hash) = 32),
      constraint ledger_head_sizes_ordered
        check (0 <= pruned_size and pruned_size <= size)
    ) with (fillfactor = 50);
    comment on table ledger_head is
      'How far the log and its pruning have come; its lock is what orders entries';
    insert into ledger_head (origin, size, hash)
      values ('ctc/' || gen_random_uuid(), 0, decode(repeat('00', 32), 'hex'));

    -- The leaf is the record; what can be searched for is derived from it and cannot differ.
    create table ledger_entry (
      sequence bigint not null,
      leaf text not null,
      hash bytea not null,
      at text not null generated always as (leaf::json ->> 'at') stored,
      actor text not null generated always as (leaf::json ->> 'actor') stored,
      action text not null generated always as (leaf::json ->> 'action') stored,
      subject_kind text not null generated always as (leaf::json -> 'subject' ->> 'kind') stored,
      subject_id text not null generated always as (leaf::json -> 'subject' ->> 'id') stored,
      constraint ledger_entry_pkey primary key (sequence),
      constraint ledger_entry_hash_of_leaf
        check (hash = sha256('\\x00'::bytea || convert_to(leaf, 'UTF8')))
    );
    create index ledger_entry_at_idx on ledger_entry (at);
    create index ledger_entry_actor_idx on ledger_entry (actor, sequence);
    create index ledger_entry_action_idx on ledger_entry (action, sequence);
    create index ledger_entry_subject_idx on ledger_entry (subject_kind, subject_id, sequence);

    -- Where transactions put entries; at commit they move on. Nothing committed is ever in it: no WAL needed.
    create unlogged table ledger_intake (
      id bigint generated always as identity,
      before_place text not null,
      after_place text not null,
      constraint ledger_intake_pkey primary key (id)
    );

    create table ledger_node (
      level smallint not null,
      position bigint not null,
      hash bytea not null,
      constraint ledger_node_pkey primary key (level, position)
    );
    comment on table ledger_node is 'Full subtrees of the log''s Merkle tree';

    create table ledger_key (
      id text not null,
      public_key bytea not null,
      valid_from timestamptz not null,
      constraint ledger_key_pkey primary key (id),
      constraint ledger_key_valid_from_key unique (valid_from)
    );

    create table ledger_checkpoint (
      tree_size bigint not null,
      at timestamptz not null,
      key_id text not null,
      note text not null,
      signature bytea not null,
      constraint ledger_checkpoint_pkey primary key (tree_size),
      constraint ledger_checkpoint_key_fkey foreign key (key_id) references ledger_key (id),
      constraint ledger_checkpoint_size_of_note
        check (tree_size > 0 and tree_size = (note::json ->> 'treeSize')::bigint)
    );

    -- Deferred: the head is locked when the transaction has nothing left to do but to commit.
    create function ledger_append() returns trigger
      language plpgsql security definer set search_path = public, pg_temp as $$
    declare
      head ledger_head;
      new_leaf text;
      new_hash bytea;
    begin
      select * into strict head from ledger_head for update;
      new_leaf := new.before_place || ',"previousHash":"' || encode(head.hash, 'hex')
        || '","sequence":' || (head.size + 1) || ',' || new.after_place;
      new_hash := sha256('\\x00'::bytea || convert_to(new_leaf, 'UTF8'));
      insert into ledger_entry (sequence, leaf, hash) values (head.size + 1, new_leaf, new_hash);
      update ledger_head set size = head.size + 1, hash = new_hash;
      delete from ledger_intake where id = new.id;
      return null;
    end $$;
    create constraint trigger ledger_intake_append after insert on ledger_intake
      deferrable initially deferred for each row execute function ledger_append();

    create function ledger_guard() returns trigger
      language plpgsql security definer set search_path = public, pg_temp as $$
    begin
      if tg_op = 'DELETE' and tg_table_name = 'ledger_entry' then
        if old.sequence <= (select pruned_size from ledger_head) then return old; end if;
      end if;
      raise exception 'the log is append-only: % of % is refused', tg_op, tg_table_name
        using errcode = 'insufficient_privilege';
    end $$;
    -- An entry can only come by the intake, which is what gives it its place.
    create function ledger_guard_insert() returns trigger
      language plpgsql security definer set search_path = public, pg_temp as $$
    begin
      if exists (
        select from ledger_head where new.sequence = size + 1
          and new.leaf::json ->> 'previousHash' = encode(hash, 'hex')
          and (new.leaf::json ->> 'sequence')::bigint = new.sequence
      ) then return new; end if;
      raise exception 'entry % does not follow the log', new.sequence
        using errcode = 'insufficient_privilege';
    end $$;
    create function ledger_guard_head() returns trigger
      language plpgsql security definer set search_path = public, pg_temp as $$
    begin
      if tg_op = 'UPDATE' then
        if new.origin = old.origin
          and (
            (new.size = old.size and new.hash = old.hash)
            or (new.size = old.size + 1
              and exists (select from ledger_entry where sequence = new.size and hash = new.hash))
          )
          and (
            new.pruned_size = old.pruned_size
            or (new.pruned_size > old.pruned_size
              and exists (select from ledger_checkpoint where tree_size = new.pruned_size))
          )
        then return new; end if;
      end if;
      raise exception 'the head of the log only goes forward, and is pruned at a checkpoint only'
        using errcode = 'insufficient_privilege';
    end $$;
    create trigger ledger_entry_follows before insert on ledger_entry
      for each row execute function ledger_guard_insert();
    create trigger ledger_head_forward before insert or update or delete on ledger_head
      for each row execute function ledger_guard_head();

    -- The only way by which entries go: the caller writes why into the log in the same transaction.
    create function ledger_prune(cut bigint) returns bigint
      language plpgsql security definer set search_path = public, pg_temp as $$
    declare
      removed bigint;
    begin
      update ledger_head set pruned_size = cut;
      delete from ledger_entry where sequence <= cut;
      get diagnostics removed = row_count;
      return removed;
    end $$;
    revoke all on function ledger_prune(bigint) from public;
  `);
  for (const table of ['entry', 'checkpoint', 'key', 'node']) {
    await knex.raw(`
      create trigger ledger_${table}_append_only before update or delete on ledger_${table}
        for each row execute function ledger_guard();
      create trigger ledger_${table}_no_truncate before truncate on ledger_${table}
        for each statement execute function ledger_guard();
    `);
  }
  await knex.raw(`
    create trigger ledger_head_no_truncate before truncate on ledger_head
      for each statement execute function ledger_guard();
  `);
}

/** The log is lost: export it before. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table ledger_checkpoint, ledger_key, ledger_node, ledger_intake, ledger_entry, ledger_head;
    drop function ledger_append, ledger_guard, ledger_guard_insert, ledger_guard_head, ledger_prune;
  `);
}
