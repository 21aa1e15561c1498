import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../test/support/postgres.ts';
import { readBinaryCopy, readInt32 } from './binary-copy.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`
    create function pg_temp.noisy(n integer) returns integer language plpgsql as $$
    begin
      raise notice 'row %', n;
      return n;
    end $$`);
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

/** Numbers with texts beside them, null for every third. */
async function read(query: string): Promise<{ rows: number; found: [number, string | null][] }> {
  const found: [number, string | null][] = [];
  const rows = await readBinaryCopy(client, query, 2, ({ bytes, from, to }) => {
    const text = (from[1] as number) < 0 ? null : bytes.toString('utf8', from[1], to[1]);
    found.push([readInt32(bytes, from[0] as number), text]);
  });
  return { rows, found };
}
const expected = (count: number, text: (n: number) => string) =>
  Array.from({ length: count }, (_, i) => [i, i % 3 === 0 ? null : text(i)]);
const select = (count: number, text: string, number = 'n') =>
  `select ${number}, case when n % 3 > 0 then ${text} end from generate_series(0, ${count - 1}) as n`;

describe('reading a binary copy', () => {
  it('gives every row and field, however the connection cuts them', async () => {
    const many = await read(select(100_000, `'ñ' || n`));
    expect(many.rows).toBe(100_000);
    expect(many.found).toEqual(expected(100_000, (n) => `ñ${n}`));
    // Larger than what is read at once.
    const large = await read(select(5, `repeat('x', 300000) || n`));
    expect(large.found).toEqual(expected(5, (n) => 'x'.repeat(300_000) + String(n)));
  });

  it('gives none where there are none, and an empty text as an empty text', async () => {
    expect(await read('select 1, null where false')).toEqual({ rows: 0, found: [] });
    expect((await read(`select 1, ''`)).found).toEqual([[1, '']]);
  });

  it('does not mind notices in between', async () => {
    const { found } = await read(select(50, `'t' || n`, 'pg_temp.noisy(n)'));
    expect(found).toEqual(expected(50, (n) => `t${n}`));
  });

  it.each([
    ['the database stops in the middle', select(1000, `(1 / (700 - n))::text`), 'division by zero'],
    ['the query is wrong', 'select nothing', 'does not exist'],
    ['there are other columns', 'select 1', 'a row of 1 columns where 2 were asked for'],
  ])('fails when %s, and leaves the connection as it was', async (_, query, message) => {
    await expect(read(query)).rejects.toThrow(message);
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect((await read(`select 7, 'seven'`)).found).toEqual([[7, 'seven']]);
  });

  it('fails with what the reader of the rows throws, once all is read', async () => {
    const reading = readBinaryCopy(client, select(1000, `'x'`), 2, () => {
      throw new Error('no more, please');
    });
    await expect(reading).rejects.toThrow('no more, please');
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('fails when the connection is lost', async () => {
    const other = new pg.Client({ connectionString: database.url });
    other.on('error', () => undefined);
    await other.connect();
    const { rows } = await other.query<{ pid: number }>('select pg_backend_pid() as pid');
    const reading = readBinaryCopy(other, 'select 1, pg_sleep(60)::text', 2, () => undefined);
    const failed = expect(reading).rejects.toThrow();
    await expect
      .poll(async () => {
        const { rows: active } = await client.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and query like 'copy%'`,
          [rows[0]?.pid],
        );
        return active.length;
      })
      .toBe(1);
    await failed;
  });
});
