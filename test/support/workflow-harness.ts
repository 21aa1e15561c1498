import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Runtime } from '@temporalio/worker';
import type { Knex } from 'knex';
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createChangeSteps } from '../../activities/create-change-steps.ts';
import { letTimePass } from './let-time-pass.ts';
import { putMessagesFirst } from './messages-first.ts';
import { createContractWatchSteps } from '../../activities/contract-watch-activities.ts';
import { createGuardianSteps } from '../../activities/guardian/create-guardian-steps.ts';
import { createCelEvaluator } from '../../adapters/cel/cel-evaluator.ts';
import { canonicalHash } from '../../adapters/canonical-hash.ts';
import { createEmbeddedOptimus } from '../../adapters/optimus/embedded-optimus.ts';
import { createPrincipalRegister } from '../../adapters/postgres/principal-register.ts';
import { createAnalysisRegister } from '../../adapters/postgres/analysis-register.ts';
import { createApplicationRegister } from '../../adapters/postgres/application-register.ts';
import { createChangeReader } from '../../adapters/postgres/change-reader.ts';
import { createChangeRegister } from '../../adapters/postgres/change-register.ts';
import { createComparisonRegister } from '../../adapters/postgres/comparison-register.ts';
import { createChangeRequests } from '../../adapters/postgres/change-requests.ts';
import { createInventoryEngine } from '../../adapters/inventory-engine/create-inventory-engine.ts';
import { createContractWatch } from '../../adapters/postgres/contract-watch.ts';
import { createDatabase } from '../../adapters/postgres/database.ts';
import { createGuardianRecordSteps } from '../../adapters/postgres/guardian-record.ts';
import { createGuardianRegister } from '../../adapters/postgres/guardian-register.ts';
import { createSampleStore } from '../../adapters/postgres/guardian-samples.ts';
import { createInventoryImporter } from '../../adapters/postgres/inventory-importer.ts';
import { createInventoryReadModel } from '../../adapters/postgres/inventory-read-model.ts';
import { createOutbox } from '../../adapters/postgres/outbox.ts';
import { createLineSteps } from '../../adapters/postgres/line-steps.ts';
import { createTemplateRegister } from '../../adapters/postgres/template-register.ts';
import { createPolicyRegister } from '../../adapters/postgres/policy-register.ts';
import { createRecordSteps } from '../../adapters/postgres/record-steps.ts';
import { createRolloutRegister } from '../../adapters/postgres/rollout-register.ts';
import {
  changeWorkflowId,
  createChangeMessenger,
} from '../../adapters/temporal/change-messenger.ts';
import { createGuardianMessenger } from '../../adapters/temporal/guardian-messenger.ts';
import {
  startOutboxDispatcher,
  type OutboxDispatcher,
} from '../../adapters/temporal/outbox-dispatcher.ts';
import type { Role } from '../../domain/access/roles.ts';
import { applicationDefinitionSchema } from '../../domain/application/application-definition.ts';
import { releaseDefinitionSchema } from '../../domain/application/release-definition.ts';
import { approvalPolicySchema } from '../../domain/approvals/policy.ts';
import { changeRequestSchema } from '../../domain/change/change-request.ts';
import type { ChangeState } from '../../domain/change/life-cycle.ts';
import type { Acknowledgement, ChangeUpdates } from '../../domain/change/messages.ts';
import type { GuardianAcknowledgement, GuardianUpdates } from '../../domain/guardian/messages.ts';
import { inventoryKinds } from '../../domain/inventory/inventory-kinds.ts';
import { resolveChangeWindow } from '../../domain/windows/change-window.ts';
import {
  windowRequestOf,
  type ResolvedWindow,
  type WindowRequest,
} from '../../domain/windows/window.ts';
import { toolsDirectory } from '../../platform/embedded/tools-directory.ts';
import { silentLogger } from '../../platform/logging.ts';
import { startTelemetry } from '../../platform/telemetry.ts';
import { createWorker } from '../../worker/create-worker.ts';
import { loadWorkflowBundle } from '../../worker/workflow-bundle.ts';
import { readYamlFile } from '../../cli/read-file.ts';
import { createFakeDatacentres, type FakeDatacentres } from '../fakes/fake-driver.ts';
import { createFakeMetrics, type FakeMetrics } from '../fakes/fake-metrics.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** How long a request waits for its approvals in the harness. */
export const approvalExpiryMs = 10 * dayMs;

/** From three services down on, two people approve. */
const twoPeople = approvalPolicySchema.parse({
  id: 'many-services-down',
  title: 'Two people approve what takes services down',
  when: { classes: ['standard', 'normal'], servicesDown: 3 },
  steps: [
    {
      name: 'approvers',
      anyOf: [{ roles: ['operator', 'change-manager', 'security-officer'], quorum: 2 }],
    },
  ],
});

