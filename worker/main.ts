import { NativeConnection, Runtime } from '@temporalio/worker';
import { join } from 'node:path';
import { createAssessmentActivities } from '../activities/assessment-activities.ts';
import { createRolloutActivities } from '../activities/rollout-activities.ts';
import { createSiteActivities } from '../activities/site-activities.ts';
import { withMappedFailures } from '../activities/to-application-failure.ts';
import { createVerificationActivities } from '../activities/verification-activities.ts';
import { canonicalHash } from '../adapters/canonical-hash.ts';
import { createDriverRegistry } from '../adapters/driver-registry.ts';
import { createOptimus } from '../adapters/optimus/create-optimus.ts';
import { createChangeRegister } from '../adapters/postgres/change-register.ts';
import { createDatabase } from '../adapters/postgres/database.ts';
import { createGraphCache } from '../adapters/postgres/graph-cache.ts';
import { createInventoryReadModel } from '../adapters/postgres/inventory-read-model.ts';
import { createRecordSteps } from '../adapters/postgres/record-steps.ts';
import { createRolloutRegister } from '../adapters/postgres/rollout-register.ts';
import { temporalConnectionOptions } from '../adapters/temporal/connect.ts';
import type { ChangeSteps } from '../domain/change/change-steps.ts';
import { readConfig, requireServers } from '../platform/config.ts';
import { exitWithParent, tellReady } from '../platform/embedded/exit-with-parent.ts';
import { toolsDirectory } from '../platform/embedded/tools-directory.ts';
import { createLogger } from '../platform/logging.ts';
import { startTelemetry } from '../platform/telemetry.ts';
import { createWorker } from './create-worker.ts';
import { bridgeTemporalLogs } from './temporal-logs.ts';
import { loadWorkflowBundle } from './workflow-bundle.ts';

const config = requireServers(readConfig());
const logger = createLogger({ ...config.log, name: 'worker' });
Runtime.install({
  logger: bridgeTemporalLogs(logger),
  shutdownSignals: [],
  ...(config.metricsPort === undefined
    ? {}
    : {
        telemetryOptions: {
          metrics: { prometheus: { bindAddress: `${config.http.host}:${config.metricsPort}` } },
        },
      }),
});

const database = createDatabase({
  url: config.databaseUrl,
  poolMax: 20,
  applicationName: 'ctc-worker',
});
const telemetry = await startTelemetry({
  serviceName: 'ctc-worker',
  ...(config.otlpEndpoint === undefined ? {} : { otlpEndpoint: config.otlpEndpoint }),
});
const optimus = createOptimus(config.optimus);
const drivers = createDriverRegistry({
  database,
  logger,
  ...(config.localDriver.enabled
    ? {
        local: {
          stateDirectory: join(config.dataDirectory, 'datacentres'),
          ...(config.localDriver.releasesRoot === undefined
            ? {}
            : { releasesRoot: config.localDriver.releasesRoot }),
        },
      }
    : {}),
});

const now = (): string => new Date().toISOString();
const inventory = createInventoryReadModel(database);
const changes = createChangeRegister(database);
const rollouts = createRolloutRegister({ database, inventory });
const { driverFor } = drivers;

/** Everything that the workflows order, composed of the ports. */
const activities: ChangeSteps = withMappedFailures({
  ...createRecordSteps({ database, now }),
  ...createAssessmentActivities({
    changes,
    inventory,
    graph: createGraphCache(inventory),
    approvals: { expiryMs: config.approvalExpiryMs, twoPersonsFromServicesDown: 1_000 },
    hashOf: canonicalHash,
    now,
  }),
  ...createRolloutActivities({
    changes,
    rollouts,
    optimus,
    driverFor,
    latencies: () => inventory.latencies(),
    now,
  }),
  ...createSiteActivities({ rollouts, driverFor, now }),
  ...createVerificationActivities({
    changes,
    rollouts,
    driverFor,
    offers: () => inventory.offers(),
    datacentres: () => inventory.candidateDatacentres(),
    now,
  }),
});

const [connection, workflowBundle] = await Promise.all([
  temporalConnectionOptions(config.temporal).then((options) => NativeConnection.connect(options)),
  config.workerBundle === undefined
    ? loadWorkflowBundle({ cacheDirectory: join(toolsDirectory, 'bundles'), logger })
    : { codePath: config.workerBundle },
]);
const worker = await createWorker({
  connection,
  namespace: config.temporal.namespace,
  taskQueue: config.temporal.taskQueue,
  workflowBundle,
  activities,
  telemetry,
});

const running = worker.run();
exitWithParent(async () => {
  if (worker.getState() === 'RUNNING') worker.shutdown();
  await running;
});
tellReady();
logger.info({ taskQueue: config.temporal.taskQueue }, 'worker ready');

try {
  await running;
} finally {
  await connection.close();
  drivers.close();
  await Promise.all([optimus.close(), database.destroy(), telemetry.shutdown()]);
}
