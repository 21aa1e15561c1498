import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { temporalServer } from '../install/temporal-programs.ts';
import type { Logger } from '../logging.ts';
import { launch, startUntilReady, waitUntilReady } from './child-process.ts';
import type { ChildSpec } from './child-process.ts';
import { stopLeftOver } from './process-record.ts';
import { freePort, rememberedPort } from './remembered-port.ts';
import { resolveTemporalBinary } from './temporal-binary.ts';
import { toolsDirectory } from './tools-directory.ts';

export interface TemporalOptions {
  /** CTC's data directory: the workflows are in `temporal/temporal.db`. */
  readonly dataDirectory: string;
  /** Where the workflows are kept; `memory` forgets them (tests). `<dataDirectory>/temporal` unless said. */
  readonly storage?: 'memory' | { readonly directory: string };
  readonly namespace?: string;
  readonly searchPath: string;
  readonly logger: Logger;
}

export interface PreparedTemporal {
  readonly address: string;
  readonly spec: ChildSpec;
}

/** Finds the program and says how to start it; the address stays the same over restarts. */
export async function prepareTemporal(options: TemporalOptions): Promise<PreparedTemporal> {
  const { dataDirectory, storage, logger, searchPath } = options;
  const command = await resolveTemporalBinary({
    program: temporalServer,
    dataDirectory: toolsDirectory,
    searchPath,
    logger,
  });
  const namespace = options.namespace ?? 'default';
  const directory =
    storage === 'memory'
      ? undefined
      : path.resolve(storage?.directory ?? path.join(dataDirectory, 'temporal'));
  if (directory !== undefined) await mkdir(directory, { recursive: true, mode: 0o700 });
  const port =
    directory === undefined ? await freePort() : await rememberedPort(path.join(directory, 'port'));
  const address = `127.0.0.1:${port.toString()}`;
  const spec: ChildSpec = {
    name: 'temporal',
    command,
    args: [
      ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', port.toString()],
      ...(directory === undefined ? [] : ['--db-filename', path.join(directory, 'temporal.db')]),
      // Eight times the default's throughput with a file; a crash loses nothing that was committed.
      ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'],
      ...['--log-level', 'warn', '--namespace', namespace],
    ],
    stopGraceMs: 10_000,
    // It takes further ports at random, which two that start side by side may both choose; then it panics.
    startAttempts: 3,
    whenReady: async (_, signal) => namespaceAnswers(address, namespace, signal),
  };
  return { address, spec };
}

/** A listening port is not enough: the namespace appears a moment later. */
async function namespaceAnswers(
  address: string,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const connection = Connection.lazy({ address, connectTimeout: '2s' });
  try {
    for (;;) {
      signal.throwIfAborted();
      try {
        await connection.withDeadline(Date.now() + 1_000, async () =>
          connection.workflowService.describeNamespace({ namespace }),
        );
        return;
      } catch {
        await delay(25);
      }
    }
  } finally {
    await connection.close();
  }
}

export interface RunningTemporal {
  readonly address: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** One Temporal without a supervisor (tests, tools); resolves when its namespace answers. */
export async function startTemporal(
  options: TemporalOptions & { readonly runDirectory: string; readonly withinMs?: number },
): Promise<RunningTemporal> {
  await stopLeftOver(options.runDirectory, 'temporal');
  const { address, spec } = await prepareTemporal(options);
  const logFile = path.join(options.runDirectory, 'temporal.log');
  const child = await startUntilReady(spec, async () => {
    const launched = await launch(spec, { logFile, runDirectory: options.runDirectory });
    try {
      await waitUntilReady(spec, launched, logFile, options.withinMs ?? 60_000);
      return launched;
    } catch (error) {
      await launched.stop();
      throw error;
    }
  });
  return { address, pid: child.pid, stop: async () => child.stop() };
}
