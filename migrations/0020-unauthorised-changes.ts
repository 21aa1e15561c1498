import type { Knex } from 'knex';

/** What changed although no change was to change it: found by looking, reported as an event for review. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    insert into principal (id, name, email, kind, created_at) values
      ('change-detector', 'What finds changes that nobody asked for', 'change-detector@localhost', 'system', now())
    on conflict (id) do nothing;

    -- A drift that stands is reported once, and again when it has gone and comes back, or becomes another.
    create table drift_episode (
      application text not null,
      fingerprint text not null,
      since timestamptz not null,
      event_id uuid not null,
      constraint drift_episode_pkey primary key (application),
      constraint drift_episode_application_fkey foreign key (application) references application (name),
      constraint drift_episode_event_fkey foreign key (event_id) references reported_event (id)
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table drift_episode;
    delete from principal p where id = 'change-detector'
      and not exists (select from reported_event where reported_by = p.id);
  `);
}
