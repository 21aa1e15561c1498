import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DomainError } from '../../domain/errors.ts';
import { childEnvironment, readConfig, searchPath } from '../config.ts';
import type { Environment } from '../config.ts';
import type { Logger } from '../logging.ts';
import type { ChildSpec } from './child-process.ts';
import { answers, nodeChild, saysReady } from './node-child.ts';
import { holdAlone } from './hold-alone.ts';
import { stopLeftOver } from './process-record.ts';
import { freePort } from './remembered-port.ts';
import { preparePostgres } from './start-postgres.ts';
import { prepareTemporal } from './start-temporal.ts';
import { createSupervisor } from './supervisor.ts';
import type { Supervisor } from './supervisor.ts';

export interface EmbeddedStackOptions {
  readonly dataDirectory: string;
  /** Brings the database to the newest schema (migrations/migrate.ts); injected by the caller. */
  readonly migrate: (databaseUrl: string) => Promise<unknown>;
  /** On top of this process's environment, for us and for API and worker. */
  readonly env?: Environment;
  readonly logger: Logger;
  /** Whether to start the API; true unless said. */
  readonly api?: boolean;
  /** Whether to start the worker; true unless said. */
  readonly worker?: boolean;
}

export interface EmbeddedStack {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  /** Where the API listens (or would, when it was not asked for). */
  readonly apiUrl: string;
  readonly supervisor: Supervisor;
  /** Process numbers by name: postgres, temporal, api, worker; those of others' servers are not ours to know. */
  pids(): Record<string, number>;
  /** Ends everything in reverse order. Idempotent. */
  stop(): Promise<void>;
}

/**
 * The whole of CTC from one process: PostgreSQL and Temporal (unless DATABASE_URL and TEMPORAL_ADDRESS name
 * others), the schema, API and worker. Resolves when all of them can be used. Left-overs of a killed run are
 * ended first. Throws a DomainError `conflict` when another process runs the same data directory.
 */
export async function startEmbeddedStack(options: EmbeddedStackOptions): Promise<EmbeddedStack> {
  const { logger } = options;
  const env = childEnvironment(options.env ?? {});
  const config = readConfig({ ...env, CTC_DATA_DIR: options.dataDirectory });
  const dataDirectory = path.resolve(options.dataDirectory);
  const runDirectory = path.join(dataDirectory, 'run');
  await mkdir(runDirectory, { recursive: true });

  const hold = await holdAlone(runDirectory, 'up');
  if (!hold.held) throw alreadyRunning(dataDirectory, hold.holder.pid);
  const logDirectory = path.join(dataDirectory, 'logs');
  const supervisor = createSupervisor({ logDirectory, runDirectory, logger });
  const stop = async () => {
    await supervisor.stop();
    await hold.release();
  };
  try {
    await stopLeftOvers(runDirectory, logger);
    const [databaseUrl, temporalAddress] = await settleBoth(
      (async () => {
        const url = config.databaseUrl ?? (await embeddedPostgres());
        await timed('migrations', async () => options.migrate(url));
        return url;
      })(),
      config.temporal.address === undefined
        ? embeddedTemporal()
        : Promise.resolve(config.temporal.address),
    );
    const port = config.http.port === 0 ? await freePort() : config.http.port;
    const apiUrl = `http://${reachableHost(config.http.host)}:${port.toString()}`;
    const shared = {
      ...env,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporalAddress,
      CTC_DATA_DIR: dataDirectory,
      CTC_HTTP_PORT: port.toString(),
    };
    await settleBoth(
      options.api === false
        ? undefined
        : timed('api', async () => supervisor.add(api(shared, apiUrl))),
      options.worker === false
        ? undefined
        : timed('worker', async () => supervisor.add(worker(shared))),
    );
    return {
      databaseUrl,
      temporalAddress,
      apiUrl,
      supervisor,
      pids: () => supervisor.pids(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }

  async function embeddedPostgres(): Promise<string> {
    return timed('postgres', async () => {
      const directory = path.join(dataDirectory, 'postgres');
      const { url, spec, directory: actual } = await preparePostgres({ directory });
      if (actual !== directory) {
        logger.warn(
          { wanted: directory, actual },
          'the account PostgreSQL runs under cannot enter the data directory: its data is elsewhere',
        );
      }
      await supervisor.add(spec);
      return url;
    });
  }

  async function embeddedTemporal(): Promise<string> {
    return timed('temporal', async () => {
      const { namespace } = config.temporal;
      const path_ = searchPath(env);
      const { address, spec } = await prepareTemporal({
        dataDirectory,
        namespace,
        searchPath: path_,
        logger,
      });
      await supervisor.add(spec);
      return address;
    });
  }

  async function timed<T>(part: string, act: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const result = await act();
    logger.debug({ part, tookMs: Math.round(performance.now() - startedAt) }, 'started');
    return result;
  }
}

/** In the order of an orderly end: those that use the servers first. */
async function stopLeftOvers(runDirectory: string, logger: Logger): Promise<void> {
  for (const name of ['worker', 'api', 'temporal', 'postgres']) {
    const pid = await stopLeftOver(runDirectory, name);
    if (pid !== undefined) logger.warn({ child: name, pid }, 'ended a left-over of a killed run');
  }
}

/** Both, side by side; when one fails, the other has come to its end too before the failure is told. */
async function settleBoth<A, B>(
  first: Promise<A> | undefined,
  second: Promise<B> | undefined,
): Promise<[A, B]> {
  const results = await Promise.allSettled([first, second]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as [A, B];
}

function api(env: NodeJS.ProcessEnv, url: string) {
  const whenReady: ChildSpec['whenReady'] = async (child, signal) => {
    // First its own word: on a port that is taken, somebody else would answer.
    await saysReady(child, signal);
    await answers(`${url}/readyz`, signal);
  };
  return nodeChild({ name: 'api', main: 'api/main.ts', env, whenReady });
}

function worker(env: NodeJS.ProcessEnv) {
  return nodeChild({ name: 'worker', main: 'worker/main.ts', env, whenReady: saysReady });
}

/** An API that listens everywhere is reached here. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function alreadyRunning(dataDirectory: string, pid: number): DomainError {
  return new DomainError(
    'conflict',
    `CTC runs already with the data directory ${dataDirectory} (process ${pid.toString()}).`,
    {
      code: 'already-running',
      remedy: `Use that one, end it with \`kill ${pid.toString()}\`, or set CTC_DATA_DIR to another directory.`,
    },
  );
}
