import { Client } from '@temporalio/client';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { join } from 'node:path';
import { createChangeSteps } from '../activities/create-change-steps.ts';
import { createContractWatchSteps } from '../activities/contract-watch-activities.ts';
import { createGuardianSteps } from '../activities/guardian/create-guardian-steps.ts';
import { createCelEvaluator } from '../adapters/cel/cel-evaluator.ts';
import { canonicalHash } from '../adapters/canonical-hash.ts';
import { createDriverRegistry } from '../adapters/driver-registry.ts';
import { createInventoryEngine } from '../adapters/inventory-engine/create-inventory-engine.ts';
import { createMetricProvider } from '../adapters/metrics/create-metric-provider.ts';
import { createOptimus } from '../adapters/optimus/create-optimus.ts';
import { createAnalysisRegister } from '../adapters/postgres/analysis-register.ts';
import { createChangeReader } from '../adapters/postgres/change-reader.ts';
import { createChangeRegister } from '../adapters/postgres/change-register.ts';
import { createChangeRequests } from '../adapters/postgres/change-requests.ts';
import { createComparisonRegister } from '../adapters/postgres/comparison-register.ts';
import { startConflictKeeper } from '../adapters/postgres/conflict-keeper.ts';
import { createContractWatch } from '../adapters/postgres/contract-watch.ts';
import { createDatabase } from '../adapters/postgres/database.ts';
import { ensureLedgerKeyFile, readLedgerKeys } from '../adapters/ledger/ledger-keys.ts';
import { startCheckpointer } from '../adapters/postgres/ledger-checkpoints.ts';
import { createGuardianRecordSteps } from '../adapters/postgres/guardian-record.ts';
import { createGuardianRegister } from '../adapters/postgres/guardian-register.ts';
import { createSampleStore } from '../adapters/postgres/guardian-samples.ts';
import { createImpactSnapshots } from '../adapters/postgres/impact-snapshots.ts';
import { watchImpact } from '../adapters/postgres/impact-watch.ts';
import { createInventoryReadModel } from '../adapters/postgres/inventory-read-model.ts';
import { createLineSteps } from '../adapters/postgres/line-steps.ts';
import { createTemplateRegister } from '../adapters/postgres/template-register.ts';
import { createPolicyRegister } from '../adapters/postgres/policy-register.ts';
import { createRecordSteps } from '../adapters/postgres/record-steps.ts';
import { startRegisterWatch } from '../adapters/postgres/register-watch.ts';
import { createRolloutRegister } from '../adapters/postgres/rollout-register.ts';
import { createChangeMessenger } from '../adapters/temporal/change-messenger.ts';
import { temporalConnectionOptions } from '../adapters/temporal/connect.ts';
import { rounds, scheduleRounds } from '../adapters/temporal/schedule-rounds.ts';
import { readConfig, requireServers } from '../platform/config.ts';
import { exitWithParent, tellReady } from '../platform/embedded/exit-with-parent.ts';
import { toolsDirectory } from '../platform/embedded/tools-directory.ts';
import { createLogger } from '../platform/logging.ts';
import { startTelemetry } from '../platform/telemetry.ts';
import { createRehearsalSteps } from '../activities/rehearsal-activities.ts';
import { createRehearsalRegister } from '../adapters/postgres/rehearsal-register.ts';
import { createWorker } from './create-worker.ts';
import { createRehearse } from './rehearsal/rehearse-in-process.ts';
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
  ...(config.kubernetesClusters === undefined ? {} : { clustersFile: config.kubernetesClusters }),
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
const signing = {
  database,
  keys: await readLedgerKeys(
    config.ledger.keyFile ?? (await ensureLedgerKeyFile(config.dataDirectory)),
  ),
  now,
};
const checkpointer = startCheckpointer({ ...signing, ...config.ledger, logger });
const inventory = createInventoryReadModel(database);
const engine = createInventoryEngine({
  databaseUrl: config.databaseUrl,
  settings: { customerDistanceMs: config.customerDistanceMs },
  onError: (err) => {
    logger.error({ err }, 'inventory engine failed');
  },
});