const root = join(import.meta.dirname, '..', '..');
/** Real time after which a state that does not come is given up. */
const patienceMs = 60_000;

const people: Readonly<Record<string, readonly Role[]>> = {
  ana: ['requester', 'deployment-engineer'],
  olga: ['operator'],
  marta: ['change-manager'],
  sergio: ['security-officer'],
};

export interface LogRow {
  readonly key: string;
  readonly at: string;
  readonly actor: string;
  readonly event: string;
  readonly from: ChangeState | null;
  readonly to: ChangeState | null;
  readonly message: string;
}

export interface ChangeRow {
  readonly state: ChangeState;
  readonly revision: number;
  readonly planHash: string | null;
  readonly attempt: number;
  readonly waitingFor: { readonly what: string; readonly until?: string } | null;
}

export interface WindowOffset {
  /** From now on; seconds are rounded up. */
  readonly opensInMs: number;
  readonly lengthMs: number;
  readonly latestStartInMs?: number;
  /** Parts and recurrence; per datacentre it is for the three of the example. */
  readonly more?: Pick<
    WindowRequest,
    'preparationMinutes' | 'rollbackReserveMinutes' | 'recurrence' | 'perDatacentre'
  >;
}

/** The real story of changes on a server that skips time; only datacentres and metrics are in memory. */
export interface WorkflowHarness {
  readonly environment: TestWorkflowEnvironment;
  readonly database: Knex;
  readonly databaseUrl: string;
  readonly datacentres: FakeDatacentres;
  readonly metrics: FakeMetrics;
  nowMs(): Promise<number>;
  sleep(ms: number): Promise<void>;
  /** The shop under a name of its own, with releases 1.0.0 and 2.0.0. */
  registerApplication(changes?: Record<string, unknown>): Promise<string>;
  windowIn(offset: WindowOffset): Promise<{ asked: object; resolved: ResolvedWindow }>;
  /** Stores ana's request and starts its workflow; `body` over a title, a reason and a department. */
  request(body: Record<string, unknown>, window?: WindowOffset): Promise<string>;
  /** A request to deploy a release in the three datacentres of the example. */
  requestRelease(
    application: string,
    release: string,
    options?: { readonly window?: WindowOffset; readonly body?: Record<string, unknown> },
  ): Promise<string>;
  /** Sends a message with a key of its own. */
  send: <K extends keyof ChangeUpdates>(
    id: string,
    update: K,
    message: ChangeUpdates[K],
  ) => Promise<Acknowledgement>;
  /** Waits until it can be decided on, and approves the plan as it is then. */
  approve(id: string, by?: string): Promise<Acknowledgement>;
  /** Everything that was asked for. */
  started(): readonly string[];
  change(id: string): Promise<ChangeRow>;
  /** Oldest first. */
  log(id: string): Promise<LogRow[]>;
  /** Lets time pass in small steps until `reached`. */
  until(id: string, reached: (change: ChangeRow) => boolean, what: string): Promise<ChangeRow>;
  /** Lets time pass until it is in one of the states, and nothing later. */
  untilState(id: string, ...states: ChangeState[]): Promise<ChangeRow>;
  /** What guardians keep to together; may be changed. */
  readonly evacuation: { atOnce: number; perHour: number };
  /** Starts workflows and tells guardians from the outbox, as the API's process does. */
  dispatchOutbox(): void;
  sendToGuardian: <K extends keyof GuardianUpdates>(
    application: string,
    update: K,
    message: GuardianUpdates[K],
  ) => Promise<GuardianAcknowledgement>;
  readonly taskQueue: string;
  /** Ends the worker and all that looks at the database; what it is in the middle of is given up. */
  stop(): Promise<void>;
}

/**
 * Runs a worker of its own on `environment`; needs a migrated database, and ends neither of them. Each story
 * wants a server of its own: a workflow that is ended in the middle of an activity stops its clock for good.
 */
