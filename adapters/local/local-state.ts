import { chmodSync, mkdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';

const databaseName = 'local-driver.sqlite';

/** Milliseconds that a worker waits for another one's transaction; each takes a few. */
const busyTimeoutMs = 10_000;

const schema = `
create table if not exists fence (
  application text not null, datacentre text not null,
  token integer not null, change text not null, attempt integer not null,
  primary key (application, datacentre)
) strict;
create table if not exists reserved_port (
  application text not null, datacentre text not null, component text not null,
  port integer not null unique,
  primary key (application, datacentre, component)
) strict;
create table if not exists instance (
  application text not null, datacentre text not null, component text not null,
  release text not null, release_digest text not null, spec_hash text not null,
  marker text not null,
  -- the newest attempt that wanted it as it is; the marker keeps the one that started it
  token integer not null,
  -- 0: the command could not be started
  pid integer not null, start_ticks text not null, boot_id text not null,
  url text not null, health_path text not null,
  started_at text not null, ready_deadline text not null,
  log_file text not null, log_offset integer not null,
  stopping integer not null default 0,
  exit_detail text,
  primary key (application, datacentre, component)
) strict;
create table if not exists applied_set (
  application text not null, datacentre text not null, token integer not null,
  change text not null, attempt integer not null,
  mode text not null, desired text not null, applied_at text not null,
  primary key (application, datacentre, token)
) strict;
create table if not exists effect (
  id integer primary key autoincrement,
  at text not null, application text not null, datacentre text not null, component text not null,
  token integer not null, change text not null, attempt integer not null,
  action text not null check (action in ('start', 'stop')),
  pid integer not null, marker text not null, detail text not null
) strict;
create trigger if not exists effect_is_append_only_update before update on effect
  begin select raise(abort, 'effects are append-only'); end;
create trigger if not exists effect_is_append_only_delete before delete on effect
  begin select raise(abort, 'effects are append-only'); end;
`;

/** Named columns; the caller knows their types from the schema above. */
type Row = Record<string, SQLOutputValue>;

/** What the local datacentres hold, shared by all workers with the same state directory. */
export interface LocalState {
  /** Absolute, without symbolic links: the same for every worker. */
  readonly directory: string;
  /**
   * Runs `work` holding the only write lock among all workers; a crash inside leaves nothing behind.
   * Synchronous on purpose: nothing else of this process can slip in between.
   */
  locked<Result>(work: () => Result): Result;
  run(sql: string, ...values: SQLInputValue[]): void;
  all(sql: string, ...values: SQLInputValue[]): Row[];
  first(sql: string, ...values: SQLInputValue[]): Row | undefined;
  isOpen(): boolean;
  close(): void;
}

/** Opens the state, creating it when it is missing. Only its owner can read it: it holds environments. */
export function openLocalState(stateDirectory: string): LocalState {
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  const directory = realpathSync(stateDirectory);
  const file = path.join(directory, databaseName);
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  chmodSync(file, 0o600);
  database.exec('pragma journal_mode = wal; pragma synchronous = normal');
  // Two workers may open it at once: the lock makes the second one wait for the first one's tables.
  database.exec(`begin immediate; ${schema} commit`);

  return {
    directory,
    locked(work) {
      database.exec('begin immediate');
      try {
        const result = work();
        database.exec('commit');
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('rollback');
        throw error;
      }
    },
    run(sql, ...values) {
      database.prepare(sql).run(...values);
    },
    all: (sql, ...values) => database.prepare(sql).all(...values),
    first: (sql, ...values) => database.prepare(sql).get(...values),
    isOpen: () => database.isOpen,
    close() {
      if (database.isOpen) database.close();
    },
  };
}