const [connection, workflowBundle] = await Promise.all([
  temporalConnectionOptions(config.temporal).then((options) => NativeConnection.connect(options)),
  config.workerBundle === undefined
    ? loadWorkflowBundle({ cacheDirectory: join(toolsDirectory, 'bundles'), logger })
    : { codePath: config.workerBundle },
]);
const guardians = createGuardianRegister({ database, inventory, evacuation: config.evacuation });
// By the worker's own connection: what a guardian decides reaches a change as a person's word does.
const client = new Client({ connection, namespace: config.temporal.namespace });
const rollouts = createRolloutRegister({ database, inventory });
const ports = {
  record: createRecordSteps({ database, engine, now }),
  line: createLineSteps({ database, now }),
  changes: createChangeRegister(database, engine),
  rollouts,
  comparisons: createComparisonRegister(database),
  inventory,
  engine,
  policies: createPolicyRegister({ database, now }),
  templates: createTemplateRegister({ database, now }),
  approvalExpiryMs: config.approvalExpiryMs,
  optimus,
  driverFor: drivers.driverFor,
  metricProvider: createMetricProvider(config.metrics, {
    findSimulation: (ref) => rollouts.findSimulation(ref),
    driverFor: drivers.driverFor,
    clusterHealth: drivers.clusterHealth,
  }),
  expressions: createCelEvaluator(),
  analyses: createAnalysisRegister(database),
  hashOf: canonicalHash,
  now,
  guardians,
};
const activities = {
  ...createChangeSteps(ports),
  ...createRehearsalSteps({
    rehearsals: createRehearsalRegister(database),
    rehearse: createRehearse(),
    now,
  }),
  ...createGuardianSteps({
    ...ports,
    guardianRecord: createGuardianRecordSteps({ database, now }),
    samples: createSampleStore(database),
    offers: () => inventory.offers(),
    datacentres: () => inventory.candidateDatacentres(),
    requests: createChangeRequests({ database, now }),
    changeReader: createChangeReader({ database, engine }),
    messenger: createChangeMessenger(client),
  }),
  ...createContractWatchSteps({
    contractWatch: createContractWatch({
      database,
      warningDays: config.contractWatch.warningDays,
    }),
    now,
  }),
};

const worker = await createWorker({
  connection,
  namespace: config.temporal.namespace,
  taskQueue: config.temporal.taskQueue,
  workflowBundle,
  activities,
  telemetry,
});

const snapshots = createImpactSnapshots(database, engine);
const keeper = startConflictKeeper({
  database,
  engine,
  now,
  logger,
  watch: (trx, changeId) => watchImpact(trx, snapshots, config, changeId),
});
const registerWatch = startRegisterWatch({ database, now, logger, ...config.registerWatch });
const running = worker.run();
// Nobody waits for it: changes are carried out whether or not it can be scheduled.
const { taskQueue } = config.temporal;
const scheduled = Promise.all(
  (
    [
      [rounds.contractWatch, config.contractWatch.everyMinutes],
      [rounds.driftWatch, config.driftWatch.everyMinutes],
    ] as const
  ).map(([round, everyMinutes]) =>
    scheduleRounds(client, round, { taskQueue, everyMinutes }).catch((err: unknown) => {
      logger.error({ err, round }, 'a round could not be scheduled; tried at the next start');
    }),
  ),
);
exitWithParent(async () => {
  if (worker.getState() === 'RUNNING') worker.shutdown();
  await running;
});
tellReady();
logger.info({ taskQueue: config.temporal.taskQueue }, 'worker ready');

try {
  await running;
} finally {
  await keeper.stop();
  await registerWatch.stop();
  await checkpointer.stop();
  await scheduled;
  await connection.close();
  await Promise.all([
    drivers.close(),
    optimus.close(),
    engine.close(),
    database.destroy(),
    telemetry.shutdown(),
  ]);
}
