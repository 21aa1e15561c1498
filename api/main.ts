import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { OpenTelemetryWorkflowClientInterceptor } from '@temporalio/interceptors-opentelemetry-v2';
import { canonicalHash } from '../adapters/canonical-hash.ts';
import { createCelEvaluator } from '../adapters/cel/cel-evaluator.ts';
import { createInventoryEngine } from '../adapters/inventory-engine/create-inventory-engine.ts';
import { createWhyNotMeasurable } from '../adapters/metrics/create-metric-provider.ts';
import { createCatalogueImporter } from '../adapters/acsmi/catalogue-importer.ts';
import { readCatalogueSources } from '../adapters/acsmi/catalogue-sources.ts';
import { createNetboxImporter } from '../adapters/netbox/netbox-importer.ts';
import { readNetboxSources } from '../adapters/netbox/netbox-sources.ts';
import { createOidcProvider } from '../adapters/oidc/oidc-provider.ts';
import { readOidcSettings } from '../adapters/oidc/oidc-settings.ts';
import { createOptimus } from '../adapters/optimus/create-optimus.ts';
import {
  createAccessRegister,
  ensurePrincipalWithToken,
} from '../adapters/postgres/access-register.ts';
import { createActionRegister } from '../adapters/postgres/action-register.ts';
import { createTargetReader } from '../adapters/postgres/access-targets.ts';
import { createAlertInbox } from '../adapters/postgres/alert-inbox.ts';
import { createApplicationRegister } from '../adapters/postgres/application-register.ts';
import { createChangeFailureReader } from '../adapters/postgres/change-failures.ts';
import { createChangeReader } from '../adapters/postgres/change-reader.ts';
import { createChangeRequests } from '../adapters/postgres/change-requests.ts';
import { createComparisonRegister } from '../adapters/postgres/comparison-register.ts';
import { createLocalAccounts } from '../adapters/postgres/local-accounts.ts';
import { createSecondFactor } from '../adapters/postgres/second-factor.ts';
import { createSessions, purgeSessions } from '../adapters/postgres/sessions.ts';
import { purgeSignInFailures } from '../adapters/postgres/sign-in-throttle.ts';
import { createPasswordHasher } from '../adapters/sign-in/argon2-hasher.ts';
import { createTotpCodes } from '../adapters/sign-in/totp-codes.ts';
import { createSimulationRegister } from '../adapters/postgres/simulation-register.ts';
import { createContractRegister } from '../adapters/postgres/contract-register.ts';
import { createDatabase } from '../adapters/postgres/database.ts';
import { ensureLedgerKeyFile, readLedgerKeys } from '../adapters/ledger/ledger-keys.ts';
import { startCheckpointer } from '../adapters/postgres/ledger-checkpoints.ts';
import { createEventRegister } from '../adapters/postgres/event-register.ts';
import { createEvidenceStore } from '../adapters/postgres/evidence-store.ts';
import { createApprovalReader } from '../adapters/postgres/approval-reader.ts';
import { createWayBackReader } from '../adapters/postgres/way-back-reader.ts';
import { createDelegationRegister } from '../adapters/postgres/delegation-register.ts';
import { createTemplateRegister } from '../adapters/postgres/template-register.ts';
import { createPolicyRegister } from '../adapters/postgres/policy-register.ts';
import { createFreezeRegister } from '../adapters/postgres/freeze-register.ts';
import { createGuardianReader } from '../adapters/postgres/guardian-reader.ts';
import {
  createIdempotencyStore,
  purgeIdempotencyKeys,
} from '../adapters/postgres/idempotency-store.ts';
import { createImpactSnapshots } from '../adapters/postgres/impact-snapshots.ts';
import { createIncidentFindings } from '../adapters/postgres/incident-findings.ts';
import { createIncidentPlanStore } from '../adapters/postgres/incident-plan-store.ts';
import { createIncidentReader } from '../adapters/postgres/incident-reader.ts';
import { createIncidentRegister } from '../adapters/postgres/incident-register.ts';
import { createInventoryExporter } from '../adapters/postgres/inventory-exporter.ts';
import { createInventoryHistory } from '../adapters/postgres/inventory-history.ts';
import { createInventoryImporter } from '../adapters/postgres/inventory-importer.ts';
import { createInventoryReadModel } from '../adapters/postgres/inventory-read-model.ts';
import { createLedger } from '../adapters/postgres/ledger.ts';
import { createLineStopRegister } from '../adapters/postgres/line-stop-register.ts';
import { createLogFeed } from '../adapters/postgres/log-feed.ts';
import { createOidcAccounts, purgeOidcFlows } from '../adapters/postgres/oidc-accounts.ts';
import { createOfferCatalogue } from '../adapters/postgres/offer-catalogue.ts';
import { createOutbox } from '../adapters/postgres/outbox.ts';
import { createProblemRegister } from '../adapters/postgres/problem-register.ts';
import { createProposalReader } from '../adapters/postgres/proposal-reader.ts';
import { createRehearsalRegister } from '../adapters/postgres/rehearsal-register.ts';
import { createRiskRegister } from '../adapters/postgres/risk-register.ts';
import { createPrincipalRegister } from '../adapters/postgres/principal-register.ts';
import { createRoleRegister } from '../adapters/postgres/role-register.ts';
import { createRunbookReader } from '../adapters/postgres/runbook-reader.ts';
import { createSlaReader } from '../adapters/postgres/sla-reader.ts';
import { createWaitReader } from '../adapters/postgres/wait-reader.ts';
import { createChangeMessenger } from '../adapters/temporal/change-messenger.ts';
import { temporalConnectionOptions } from '../adapters/temporal/connect.ts';
import { createGuardianMessenger } from '../adapters/temporal/guardian-messenger.ts';
import { createPendingSteps } from '../adapters/temporal/pending-steps.ts';
import { createDriftChecker } from '../adapters/temporal/drift-checker.ts';
import { startOutboxDispatcher } from '../adapters/temporal/outbox-dispatcher.ts';
import { readConfig, requireServers } from '../platform/config.ts';
import { exitWithParent, tellReady } from '../platform/embedded/exit-with-parent.ts';
import { createLogger } from '../platform/logging.ts';
import { createMetrics } from '../platform/metrics.ts';
import { startTelemetry } from '../platform/telemetry.ts';
import { buildApp } from './app.ts';

