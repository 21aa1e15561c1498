import type { Knex } from 'knex';

/** Applications, their immutable releases, and what is known to run. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table application (
      name text not null,
      department text not null,
      definition jsonb not null,
      version integer not null,
      updated_at timestamptz not null,
      updated_by text not null,
      constraint application_pkey primary key (name),
      constraint application_department_fkey foreign key (department) references department (id)
    );

    create table release (
      application text not null,
      version text not null,
      digest text not null,
      definition jsonb not null,
      registered_at timestamptz not null,
      registered_by text not null,
      constraint release_pkey primary key (application, version),
      constraint release_application_fkey foreign key (application) references application (name)
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table release, application;');
}
