import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { pino } from 'pino';
import { canonicalHash } from '../../adapters/canonical-hash.ts';
import { createCelEvaluator } from '../../adapters/cel/cel-evaluator.ts';
import { createCatalogueImporter } from '../../adapters/acsmi/catalogue-importer.ts';
import { createNetboxImporter } from '../../adapters/netbox/netbox-importer.ts';
import { ensureLedgerKeyFile, readLedgerKeys } from '../../adapters/ledger/ledger-keys.ts';
import { createAccessRegister } from '../../adapters/postgres/access-register.ts';
import { createTargetReader } from '../../adapters/postgres/access-targets.ts';
import { createActionRegister } from '../../adapters/postgres/action-register.ts';
import { createChangeFailureReader } from '../../adapters/postgres/change-failures.ts';
import { createEventRegister } from '../../adapters/postgres/event-register.ts';
import { createEvidenceStore } from '../../adapters/postgres/evidence-store.ts';
import { createIncidentFindings } from '../../adapters/postgres/incident-findings.ts';
import { createIncidentPlanStore } from '../../adapters/postgres/incident-plan-store.ts';
import { createIncidentReader } from '../../adapters/postgres/incident-reader.ts';
import { createIncidentRegister } from '../../adapters/postgres/incident-register.ts';
import { createProblemRegister } from '../../adapters/postgres/problem-register.ts';
import { createRiskRegister } from '../../adapters/postgres/risk-register.ts';
import { createAlertInbox } from '../../adapters/postgres/alert-inbox.ts';
import { createApplicationRegister } from '../../adapters/postgres/application-register.ts';
import { createChangeReader } from '../../adapters/postgres/change-reader.ts';
import { createChangeRequests } from '../../adapters/postgres/change-requests.ts';
import { createComparisonRegister } from '../../adapters/postgres/comparison-register.ts';
import { createContractRegister } from '../../adapters/postgres/contract-register.ts';
import { createDatabase } from '../../adapters/postgres/database.ts';
import { createApprovalReader } from '../../adapters/postgres/approval-reader.ts';
import { createWayBackReader } from '../../adapters/postgres/way-back-reader.ts';
import { createDelegationRegister } from '../../adapters/postgres/delegation-register.ts';
import { createTemplateRegister } from '../../adapters/postgres/template-register.ts';
import { createPolicyRegister } from '../../adapters/postgres/policy-register.ts';
import { createFreezeRegister } from '../../adapters/postgres/freeze-register.ts';
import { createGuardianReader } from '../../adapters/postgres/guardian-reader.ts';
import { createIdempotencyStore } from '../../adapters/postgres/idempotency-store.ts';
import { createInventoryExporter } from '../../adapters/postgres/inventory-exporter.ts';
import { createInventoryHistory } from '../../adapters/postgres/inventory-history.ts';
import { createInventoryImporter } from '../../adapters/postgres/inventory-importer.ts';
import { createInventoryReadModel } from '../../adapters/postgres/inventory-read-model.ts';
import { createLedger } from '../../adapters/postgres/ledger.ts';
import { createLineStopRegister } from '../../adapters/postgres/line-stop-register.ts';
import { createOidcAccounts } from '../../adapters/postgres/oidc-accounts.ts';
import { createOfferCatalogue } from '../../adapters/postgres/offer-catalogue.ts';
import { createPrincipalRegister } from '../../adapters/postgres/principal-register.ts';
import { createProposalReader } from '../../adapters/postgres/proposal-reader.ts';
import { createRehearsalRegister } from '../../adapters/postgres/rehearsal-register.ts';
import { createRoleRegister } from '../../adapters/postgres/role-register.ts';
import { createRunbookReader } from '../../adapters/postgres/runbook-reader.ts';
import { createLocalAccounts } from '../../adapters/postgres/local-accounts.ts';
import { createSecondFactor } from '../../adapters/postgres/second-factor.ts';
import { createSessions } from '../../adapters/postgres/sessions.ts';
import { createPasswordHasher } from '../../adapters/sign-in/argon2-hasher.ts';
import { createTotpCodes } from '../../adapters/sign-in/totp-codes.ts';
import { createSimulationRegister } from '../../adapters/postgres/simulation-register.ts';
import { createSlaReader } from '../../adapters/postgres/sla-reader.ts';
import { createWaitReader } from '../../adapters/postgres/wait-reader.ts';
import { buildApp } from '../../api/app.ts';
import type { AppDeps } from '../../api/app-deps.ts';
import type { TypedApp } from '../../api/typed-app.ts';
import { DomainError } from '../../domain/errors.ts';
import { inventoryKinds } from '../../domain/inventory/inventory-kinds.ts';
import { createTestDatabase } from './postgres.ts';