export async function createWorkflowHarness(options: {
  readonly environment: TestWorkflowEnvironment;
  readonly databaseUrl: string;
}): Promise<WorkflowHarness> {
  const { environment } = options;
  const { client, settled } = putMessagesFirst(environment);
  const database = createDatabase({ url: options.databaseUrl, poolMax: 20 });
  const optimus = createEmbeddedOptimus();
  const datacentres = createFakeDatacentres();
  const metrics = createFakeMetrics();
  const taskQueue = `test-${randomUUID()}`;
  let serverTimeMs = await environment.currentTimeMs();
  const now = (): string => new Date(serverTimeMs).toISOString();

  await preparePeopleAndInventory(database);
  const policies = createPolicyRegister({ database, now });
  await policies.propose(twoPeople, 'for the tests', 'ctc');
  await policies.approve(twoPeople.id, 2, 'for the tests', 'marta');
  const inventory = createInventoryReadModel(database);
  const engine = createInventoryEngine({
    databaseUrl: options.databaseUrl,
    settings: { customerDistanceMs: 24 * 3_600_000 },
  });
  const changes = createChangeRegister(database, engine);
  const rollouts = createRolloutRegister({ database, inventory });
  const evacuation = { atOnce: 2, perHour: 10 };
  const driverFor = () => Promise.resolve(datacentres.driver);
  const guardians = createGuardianRegister({ database, inventory, evacuation });
  const messenger = createChangeMessenger(client);
  const requests = createChangeRequests({ database, now });
  const ports = {
    record: createRecordSteps({ database, engine, now }),
    line: createLineSteps({ database, now }),
    changes,
    inventory,
    rollouts,
    comparisons: createComparisonRegister(database),
    engine,
    optimus,
    driverFor,
    metricProvider: metrics.provider,
    expressions: createCelEvaluator(),
    analyses: createAnalysisRegister(database),
    policies,
    templates: createTemplateRegister({ database, now }),
    approvalExpiryMs,
    hashOf: canonicalHash,
    now,
    guardians,
  };
  const activities = {
    ...createChangeSteps(ports),
    ...createGuardianSteps({
      ...ports,
      guardianRecord: createGuardianRecordSteps({ database, now }),
      samples: createSampleStore(database),
      offers: () => inventory.offers(),
      datacentres: () => inventory.candidateDatacentres(),
      requests,
      changeReader: createChangeReader({ database, engine }),
      messenger,
    }),
    ...createContractWatchSteps({
      contractWatch: createContractWatch({ database, warningDays: 30 }),
      now,
    }),
  };
  const telemetry = await startTelemetry({ serviceName: 'ctc-test' });
  const worker = await createWorker({
    connection: environment.nativeConnection,
    namespace: environment.namespace ?? 'default',
    taskQueue,
    workflowBundle: await loadWorkflowBundle({ cacheDirectory: join(toolsDirectory, 'bundles') }),
    activities: around(activities, {
      // Their clock is the server's, which skips time.
      before: async () => {
        serverTimeMs = await environment.currentTimeMs();
      },
      after: settled,
    }),
    telemetry,
  });
  const running = worker.run();

  const applications = createApplicationRegister({ database, now });
  const started: string[] = [];
  const guardianMessenger = createGuardianMessenger(client);
  let dispatcher: OutboxDispatcher | undefined;

  const harness: WorkflowHarness = {
    environment,
    database,
    databaseUrl: options.databaseUrl,
    datacentres,
    metrics,
    nowMs: () => environment.currentTimeMs(),
    sleep: (ms) => letTimePass(environment, database, ms),

    async registerApplication(changed = {}) {
      const name = `shop-${randomUUID().slice(0, 8)}`;
      const shop = join(root, 'examples', 'applications', 'shop');
      const definition = readYamlFile(join(shop, 'application.yaml')) as object;
      // The probes of the fake take no time, so a few are enough.
      await applications.put(
        applicationDefinitionSchema.parse({
          ...definition,
          verification: { path: '/', samples: 5, intervalMs: 10, timeoutMs: 1000 },
          ...changed,
          name,
        }),
        'ana',
        undefined,
      );
      const release = readYamlFile(join(shop, 'release-1.0.0.yaml')) as object;
      for (const version of ['1.0.0', '2.0.0']) {
        const parsed = releaseDefinitionSchema.parse({ ...release, application: name, version });
        await applications.addRelease(parsed, canonicalHash(parsed), 'ana');
      }
      return name;
    },

    async windowIn({ opensInMs, lengthMs, latestStartInMs, more }) {
      serverTimeMs = await environment.currentTimeMs();
      const secondMs = (inMs: number): number => Math.ceil((serverTimeMs + inMs) / 1000) * 1000;
      const single = windowRequestOf(
        {
          opensAtMs: secondMs(opensInMs),
          closesAtMs: secondMs(opensInMs + lengthMs),
          ...(latestStartInMs === undefined ? {} : { latestStartAtMs: secondMs(latestStartInMs) }),
        },
        'Europe/Madrid',
      );
      const asked = { ...single, ...more };
      const datacentres = await inventory.datacentres(['mad', 'bcn', 'par']);
      const resolved = resolveChangeWindow(asked, { afterMs: serverTimeMs, datacentres });
      return { asked, resolved };
    },

    async request(body, window = { opensInMs: 0, lengthMs: hourMs }) {
      const { asked, resolved } = await harness.windowIn(window);
      const request = changeRequestSchema.parse({
        title: 'A change of the workflow tests',
        reason: 'to see how it goes',
        department: 'web-platform',
        window: asked,
        ...body,
      });
      const { id } = await requests.request({
        requester: 'ana',
        requestKey: randomUUID(),
        requestHash: canonicalHash(request),
        request,
        window: resolved,
      });
      started.push(id);
      await client.workflow.start('changeWorkflow', {
        workflowId: changeWorkflowId(id),
        taskQueue,
        args: [{ changeId: id }],
      });
      return id;
    },

    requestRelease: (application, release, { window, body } = {}) =>
      harness.request(
        {
          kind: 'release',
          application,
          release,
          datacentres: ['mad', 'bcn', 'par'],
          ...body,
        },
        window,
      ),

    send: (id, update, message) => messenger.send(id, update, message, randomUUID()),

    async approve(id, by = 'olga') {
      const { planHash } = await harness.untilState(id, 'awaiting-approval');
      const decision = {
        by,
        reason: 'as planned',
        decision: 'approved',
        planHash: planHash ?? '',
      } as const;
      return harness.send(id, 'decide', decision);
    },

    started: () => started,

    async change(id) {
      const row = await database('change').where({ id }).first<{
        state: ChangeState;
        revision: number;
        plan_hash: string | null;
        attempt: number;
        waiting_for: ChangeRow['waitingFor'];
      }>();
      return {
        state: row.state,
        revision: row.revision,
        planHash: row.plan_hash,
        attempt: row.attempt,
        waitingFor: row.waiting_for,
      };
    },

    log: (id) =>
      database('change_log')
        .where({ change_id: id })
        .orderBy('id')
        .select<LogRow[]>(
          'key',
          'at',
          'actor',
          'event',
          'from_state as from',
          'to_state as to',
          'message',
        ),

    async until(id, reached, what) {
      const deadline = performance.now() + patienceMs;
      for (;;) {
        const change = await harness.change(id);
        if (reached(change)) return change;
        if (performance.now() > deadline) {
          const log = await harness.log(id);
          throw new Error(
            `Waited in vain for ${what}; it is ${change.state}:\n${log.map(({ event, message }) => `${event}: ${message}`).join('\n')}`,
          );
        }
        await harness.sleep(200);
      }
    },

    untilState: (id, ...states) =>
      harness.until(id, ({ state }) => states.includes(state), states.join(' or ')),

    taskQueue,
    evacuation,
    dispatchOutbox() {
      const outbox = createOutbox(database);
      dispatcher ??= startOutboxDispatcher({ outbox, client, taskQueue, logger: silentLogger });
    },
    sendToGuardian: (application, update, message) =>
      guardianMessenger.send(application, update, message, randomUUID()),

    async stop() {
      await dispatcher?.stop();
      worker.shutdown();
      await running;
      await Promise.all([
        engine.close(),
        optimus.close(),
        database.destroy(),
        telemetry.shutdown(),
      ]);
    },
  };
  return harness;
}

