import knex, { type Knex } from 'knex';
import pg from 'pg';

// Numbers of this system stay far below 2^53; instants travel as ISO strings everywhere.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
pg.types.setTypeParser(pg.types.builtins.NUMERIC, Number);
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => new Date(text).toISOString());

export interface DatabaseOptions {
  readonly url: string;
  readonly poolMax?: number;
  readonly applicationName?: string;
  /** Nothing can be written in its sessions. */
  readonly readOnly?: boolean;
}

/** A pool of connections. Callers own transactions, and end the pool with `destroy()`. */
export function createDatabase({
  url,
  poolMax = 10,
  applicationName = 'ctc',
  readOnly = false,
}: DatabaseOptions): Knex {
  return knex({
    client: 'pg',
    connection: {
      connectionString: url,
      application_name: applicationName,
      keepAlive: true,
      ...(readOnly ? { options: '-c default_transaction_read_only=on' } : {}),
    },
    pool: { min: 0, max: poolMax },
    acquireConnectionTimeout: 15_000,
  });
}