export interface TestApi {
  readonly app: TypedApp;
  readonly deps: AppDeps;
  readonly database: Knex;
  stop(): Promise<void>;
}

/**
 * The real API on a database of its own, to inject into. Temporal, the engine's thread and the solver are away,
 * which the API answers as it answers any part that is away.
 */
export async function createTestApi(
  oidc?: Omit<NonNullable<AppDeps['oidc']>, 'accounts'>,
): Promise<TestApi> {
  const test = await createTestDatabase();
  const database = createDatabase({ url: test.url, poolMax: 8 });
  const directory = await mkdtemp(join(tmpdir(), 'ctc-api-'));
  const totp = createTotpCodes(Date.now);
  const now = (): string => new Date().toISOString();
  const keys = await readLedgerKeys(await ensureLedgerKeyFile(directory));
  const inventory = createInventoryReadModel(database);
  const engine = awayPart('the inventory engine') as AppDeps['engine'];
  const changes = createChangeReader({ database, engine: awayPart('the inventory engine') });
  const importer = createInventoryImporter(database);
  const deps: AppDeps = {
    access: createAccessRegister({ database, tokenMaxDays: 365, now }),
    sessions: createSessions({ database, ...{ idleMinutes: 60, maxHours: 12 } }),
    accounts: createLocalAccounts({
      ...{ database, totp, nowMs: Date.now },
      hasher: createPasswordHasher(),
    }),
    secondFactor: createSecondFactor(database, totp),
    oidc: oidc === undefined ? undefined : { ...oidc, accounts: createOidcAccounts(database) },
    principals: createPrincipalRegister(database),
    roles: createRoleRegister(database),
    targets: createTargetReader(database),
    idempotency: createIdempotencyStore(database),
    applications: createApplicationRegister({ database, now }),
    requests: createChangeRequests({ database, now }),
    changes,
    waits: createWaitReader(database, changes),
    pendingSteps: () => Promise.resolve(null),
    comparisons: createComparisonRegister(database),
    checkDrift: away('Temporal'),
    alerts: createAlertInbox(database),
    logFeed: awayPart('the feed'),
    messenger: awayPart('Temporal'),
    guardians: createGuardianReader(database),
    guardianMessenger: awayPart('Temporal'),
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
    netbox: createNetboxImporter([], importer),
    catalogues: createCatalogueImporter([], importer),
    offers: createOfferCatalogue(database),
    contracts: createContractRegister({ database, now }),
    slas: createSlaReader({ database, now }),
    proposals: createProposalReader(database),
    exporter: createInventoryExporter(database),
    history: createInventoryHistory(database),
    engine,
    runbooks: createRunbookReader(database),
    rehearsals: createRehearsalRegister(database),
    snapshots: awayPart('the inventory engine'),
    freezes: createFreezeRegister({ database, now }),
    policies: createPolicyRegister({ database, now }),
    templates: createTemplateRegister({ database, now }),
    approvals: createApprovalReader({ database, now }),
    wayBacks: createWayBackReader(database),
    delegations: createDelegationRegister({ database, now }),
    ledger: createLedger({ database, keys, now }),
    lineStops: createLineStopRegister({ database, now }),
    optimus: awayPart('Optimus'),
    studies: awayPart('Optimus'),
    simulations: createSimulationRegister({ database, inventory, now }),
    hashOf: canonicalHash,
    expressions: createCelEvaluator(),
    whyNotMeasurable: () => undefined,
    kickOutbox: () => {},
    health: { database: () => Promise.resolve(), temporal: away('Temporal') },
    metrics: () => Promise.resolve(''),
    now: () => new Date(),
  };
  const app = await buildApp(deps, {
    logger: pino({ level: 'silent' }),
    bodyLimitBytes: 1_000_000,
    trustedProxies: [],
  });
  await app.ready();
  return {
    app,
    deps,
    database,
    async stop() {
      await app.close();
      await database.destroy();
      await test.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The example company. */
export async function importExamples({ deps }: Pick<TestApi, 'deps'>): Promise<void> {
  const directory = join(import.meta.dirname, '..', '..', 'examples', 'inventory');
  const parts = inventoryKinds.map((kind) => ({
    kind,
    format: 'csv' as const,
    stream: createReadStream(join(directory, `${kind}.csv`)),
  }));
  // eslint-disable-next-line @typescript-eslint/require-await -- the importer takes parts as they arrive
  async function* inOrder() {
    yield* parts;
  }
  const report = await deps.importer.import(inOrder(), { importedBy: 'test' });
  if (!report.imported) throw new Error(JSON.stringify(report.badLines));
}

function away(part: string): () => Promise<never> {
  return () =>
    Promise.reject(new DomainError('unavailable', `${part} is away.`, { code: 'part-away' }));
}

function awayPart(part: string): never {
  return new Proxy({}, { get: () => away(part) }) as never;
}
