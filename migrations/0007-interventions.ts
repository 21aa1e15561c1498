import type { Knex } from 'knex';

/** What interventions reserve, conflict over and must not touch; what an assessed change reached, exactly. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create extension if not exists btree_gist;

    -- Rises whenever something changes that conflicts are found by; given out under the conflicts' lock, so
    -- that whoever has seen a number has seen all below it.
    create sequence intervention_seq;
    alter table change add intervention_seq bigint;
    create index change_intervention_seq_idx on change (intervention_seq)
      where intervention_seq is not null;
    update change set intervention_seq = nextval('intervention_seq')
      where id in (select change_id from impact_assessment);

    alter table conflict add changes uuid[], add during tstzrange;
    update conflict set
      kind = case kind when 'same-datacentre' then 'capacity' else kind end,
      subject = case subject when 'nodes' then
        case kind when 'shared-services' then 'services' else 'nodes' end else subject end,
      changes = array[change_a, change_b],
      during = tstzrange(
        (evidence #>> '{evidence,overlap,from}')::timestamptz,
        (evidence #>> '{evidence,overlap,to}')::timestamptz);
    drop index conflict_present_key, conflict_change_b_idx;
    alter table conflict
      drop column change_a, drop column change_b,
      alter changes set not null, alter during set not null,
      add constraint conflict_has_changes check (cardinality(changes) >= 1);
    create unique index conflict_present_key on conflict (changes, kind, subject) where gone_at is null;
    create index conflict_changes_idx on conflict using gin (changes) where gone_at is null;
    create index conflict_crowd_idx on conflict using gist (during)
      where gone_at is null and cardinality(changes) > 2;

    create table conflict_override (
      id uuid not null,
      change_id uuid not null,
      plan_hash text not null,
      kind text not null,
      subject text not null,
      changes uuid[] not null,
      reason text not null,
      overridden_by text not null,
      overridden_at timestamptz not null,
      constraint conflict_override_pkey primary key (id),
      constraint conflict_override_once unique (change_id, plan_hash, kind, subject, changes),
      constraint conflict_override_change_fkey foreign key (change_id) references change (id),
      constraint conflict_override_by_fkey foreign key (overridden_by) references principal (id)
    );

    -- What approved changes hold. The constraint is the last word on two that want the same item.
    create table reservation (
      change_id uuid not null,
      item text not null,
      during tstzrange not null,
      overridden boolean not null,
      constraint reservation_pkey primary key (change_id, item),
      constraint reservation_change_fkey foreign key (change_id) references change (id),
      constraint reservation_apart exclude using gist (item with =, during with &&) where (not overridden)
    );

    create table freeze_period (
      id uuid not null,
      kind text not null,
      scope_kind text not null,
      scope_id text,
      definition jsonb not null,
      created_by text not null,
      created_at timestamptz not null,
      lifted_by text,
      lifted_at timestamptz,
      lift_reason text,
      seq bigint not null,
      constraint freeze_period_pkey primary key (id),
      constraint freeze_period_kind_known check (kind in ('freeze', 'no-touch')),
      constraint freeze_scope_known
        check (scope_kind in ('company', 'datacentre', 'solution', 'customer', 'department')),
      constraint freeze_period_scope_named check ((scope_kind = 'company') = (scope_id is null)),
      constraint freeze_period_lift_whole check ((lifted_at is null) = (lifted_by is null)),
      constraint freeze_period_created_by_fkey foreign key (created_by) references principal (id),
      constraint freeze_period_lifted_by_fkey foreign key (lifted_by) references principal (id)
    );
    create index freeze_period_in_force_idx on freeze_period (scope_kind, scope_id) where lifted_at is null;

    create table conflict_recompute (
      change_id uuid not null,
      because text not null,
      queued_at timestamptz not null,
      constraint conflict_recompute_pkey primary key (change_id),
      constraint conflict_recompute_change_fkey foreign key (change_id) references change (id)
    );
    -- The version of the inventory that the kept conflicts were computed from.
    create table conflict_state (
      singleton boolean not null default true,
      inventory_version bigint not null,
      constraint conflict_state_pkey primary key (singleton),
      constraint conflict_state_singleton check (singleton)
    );
    insert into conflict_state (inventory_version)
      select coalesce(max(version), 0) from inventory_import;

    alter table impact_assessment
      add services_down bytea, add services_degraded bytea, add services_at_risk bytea,
      add customers_down bytea, add customers_degraded bytea, add customers_at_risk bytea;
    update impact_assessment set impact = jsonb_build_object(
      'version', inventory_version,
      'disturbances', impact #> '{impact,disturbances}',
      'counts', jsonb_build_object(
        'items', jsonb_build_object(
          'down', jsonb_array_length(impact #> '{impact,items,down}'),
          'degraded', jsonb_array_length(impact #> '{impact,items,degraded}'),
          'atRisk', jsonb_array_length(impact #> '{impact,items,atRisk}')),
        'services', impact #> '{impact,summary,total,services}'),
      'summary', impact #> '{impact,summary}',
      'items', impact #> '{impact,items}',
      'services', impact #> '{impact,services}');
  `);
}

/** Overrides, reservations, freezes, conflicts of other than two changes and exact lists are lost. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    update impact_assessment set impact = jsonb_build_object('impact', impact, 'footprint',
      jsonb_build_object('down', '[]'::jsonb, 'degraded', '[]'::jsonb, 'atRisk', '[]'::jsonb));
    alter table impact_assessment drop services_down, drop services_degraded, drop services_at_risk,
      drop customers_down, drop customers_degraded, drop customers_at_risk;
    drop table conflict_state, conflict_recompute, freeze_period, reservation, conflict_override;
    drop index conflict_present_key, conflict_changes_idx, conflict_crowd_idx;
    delete from conflict where cardinality(changes) <> 2;
    alter table conflict drop constraint conflict_has_changes, add change_a uuid, add change_b uuid;
    update conflict set change_a = changes[1], change_b = changes[2];
    alter table conflict drop changes, drop during,
      alter change_a set not null, alter change_b set not null,
      add constraint conflict_change_a_fkey foreign key (change_a) references change (id),
      add constraint conflict_change_b_fkey foreign key (change_b) references change (id),
      add constraint conflict_ordered check (change_a < change_b);
    create unique index conflict_present_key
      on conflict (change_a, change_b, kind, subject) where gone_at is null;
    create index conflict_change_b_idx on conflict (change_b);
    drop index change_intervention_seq_idx;
    alter table change drop intervention_seq;
    drop sequence intervention_seq;
  `);
}
