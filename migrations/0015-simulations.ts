import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Words such as grid-centre=99.95, sorted, with spaces between them.
    alter table datacentre
      add egress_price_per_gb double precision, add failure_domains text,
      add constraint datacentre_egress_positive check (egress_price_per_gb >= 0);

    create table what_if (
      id uuid not null,
      application text not null,
      assumptions jsonb not null,
      asked_by text not null,
      engine text not null,
      inputs jsonb not null,
      inputs_hash text not null,
      result jsonb not null,
      difference jsonb not null,
      simulated_at timestamptz not null,
      constraint what_if_pkey primary key (id),
      constraint what_if_application_fkey foreign key (application) references application (name),
      constraint what_if_asked_by_fkey foreign key (asked_by) references principal (id)
    );
    comment on table what_if is 'What people asked Optimus without a change, and what it answered';
    create index what_if_application_idx on what_if (application, id desc);

    create table simulation_replay (
      id uuid not null,
      simulation_id uuid not null,
      engine text not null,
      result jsonb not null,
      unlike text[] not null,
      replayed_by text not null,
      replayed_at timestamptz not null,
      constraint simulation_replay_pkey primary key (id),
      constraint simulation_replay_replayed_by_fkey foreign key (replayed_by) references principal (id)
    );
    comment on table simulation_replay is
      'Simulations computed again from their inputs; unlike: what of the answer was not the same';
    create index simulation_replay_simulation_idx on simulation_replay (simulation_id, id desc);

    create index simulation_application_idx on simulation (application, id desc);

    create view stored_simulation as
      select s.id, s.application, 'change' as purpose, 'CHG-' || c.number as asked_for, s.attempt,
        s.engine, s.inputs, s.inputs_hash, s.result, s.simulated_at
      from simulation s join change c on c.id = s.change_id
      union all
      select g.id, i.application, 'guardian', 'INC-' || i.number || ' ' || g.way, g.number,
        g.engine, g.inputs, g.inputs_hash, g.result, g.simulated_at
      from guardian_simulation g join incident i on i.id = g.incident_id
      union all
      select w.id, w.application, 'what-if', w.asked_by, null,
        w.engine, w.inputs, w.inputs_hash, w.result, w.simulated_at
      from what_if w;
    comment on view stored_simulation is 'Every answer of Optimus that was acted on or asked for';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop view stored_simulation;
    drop index simulation_application_idx;
    drop table simulation_replay, what_if;
    alter table datacentre drop egress_price_per_gb, drop failure_domains;
  `);
}
