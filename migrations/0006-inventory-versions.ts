import type { Knex } from 'knex';

const kinds = [
  ['department', 'departments', 'id'],
  ['team', 'teams', 'id'],
  ['datacentre', 'datacentres', 'id'],
  ['datacentre_latency', 'latencies', 'from_datacentre'],
  ['offer', 'offers', 'id'],
  ['solution', 'solutions', 'id'],
  ['customer', 'customers', 'id'],
  ['node', 'nodes', 'id'],
  ['requirement', 'dependencies', 'dependent'],
] as const;

/**
 * The inventory for millions of rows: nodes and customers get numbers that are never used twice (stored
 * sets are bitmaps of them), every row knows the version since which it is as it is and the source that owns
 * it, and what a row was before is kept.
 *
 * `requirement` has no foreign keys: checking eight million references one by one takes most of an import's
 * time, and the importer, its only writer, checks them all at once in the same transaction (docs/adr/0008).
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table team (
      id text not null,
      name text not null,
      department text not null,
      constraint team_pkey primary key (id),
      constraint team_department_fkey foreign key (department) references department (id)
    );

    alter table node
      add nr integer generated always as identity,
      add name text, add kind text, add datacentre text, add department text,
      add solution text, add customer text;
    update node set name = item.name, kind = item.kind, datacentre = item.datacentre,
      department = item.department from item where item.id = node.id;
    update node set name = service.name, solution = service.solution, customer = service.customer
      from service where service.id = node.id;
    alter table requirement_group drop constraint requirement_group_dependent_fkey;
    alter table requirement_member drop constraint requirement_member_member_fkey;
    drop table item, service;
    alter table node
      drop constraint node_pkey, drop constraint node_type_known, drop column type,
      alter name set not null,
      add constraint node_pkey primary key (nr),
      add constraint node_id_key unique (id),
      add constraint node_datacentre_fkey foreign key (datacentre) references datacentre (id),
      add constraint node_department_fkey foreign key (department) references department (id),
      add constraint node_solution_fkey foreign key (solution) references solution (id),
      add constraint node_customer_fkey foreign key (customer) references customer (id),
      add constraint node_item_or_service check (case when customer is null
        then kind is not null and datacentre is not null and department is not null and solution is null
        else kind is null and datacentre is null and department is null and solution is not null end);
    create index node_customer_idx on node (customer) where customer is not null;
    create index node_solution_idx on node (solution) where solution is not null;
    create index node_datacentre_idx on node (datacentre) where datacentre is not null;

    alter table customer add nr integer generated always as identity,
      add constraint customer_nr_key unique (nr);

    create table requirement (
      dependent text not null,
      group_name text not null,
      needs integer not null,
      member text not null,
      constraint requirement_pkey primary key (dependent, group_name, member),
      constraint requirement_needs_positive check (needs >= 1),
      constraint requirement_not_itself check (member <> dependent)
    );
    insert into requirement
      select m.dependent, m.group_name, g.needs, m.member from requirement_member m
      join requirement_group g on g.dependent = m.dependent and g.name = m.group_name;
    create index requirement_member_idx on requirement (member);
    drop table requirement_member, requirement_group;

    alter table inventory_import
      add source text not null default 'manual',
      alter version drop identity;
    create table inventory_progress (
      import_id uuid not null,
      started_at timestamptz not null,
      updated_at timestamptz not null,
      started_by text not null,
      phase text not null,
      kind text,
      rows bigint not null,
      outcome text,
      constraint inventory_progress_pkey primary key (import_id),
      constraint inventory_progress_outcome_known
        check (outcome in ('imported', 'refused', 'failed', 'dry-run'))
    );
    create table inventory_history (
      id bigint generated always as identity,
      kind text not null,
      key text not null,
      row jsonb not null,
      since bigint not null,
      until bigint not null,
      constraint inventory_history_pkey primary key (id),
      constraint inventory_history_forward check (since < until)
    );
    create index inventory_history_key_idx on inventory_history (kind, key);
    create index inventory_history_until_idx on inventory_history (until);
    create index inventory_history_nr_idx on inventory_history (kind, ((row ->> 'nr')::integer))
      where kind in ('nodes', 'customers');

    -- Set by the importer for its transaction; 'row' as it was joins the history whoever changes it.
    create function keep_inventory_history() returns trigger language plpgsql as $$
    begin
      insert into inventory_history (kind, key, row, since, until)
      select tg_argv[0], to_jsonb(was) ->> tg_argv[1], to_jsonb(was) - 'since', was.since,
        current_setting('ctc.inventory_version')::bigint
      from was;
      return null;
    end $$;
  `);
  for (const [table, kind, key] of kinds) {
    await knex.raw(`
      alter table ${table} add source text not null default 'manual', add since bigint not null default 0;
      create index ${table}_since_idx on ${table} using brin (since) with (pages_per_range = 32, autosummarize = on);
      create trigger ${table}_keep_updated after update on ${table} referencing old table as was
        for each statement execute function keep_inventory_history('${kind}', '${key}');
      create trigger ${table}_keep_deleted after delete on ${table} referencing old table as was
        for each statement execute function keep_inventory_history('${kind}', '${key}');
    `);
  }
  await knex.raw(`
    create view item as
      select nr, id, kind, name, datacentre, department, source, since from node where customer is null;
    create view service as
      select nr, id, name, solution, customer, source, since from node where customer is not null;
  `);
}

/** What was before it comes back; numbers, versions, sources, teams and the history are lost. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop view item, service;
    ${kinds
      .map(
        ([table]) => `
      drop trigger ${table}_keep_updated on ${table};
      drop trigger ${table}_keep_deleted on ${table};
      alter table ${table} drop column source, drop column since;`,
      )
      .join('')}
    drop function keep_inventory_history();
    drop table inventory_history, inventory_progress, team;
    alter table inventory_import drop column source;
    alter table inventory_import alter version add generated always as identity;
    select setval(pg_get_serial_sequence('inventory_import', 'version'),
      (select coalesce(max(version), 0) + 1 from inventory_import), false);
    alter table customer drop column nr;

    alter table node drop constraint node_item_or_service, drop constraint node_pkey,
      drop constraint node_datacentre_fkey, drop constraint node_department_fkey,
      drop constraint node_solution_fkey, drop constraint node_customer_fkey,
      drop constraint node_id_key, add constraint node_pkey primary key (id), add type text;
    update node set type = case when customer is null then 'item' else 'service' end;
    alter table node alter type set not null,
      add constraint node_type_known check (type in ('item', 'service'));
    create table item (
      id text not null, kind text not null, name text not null, datacentre text not null,
      department text not null,
      constraint item_pkey primary key (id),
      constraint item_node_fkey foreign key (id) references node (id) on delete cascade,
      constraint item_datacentre_fkey foreign key (datacentre) references datacentre (id),
      constraint item_department_fkey foreign key (department) references department (id)
    );
    create index item_datacentre_idx on item (datacentre);
    create table service (
      id text not null, name text not null, solution text not null, customer text not null,
      constraint service_pkey primary key (id),
      constraint service_node_fkey foreign key (id) references node (id) on delete cascade,
      constraint service_solution_fkey foreign key (solution) references solution (id),
      constraint service_customer_fkey foreign key (customer) references customer (id)
    );
    create index service_customer_idx on service (customer);
    create index service_solution_idx on service (solution);
    insert into item select id, kind, name, datacentre, department from node where customer is null;
    insert into service select id, name, solution, customer from node where customer is not null;
    drop index node_customer_idx, node_solution_idx, node_datacentre_idx;
    alter table node drop nr, drop name, drop kind, drop datacentre, drop department, drop solution,
      drop customer;

    create table requirement_group (
      dependent text not null, name text not null, needs integer not null,
      constraint requirement_group_pkey primary key (dependent, name),
      constraint requirement_group_dependent_fkey
        foreign key (dependent) references node (id) on delete cascade,
      constraint requirement_group_needs_positive check (needs >= 1)
    );
    create table requirement_member (
      dependent text not null, group_name text not null, member text not null,
      constraint requirement_member_pkey primary key (dependent, group_name, member),
      constraint requirement_member_group_fkey
        foreign key (dependent, group_name) references requirement_group (dependent, name) on delete cascade,
      constraint requirement_member_member_fkey foreign key (member) references node (id),
      constraint requirement_member_not_itself check (member <> dependent)
    );
    create index requirement_member_member_idx on requirement_member (member);
    insert into requirement_group select dependent, group_name, max(needs) from requirement group by 1, 2;
    insert into requirement_member select dependent, group_name, member from requirement;
    drop table requirement;
  `);
}