const config = requireServers(readConfig());
const logger = createLogger({ ...config.log, name: 'api' });
const netboxSources =
  config.netboxSources === undefined ? [] : await readNetboxSources(config.netboxSources);
const catalogueSources =
  config.catalogues === undefined ? [] : await readCatalogueSources(config.catalogues);
const oidcSettings = config.oidc === undefined ? undefined : await readOidcSettings(config.oidc);
const telemetry = await startTelemetry({
  serviceName: 'ctc-api',
  ...(config.otlpEndpoint === undefined ? {} : { otlpEndpoint: config.otlpEndpoint }),
});
const database = createDatabase({
  url: config.databaseUrl,
  poolMax: 20,
  applicationName: 'ctc-api',
});
const metrics = createMetrics(database, telemetry.resource);
const optimus = createOptimus(config.optimus);
const studies = createOptimus(config.optimus);

// Lazily: the API takes requests while Temporal is away.
const connection = Connection.lazy(await temporalConnectionOptions(config.temporal));
const client = new Client({
  connection,
  namespace: config.temporal.namespace,
  interceptors: { workflow: [new OpenTelemetryWorkflowClientInterceptor()] },
});

if (config.bootstrapAdminToken !== undefined) {
  await ensurePrincipalWithToken(
    database,
    {
      id: 'administrator',
      name: 'First administrator',
      email: 'administrator@localhost',
      roles: ['administrator'],
    },
    config.bootstrapAdminToken,
  );
}

const totp = createTotpCodes(Date.now);
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
const importer = createInventoryImporter(database);
const engine = createInventoryEngine({
  databaseUrl: config.databaseUrl,
  settings: { customerDistanceMs: config.customerDistanceMs },
  onError: (err) => {
    logger.error({ err }, 'inventory engine failed');
  },
});
const changes = createChangeReader({ database, engine });
const logFeed = createLogFeed({ url: config.databaseUrl, logger });
const dispatcher = startOutboxDispatcher({
  outbox: createOutbox(database),
  client,
  taskQueue: config.temporal.taskQueue,
  logger,
});
const purge = setInterval(() => {
  for (const purgeOld of [
    purgeIdempotencyKeys,
    purgeSessions,
    purgeSignInFailures,
    purgeOidcFlows,
  ]) {
    purgeOld(database).catch((error: unknown) => {
      logger.warn({ err: error }, 'what is old was not purged');
    });
  }
}, 3_600_000);

