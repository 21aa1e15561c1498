import type { Knex } from 'knex';

/**
 * What the company runs. A node is an item or a service: both can be needed by others, so that one pair of
 * tables holds every dependency, with redundancy as "at least `needs` of the members".
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table department (
      id text not null,
      name text not null,
      constraint department_pkey primary key (id)
    );

    create table datacentre (
      id text not null,
      name text not null,
      country text not null,
      time_zone text not null,
      driver text not null,
      availability_percent double precision not null,
      user_latency_ms double precision not null,
      constraint datacentre_pkey primary key (id),
      constraint datacentre_country_iso check (country ~ '^[A-Z]{2}$'),
      constraint datacentre_availability_percent_range check (availability_percent between 0 and 100),
      constraint datacentre_user_latency_ms_positive check (user_latency_ms >= 0)
    );

    create table datacentre_latency (
      from_datacentre text not null,
      to_datacentre text not null,
      ms double precision not null,
      constraint datacentre_latency_pkey primary key (from_datacentre, to_datacentre),
      constraint datacentre_latency_from_fkey foreign key (from_datacentre) references datacentre (id),
      constraint datacentre_latency_to_fkey foreign key (to_datacentre) references datacentre (id),
      constraint datacentre_latency_ms_positive check (ms >= 0),
      constraint datacentre_latency_two_datacentres check (from_datacentre <> to_datacentre)
    );

    create table offer (
      id text not null,
      datacentre text not null,
      cores double precision not null,
      memory_mb integer not null,
      storage_gb integer not null,
      monthly_price numeric(14, 4) not null,
      currency text not null,
      available integer not null,
      constraint offer_pkey primary key (id),
      constraint offer_datacentre_fkey foreign key (datacentre) references datacentre (id),
      constraint offer_currency_iso check (currency ~ '^[A-Z]{3}$'),
      constraint offer_sizes_positive
        check (cores > 0 and memory_mb > 0 and storage_gb >= 0 and monthly_price >= 0 and available >= 0)
    );
    create index offer_datacentre_idx on offer (datacentre);

    create table solution (
      id text not null,
      name text not null,
      department text not null,
      constraint solution_pkey primary key (id),
      constraint solution_department_fkey foreign key (department) references department (id)
    );

    create table customer (
      id text not null,
      name text not null,
      country text not null,
      contract_level text not null,
      constraint customer_pkey primary key (id),
      constraint customer_country_iso check (country ~ '^[A-Z]{2}$')
    );

    create table node (
      id text not null,
      type text not null,
      constraint node_pkey primary key (id),
      constraint node_type_known check (type in ('item', 'service'))
    );

    create table item (
      id text not null,
      kind text not null,
      name text not null,
      datacentre text not null,
      department text not null,
      constraint item_pkey primary key (id),
      constraint item_node_fkey foreign key (id) references node (id) on delete cascade,
      constraint item_datacentre_fkey foreign key (datacentre) references datacentre (id),
      constraint item_department_fkey foreign key (department) references department (id)
    );
    create index item_datacentre_idx on item (datacentre);

    create table service (
      id text not null,
      name text not null,
      solution text not null,
      customer text not null,
      constraint service_pkey primary key (id),
      constraint service_node_fkey foreign key (id) references node (id) on delete cascade,
      constraint service_solution_fkey foreign key (solution) references solution (id),
      constraint service_customer_fkey foreign key (customer) references customer (id)
    );
    create index service_customer_idx on service (customer);
    create index service_solution_idx on service (solution);

    create table requirement_group (
      dependent text not null,
      name text not null,
      needs integer not null,
      constraint requirement_group_pkey primary key (dependent, name),
      constraint requirement_group_dependent_fkey
        foreign key (dependent) references node (id) on delete cascade,
      constraint requirement_group_needs_positive check (needs >= 1)
    );

    create table requirement_member (
      dependent text not null,
      group_name text not null,
      member text not null,
      constraint requirement_member_pkey primary key (dependent, group_name, member),
      constraint requirement_member_group_fkey
        foreign key (dependent, group_name) references requirement_group (dependent, name) on delete cascade,
      constraint requirement_member_member_fkey foreign key (member) references node (id),
      constraint requirement_member_not_itself check (member <> dependent)
    );
    create index requirement_member_member_idx on requirement_member (member);

    create table inventory_import (
      id uuid not null,
      imported_at timestamptz not null,
      imported_by text not null,
      version bigint generated always as identity,
      counts jsonb not null,
      constraint inventory_import_pkey primary key (id),
      constraint inventory_import_version_key unique (version)
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table inventory_import, requirement_member, requirement_group, service, item, node, customer,
      solution, offer, datacentre_latency, datacentre, department;
  `);
}
