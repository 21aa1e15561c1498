import { randomUUID } from 'node:crypto';
import knex, { type Knex } from 'knex';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../test/support/postgres.ts';
import { migrationSource } from './index.ts';
import { migrateDatabase } from './migrate.ts';

describe('the migrations', () => {
  let test: TestDatabase;
  let url: string;
  let database: Knex;

  beforeEach(async () => {
    test = await createTestDatabase();
    ({ url } = test);
    database = knex({ client: 'pg', connection: url });
    // The template is migrated already: begin with nothing.
    await database.raw('drop schema public cascade');
    await database.raw('create schema public');
  });

  afterEach(async () => {
    await database.destroy();
    await test.drop();
  });

  it('are run once, however many processes run them at the same time', async () => {
    const runs = await Promise.all(Array.from({ length: 4 }, () => migrateDatabase(url)));
    const names = await migrationSource.getMigrations([]);
    expect(runs.flat()).toEqual(names);
    expect(await migrateDatabase(url)).toEqual([]);
  });

  it('leave nothing behind when one of them fails', async () => {
    // In the way of one of the last.
    await database.raw('create table alert (id int)');
    await expect(migrateDatabase(url)).rejects.toThrow(/alert/);
    const { rows } = await database.raw<{ rows: { table_name: string }[] }>(
      `select table_name from information_schema.tables where table_schema = 'public'`,
    );
    expect(rows).toEqual([{ table_name: 'alert' }]);
    await database.raw('drop table alert');
    expect(await migrateDatabase(url)).toEqual(await migrationSource.getMigrations([]));
  });

  it('of the registers can be taken back, with data in them, and brought again', async () => {
    await migrateDatabase(url);
    const at = new Date().toISOString();
    await database('principal').insert({
      ...{ id: 'ana', name: 'Ana', email: 'ana@example.com', created_at: at },
    });
    const id = randomUUID();
    await database('incident').insert({
      ...{ id, source: 'event', origin_key: 'event/1', state: 'open', violated: [] },
      ...{ summary: 'Strange logins', opened_at: at, aware_at: at },
    });
    const action = { state: 'open', owner: 'ana', created_by: 'ana', title: 'x', due_on: at };
    await database('register_action').insert({
      ...{ ...action, id: randomUUID(), incident_id: id, created_at: at },
    });
    // Those that came later stand on them.
    const names = (await migrationSource.getMigrations([])).filter((one) => one >= '0018');
    expect(names.filter((one) => one.startsWith('0018'))).toHaveLength(3);
    for (const name of names.toReversed()) {
      await (await migrationSource.getMigration(name)).down?.(database);
    }
    expect(await database('incident').select()).toEqual([]);
    for (const name of names) await (await migrationSource.getMigration(name)).up(database);
    expect(await database('register_action').select()).toEqual([]);
  });

  it('name every constraint themselves', async () => {
    await migrateDatabase(url);
    const { rows } = await database.raw<{ rows: { conname: string }[] }>(`
      select conname from pg_constraint c join pg_class t on t.oid = c.conrelid
      join pg_namespace n on n.oid = t.relnamespace
      where n.nspname = 'public' and c.contype <> 'n' and t.relname not like 'schema_migration%'
    `);
    // PostgreSQL's own names for what was left unnamed end in a number or in _check.
    expect(
      rows.map(({ conname }) => conname).filter((name) => /_check\d*$|\d$/.test(name)),
    ).toEqual([]);
    expect(rows.length).toBeGreaterThan(50);
  });
});