const app = await buildApp(
  {
    access: createAccessRegister({ database, tokenMaxDays: config.tokenMaxDays, now }),
    sessions: createSessions({ database, ...config.session }),
    accounts: createLocalAccounts({
      ...{ database, totp, nowMs: Date.now },
      hasher: createPasswordHasher(),
    }),
    secondFactor: createSecondFactor(database, totp),
    oidc:
      oidcSettings === undefined
        ? undefined
        : {
            provider: createOidcProvider(oidcSettings),
            accounts: createOidcAccounts(database),
            rules: oidcSettings.groups,
          },
    principals: createPrincipalRegister(database),
    roles: createRoleRegister(database),
    targets: createTargetReader(database),
    idempotency: createIdempotencyStore(database),
    applications: createApplicationRegister({ database, now }),
    requests: createChangeRequests({ database, now }),
    changes,
    waits: createWaitReader(database, changes),
    pendingSteps: createPendingSteps(client),
    comparisons: createComparisonRegister(database),
    checkDrift: createDriftChecker(client, config.temporal.taskQueue),
    alerts: createAlertInbox(database),
    logFeed,
    messenger: createChangeMessenger(client),
    guardians: createGuardianReader(database),
    guardianMessenger: createGuardianMessenger(client),
    events: createEventRegister({ database, now }),
    incidents: createIncidentRegister({ database, now }),
    incidentReader: createIncidentReader({ database, now }),
    incidentPlan: createIncidentPlanStore({ database, now }),
    incidentFindings: createIncidentFindings({ database, now }),
    evidence: createEvidenceStore({ database, now }),
    actions: createActionRegister({ database, now }),
    risks: createRiskRegister({ database, now }),
    problems: createProblemRegister({ database, now }),
    changeFailures: createChangeFailureReader(database),
    inventory,
    importer,
    netbox: createNetboxImporter(netboxSources, importer),
    catalogues: createCatalogueImporter(catalogueSources, importer),
    offers: createOfferCatalogue(database),
    contracts: createContractRegister({ database, now }),
    slas: createSlaReader({ database, now }),
    proposals: createProposalReader(database),
    exporter: createInventoryExporter(database),
    history: createInventoryHistory(database),
    engine,
    runbooks: createRunbookReader(database),
    rehearsals: createRehearsalRegister(database),
    snapshots: createImpactSnapshots(database, engine),
    freezes: createFreezeRegister({ database, now }),
    policies: createPolicyRegister({ database, now }),
    templates: createTemplateRegister({ database, now }),
    approvals: createApprovalReader({ database, now }),
    wayBacks: createWayBackReader(database),
    delegations: createDelegationRegister({ database, now }),
    ledger: createLedger(signing),
    lineStops: createLineStopRegister({ database, now }),
    optimus,
    studies,
    simulations: createSimulationRegister({ database, inventory, now }),
    hashOf: canonicalHash,
    expressions: createCelEvaluator(),
    whyNotMeasurable: createWhyNotMeasurable(config.metrics),
    kickOutbox: () => dispatcher.kick(),
    health: {
      database: async () => {
        await database.raw('select 1');
      },
      temporal: async () => {
        await client.withDeadline(Date.now() + 2_000, () => connection.healthService.check({}));
      },
    },
    metrics: () => metrics.render(),
    now: () => new Date(),
  },
  {
    logger,
    bodyLimitBytes: config.http.bodyLimitBytes,
    trustedProxies: config.http.trustedProxies,
  },
);

const address = await app.listen({ host: config.http.host, port: config.http.port });
exitWithParent(async () => {
  clearInterval(purge);
  await app.close();
  await dispatcher.stop();
  await checkpointer.stop();
  await logFeed.stop();
  await Promise.all([
    optimus.close(),
    studies.close(),
    engine.close(),
    database.destroy(),
    connection.close(),
    telemetry.shutdown(),
  ]);
});
tellReady();
logger.info({ address, docs: new URL(join('/', 'docs'), address).href }, 'api ready');
