import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { launch, waitUntilReady } from './child-process.ts';
import type { ChildSpec } from './child-process.ts';
import { postgresAccount, reachableDirectory } from './postgres-account.ts';
import {
  clusterPassword,
  databaseUser,
  ensureCluster,
  postgresPrograms,
  removeForeignLock,
} from './postgres-cluster.ts';
import { stopLeftOver } from './process-record.ts';
import { rememberedPort } from './remembered-port.ts';

export interface PostgresOptions {
  /** Holds the data, the password (0600) and the port. As root it may move: see postgres-account.ts. */
  readonly directory: string;
  /** False gives up the data when the machine dies: for tests only. True unless said. */
  readonly durable?: boolean;
  readonly maxConnections?: number;
  /** Over the small ones it has by itself: for benchmarks. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface PreparedPostgres {
  readonly url: string;
  readonly spec: ChildSpec;
  /** Where the data really is. */
  readonly directory: string;
}

/** Brings the cluster into being and says how to start it; the URL stays the same over restarts. */
export async function preparePostgres(options: PostgresOptions): Promise<PreparedPostgres> {
  const durable = options.durable ?? true;
  const account = postgresAccount();
  const directory = await reachableDirectory(options.directory, account);
  const [programs, password] = await Promise.all([
    postgresPrograms(account),
    clusterPassword(directory),
  ]);
  const data = await ensureCluster({ programs, directory, account, password, durable });
  await removeForeignLock(data);
  const port = await rememberedPort(path.join(directory, 'port'));
  const url = (database: string) =>
    `postgres://${databaseUser}:${password}@127.0.0.1:${port.toString()}/${database}`;
  const spec: ChildSpec = {
    name: 'postgres',
    command: path.join(programs, 'bin', 'postgres'),
    args: [
      '-D',
      data,
      '-p',
      port.toString(),
      ...settings(durable, options.maxConnections ?? 100, options.settings),
    ],
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C' },
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
    stopSignal: 'SIGINT', // "fast": ends the sessions; SIGTERM would wait for the last client to leave
    stopGraceMs: 30_000,
    whenReady: async (_, signal) => ensureDatabase(url('postgres'), signal),
  };
  return { url: url('ctc'), spec, directory };
}

/** Small: one machine, a handful of processes, everything else left to PostgreSQL. */
function settings(
  durable: boolean,
  maxConnections: number,
  overriding: PostgresOptions['settings'] = {},
): string[] {
  const values: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: maxConnections.toString(),
    shared_buffers: '64MB',
    work_mem: '8MB',
    maintenance_work_mem: '64MB',
    max_wal_size: '512MB',
    wal_level: 'minimal', // nobody replicates this one
    max_wal_senders: '0',
    io_method: 'sync', // three processes fewer than 18's default
    huge_pages: 'off',
    jit: 'off',
    log_timezone: 'UTC',
    timezone: 'UTC',
    ...(durable
      ? {}
      : {
          fsync: 'off',
          synchronous_commit: 'off',
          full_page_writes: 'off',
          autovacuum: 'off',
          checkpoint_timeout: '1h',
        }),
    ...overriding,
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Ready means: takes connections, and the database `ctc` is there. */
async function ensureDatabase(adminUrl: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 5_000 });
    client.on('error', () => {}); // ended under us: the next attempt says more
    try {
      await client.connect();
      const { rowCount } = await client.query(`select from pg_database where datname = 'ctc'`);
      if (rowCount === 0) await client.query('create database ctc');
      return;
    } catch (error) {
      if (!isStarting(error)) throw error;
      await delay(25);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

function isStarting(error: unknown): boolean {
  const { code } = error as { code?: string };
  // 57P03: "the database system is starting up"; 57P01/57P02: it was told to end or fell over
  return (
    code === undefined || ['ECONNREFUSED', 'ECONNRESET', '57P03', '57P01', '57P02'].includes(code)
  );
}

export interface RunningPostgres {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * One PostgreSQL without a supervisor (tests, tools): ends a left-over of the same directory first, resolves
 * when the database `ctc` takes connections. Throws a DomainError or an Error with PostgreSQL's last lines.
 */
export async function startPostgres(
  options: PostgresOptions & { readonly withinMs?: number },
): Promise<RunningPostgres> {
  const runDirectory = path.join(options.directory, 'run');
  await mkdir(runDirectory, { recursive: true });
  await stopLeftOver(runDirectory, 'postgres');
  const { url, spec, directory } = await preparePostgres(options);
  const logFile = path.join(directory, 'postgres.log');
  const child = await launch(spec, { logFile, runDirectory });
  try {
    await waitUntilReady(spec, child, logFile, options.withinMs ?? 60_000);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { url, pid: child.pid, stop: async () => child.stop() };
}
