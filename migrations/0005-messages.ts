import type { Knex } from 'knex';

/** What must reach somebody else: workflows to start (outbox) and people to alert (inbox). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table outbox (
      id bigint generated always as identity,
      topic text not null,
      key text not null,
      payload jsonb not null,
      created_at timestamptz not null,
      due_at timestamptz not null,
      tries integer not null default 0,
      last_error text,
      dispatched_at timestamptz,
      constraint outbox_pkey primary key (id),
      constraint outbox_key_key unique (topic, key)
    );
    create index outbox_due_idx on outbox (due_at) where dispatched_at is null;

    create table alert (
      id uuid not null,
      key text not null,
      recipient text not null,
      change_id uuid not null,
      topic text not null,
      subject text not null,
      body text not null,
      created_at timestamptz not null,
      read_at timestamptz,
      constraint alert_pkey primary key (id),
      constraint alert_key_key unique (recipient, key),
      constraint alert_recipient_fkey foreign key (recipient) references principal (id),
      constraint alert_change_fkey foreign key (change_id) references change (id)
    );
    create index alert_recipient_idx on alert (recipient, created_at desc);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table alert, outbox;');
}
