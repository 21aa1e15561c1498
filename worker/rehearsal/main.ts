import { Runtime } from '@temporalio/worker';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInventoryReadModel } from '../../adapters/postgres/inventory-read-model.ts';
import { createOptimus } from '../../adapters/optimus/create-optimus.ts';
import { createChangeRegister } from '../../adapters/postgres/change-register.ts';
import { createDatabase } from '../../adapters/postgres/database.ts';
import { createRehearsalReader } from '../../adapters/postgres/rehearsal-reader.ts';
import { createRolloutRegister } from '../../adapters/postgres/rollout-register.ts';
import { isDomainError } from '../../domain/errors.ts';
import type { RehearsalOrder } from '../../domain/rehearsal/ports.ts';
import { readConfig, requireServers, searchPath } from '../../platform/config.ts';
import { resolveTemporalBinary } from '../../platform/embedded/temporal-binary.ts';
import { toolsDirectory } from '../../platform/embedded/tools-directory.ts';
import { temporalTestServer } from '../../platform/install/temporal-programs.ts';
import { createLogger } from '../../platform/logging.ts';
import { startTelemetry } from '../../platform/telemetry.ts';
import { bridgeTemporalLogs } from '../temporal-logs.ts';
import { loadWorkflowBundle, rehearsalBundleBeside } from '../workflow-bundle.ts';
import type { RehearsalMessage } from './protocol.ts';
import { rehearseChange } from './rehearse-change.ts';

/**
 * Rehearses one change and ends: a process of its own, whose session in the database cannot write, and which
 * knows no datacentre. Started by the worker, over whose channel order and answer go.
 */
const giveUpWithinMs = 10_000;
const config = requireServers(readConfig());
const logger = createLogger({ ...config.log, name: 'rehearsal' });
Runtime.install({ logger: bridgeTemporalLogs(logger), shutdownSignals: [] });

const tell = (message: RehearsalMessage): void => {
  if (process.connected) process.send?.(message);
};
const given = new AbortController();
/** Nobody is left to hear the answer: what it has started ends before it does. */
const giveUp = (): void => {
  given.abort();
  setTimeout(() => process.exit(1), giveUpWithinMs).unref();
};
process.once('disconnect', giveUp);
process.once('SIGTERM', giveUp);
process.once('message', (order: RehearsalOrder) => {
  void rehearse(order)
    .then((report) => tell({ type: 'report', report }))
    .catch((error: unknown) => tell(problemOf(error)))
    .finally(() => {
      if (process.connected) process.disconnect();
    });
});

async function rehearse(order: RehearsalOrder) {
  const database = createDatabase({
    url: config.databaseUrl,
    poolMax: 4,
    applicationName: 'ctc-rehearsal',
    readOnly: true,
  });
  const telemetry = await startTelemetry({ serviceName: 'ctc-rehearsal' });
  const optimus = createOptimus(config.optimus);
  try {
    const inventory = createInventoryReadModel(database);
    const [server, workflowBundle] = await Promise.all([
      resolveTemporalBinary({
        program: temporalTestServer,
        logger,
        dataDirectory: toolsDirectory,
        searchPath: searchPath(),
      }),
      config.workerBundle === undefined
        ? loadWorkflowBundle({
            cacheDirectory: join(toolsDirectory, 'bundles'),
            flavour: 'rehearsal',
            logger,
          })
        : readFile(rehearsalBundleBeside(config.workerBundle), 'utf8').then((code) => ({ code })),
    ]);
    return await rehearseChange(
      {
        ports: {
          changes: createChangeRegister(database, {
            conflictsOf: assessesNothing,
            crowdsIn: assessesNothing,
          }),
          rollouts: createRolloutRegister({ database, inventory }),
          reader: createRehearsalReader(database),
          inventory,
          optimus,
          approvalExpiryMs: config.approvalExpiryMs,
        },
        server,
        workflowBundle,
        telemetry,
        signal: given.signal,
      },
      order,
      (done) => tell({ type: 'progress', done }),
    );
  } finally {
    await Promise.all([optimus.close(), database.destroy(), telemetry.shutdown()]);
  }
}

function assessesNothing(): never {
  throw new Error('A rehearsal assesses nothing anew.');
}

function problemOf(error: unknown): RehearsalMessage {
  if (isDomainError(error)) {
    const { kind, code, message, remedy } = error;
    return { type: 'problem', kind, code, message, ...(remedy === undefined ? {} : { remedy }) };
  }
  logger.error({ err: error }, 'the rehearsal failed');
  const message = error instanceof Error ? error.message : String(error);
  return { type: 'problem', kind: 'unavailable', code: 'rehearsal-failed', message };
}
