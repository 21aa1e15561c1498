import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import knex from 'knex';
import { answerOf, onceHeaders } from '../cli/client.ts';
import { startE2eSystem, until } from '../test/support/e2e-system.ts';
import { compare } from './measure.ts';

const changesARound = 40;
const rounds = 3;
const atOnce = 20;
/** What a manual standard change takes from its request to its end (counted in a recorded history). */
const activities = { remote: 1, local: 6 };

const silent = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/**
 * Changes carried from request to closed, beside a bare workflow with the same number of activities on the
 * same Temporal server: what conflicts, approvals, the record, alerts and HTTP cost on top of Temporal.
 */
export async function benchChanges(): Promise<void> {
  Runtime.install({
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  });
  const system = await startE2eSystem({ CTC_LOG_LEVEL: 'error' });
  const { people, stack } = system;
  const database = knex({ client: 'pg', connection: stack.databaseUrl });
  const address = stack.temporalAddress;
  const [connection, workerConnection, workflowBundle] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
    bundleWorkflowCode({
      workflowsPath: join(import.meta.dirname, 'bare', 'bare-workflows.ts'),
      logger: silent,
    }),
  ]);
  const client = new Client({ connection });
  const worker = await Worker.create({
    connection: workerConnection,
    taskQueue: 'bare',
    workflowBundle,
    activities: { nothing: () => Promise.resolve() },
  });

  let count = 0;
  const carryChange = async (): Promise<void> => {
    count += 1;
    const { ana, oscar } = people;
    const opensAt = new Date(Date.now() - 60_000).toISOString().slice(0, 19);
    const closesAt = new Date(Date.now() + 86_400_000).toISOString().slice(0, 19);
    const { label } = await answerOf(
      ana.api.POST('/changes', {
        params: { header: onceHeaders() },
        body: {
          kind: 'licensing',
          class: 'standard',
          title: `Renew licence ${count}`,
          reason: 'a benchmark',
          department: 'web-platform',
          window: { start: opensAt, end: closesAt, zone: 'UTC' },
          steps: ['renew it'],
          rollbackSteps: ['return it'],
        } as never,
      }),
    );
    const reach = (state: string): Promise<number> =>
      until(async () => {
        const row = await database('change')
          .where({ number: Number(label.slice(4)), state })
          .first<{ version: number } | undefined>('version');
        return row?.version;
      }, `${label} is ${state}`);
    const version = await reach('awaiting-approval');
    await answerOf(
      oscar.api.POST('/changes/{change}/decisions', {
        params: {
          path: { change: label },
          header: { ...onceHeaders(), 'if-match': `"v${version}"` },
        },
        body: { decision: 'approved', reason: 'a benchmark' },
      }),
    );
    await reach('implementing');
    await answerOf(
      oscar.api.POST('/changes/{change}/outcome', {
        params: { path: { change: label }, header: onceHeaders() },
        body: { result: 'implemented', reason: 'a benchmark' },
      }),
    );
    await reach('closed');
  };
  const runBare = (): Promise<unknown> =>
    client.workflow.execute('bareWorkflow', {
      taskQueue: 'bare',
      workflowId: randomUUID(),
      args: [activities],
    });
  const perMinute = async (carry: () => Promise<unknown>): Promise<number> => {
    const pending = Array.from({ length: changesARound });
    const startedMs = performance.now();
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (pending.pop() !== undefined || pending.length > 0) await carry();
      }),
    );
    return (changesARound * 60_000) / (performance.now() - startedMs);
  };

  try {
    await worker.runUntil(async () => {
      await perMinute(runBare); // Warms up both sides.
      await carryChange();
      await compare({
        unit: 'a minute',
        rounds,
        bare: {
          name: `bare workflows (${activities.local} local, ${activities.remote} other activities)`,
          rate: () => perMinute(runBare),
        },
        ours: {
          name: 'changes, from HTTP request over approval to closed',
          rate: () => perMinute(carryChange),
        },
      });
    });
  } finally {
    await workerConnection.close();
    await connection.close();
    await database.destroy();
    await system.stop();
  }
}