/** Keeps the SDK's own output out of the tests'; to be called before anything of Temporal's starts. */
export function silenceTemporal(): void {
  const ignore = (): void => undefined;
  Runtime.install({
    logger: {
      log: ignore,
      trace: ignore,
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: ignore,
    },
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
    shutdownSignals: [],
  });
}

async function preparePeopleAndInventory(database: Knex): Promise<void> {
  const principals = createPrincipalRegister(database);
  for (const [id, roles] of Object.entries(people)) {
    await principals.add({ id, name: id, email: `${id}@example.com`, roles }, 'test');
  }
  const parts = inventoryKinds.map((kind) => ({
    kind,
    format: 'csv' as const,
    stream: createReadStream(join(root, 'examples', 'inventory', `${kind}.csv`)),
  }));
  const report = await createInventoryImporter(database).import(inOrder(parts), {
    importedBy: 'marta',
  });
  if (!report.imported) throw new Error(JSON.stringify(report.badLines));
}

// eslint-disable-next-line @typescript-eslint/require-await -- the importer takes parts as they arrive
async function* inOrder<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

function around<T extends object>(
  steps: T,
  { before, after }: Readonly<Record<'before' | 'after', () => Promise<void>>>,
): T {
  return Object.fromEntries(
    Object.entries(steps).map(([name, step]) => [
      name,
      async (...args: unknown[]) => {
        await before();
        try {
          return await (step as (...args: unknown[]) => Promise<unknown>)(...args);
        } finally {
          await after();
        }
      },
    ]),
  ) as T;
}
