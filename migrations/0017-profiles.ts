import type { Knex } from 'knex';

/** Roles are granted, everywhere or within departments, datacentres and solutions; companies add their own. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- A service never signs in; of a system principal CTC itself acts in the name.
    alter table principal
      add kind text not null default 'person',
      add constraint principal_kind_known check (kind in ('person', 'service', 'system'));
    update principal set kind = 'system' where id in ('guardian', 'guardian-policy');

    create table custom_role (
      id text not null,
      name text not null,
      permissions text[] not null,
      created_by text not null,
      created_at timestamptz not null,
      constraint custom_role_pkey primary key (id),
      constraint custom_role_permissions_some check (cardinality(permissions) > 0)
    );

    -- Null is everywhere. "source" says whose word it stands on: a person's, or a sign-in's groups.
    create table role_grant (
      id uuid not null,
      principal text not null,
      role text not null,
      departments text[],
      datacentres text[],
      solutions text[],
      source text not null default 'person',
      granted_by text not null,
      granted_at timestamptz not null,
      constraint role_grant_pkey primary key (id),
      constraint role_grant_principal_fkey foreign key (principal) references principal (id),
      constraint role_grant_source_known check (source in ('person', 'groups')),
      constraint role_grant_limits_some check (
        cardinality(departments) > 0 and cardinality(datacentres) > 0 and cardinality(solutions) > 0),
      constraint role_grant_once
        unique nulls not distinct (principal, role, departments, datacentres, solutions, source)
    );
    create index role_grant_role_idx on role_grant (role);

    insert into role_grant (id, principal, role, granted_by, granted_at)
      select gen_random_uuid(), p.id, r.role, 'ctc', now()
      from principal p cross join lateral (select distinct unnest(p.roles) as role) r
      where p.kind <> 'system';
    alter table principal drop column roles;
  `);
}

/** Limits and roles of the company's own are lost: what was held within limits is held no more. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table principal add roles text[];
    update principal p set roles = coalesce(
      (select array_agg(distinct g.role order by g.role) from role_grant g
       where g.principal = p.id and g.departments is null and g.datacentres is null and g.solutions is null
         and not exists (select from custom_role c where c.id = g.role)),
      '{auditor}');
    alter table principal
      alter roles set not null,
      add constraint principal_roles_some check (cardinality(roles) > 0),
      drop column kind;
    drop table role_grant, custom_role;
  `);
}
