/**
 * Records the histories that workflows/replay.integration.test.ts replays, from real runs on a
 * time-skipping server, into test/histories. Run it after a change of the workflows that running changes
 * cannot follow: `node tools/record-histories.ts`.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateDatabase } from '../migrations/migrate.ts';
import { searchPath } from '../platform/config.ts';
import { startPostgres } from '../platform/embedded/start-postgres.ts';
import { resolveTemporalBinary } from '../platform/embedded/temporal-binary.ts';
import { toolsDirectory } from '../platform/embedded/tools-directory.ts';
import { temporalTestServer } from '../platform/install/temporal-programs.ts';
import { silentLogger } from '../platform/logging.ts';
import { historyToJson } from '../test/support/history-json.ts';
import {
  approvalExpiryMs,
  createWorkflowHarness,
  dayMs,
  hourMs,
  silenceTemporal,
  type WorkflowHarness,
} from '../test/support/workflow-harness.ts';

const target = join(import.meta.dirname, '..', 'test', 'histories');
const mostBytes = 300_000;

/** Runs one change and answers with the ids of the workflows to keep, by file name. */
type Story = (harness: WorkflowHarness) => Promise<Record<string, string>>;
const stories: readonly Story[] = [
  async (harness) => {
    const application = await harness.registerApplication();
    const id = await harness.requestRelease(application, '1.0.0');
    await harness.approve(id);
    await harness.untilState(id, 'completed');
    await harness.send(id, 'startReview', { by: 'marta', reason: 'it is due' });
    await harness.send(id, 'close', { by: 'marta', reason: 'all well', lessons: 'none' });
    return {
      'change-completed': `change/${id}`,
      'deployment-applied': `change/${id}/1/mad`,
    };
  },
  async (harness) => {
    const application = await harness.registerApplication();
    harness.datacentres.let({ component: 'web', datacentre: 'mad' }, { durationMs: 400 });
    const id = await harness.requestRelease(application, '1.0.0');
    await harness.approve(id);
    await harness.untilState(id, 'completed');
    return { 'change-redeployed': `change/${id}` };
  },
  async (harness) => {
    const application = await harness.registerApplication();
    harness.datacentres.let({ component: 'api' }, { state: 'failed' });
    const id = await harness.requestRelease(application, '1.0.0');
    await harness.approve(id);
    const { attempt } = await harness.untilState(id, 'rolled-back');
    return {
      'change-rolled-back': `change/${id}`,
      'deployment-failed': `change/${id}/1/mad`,
      'deployment-restored': `change/${id}/${attempt}/mad`,
    };
  },
  async (harness) => {
    const application = await harness.registerApplication();
    const window = { opensInMs: 3 * dayMs, lengthMs: hourMs };
    const id = await harness.requestRelease(application, '1.0.0', { window });
    await harness.approve(id);
    const moved = await harness.windowIn({ opensInMs: 5 * dayMs, lengthMs: hourMs });
    const { opensAt, closesAt } = moved.resolved;
    await harness.send(id, 'moveWindow', {
      by: 'ana',
      reason: 'later suits better',
      revision: 2,
      window: { request: moved, opensAt, closesAt },
    });
    await harness.approve(id);
    await harness.sleep(5 * dayMs);
    await harness.untilState(id, 'completed');
    return { 'change-moved-window': `change/${id}` };
  },
  async (harness) => {
    const application = await harness.registerApplication();
    const window = { opensInMs: 20 * dayMs, lengthMs: hourMs };
    const id = await harness.requestRelease(application, '1.0.0', { window });
    await harness.untilState(id, 'awaiting-approval');
    await harness.sleep(approvalExpiryMs + 1000);
    await harness.untilState(id, 'expired');
    return { 'change-expired': `change/${id}` };
  },
  async (harness) => {
    const id = await harness.request({
      kind: 'infrastructure',
      datacentres: ['mad'],
      steps: ['Replace the switch'],
      rollbackSteps: ['Put the old one back'],
    });
    await harness.approve(id);
    await harness.untilState(id, 'implementing');
    await harness.send(id, 'report', { by: 'olga', reason: 'done', result: 'implemented' });
    return { 'change-manual': `change/${id}` };
  },
  async (harness) => {
    const step = (id: string) => ({ id, title: `To ${id}`, expectedMinutes: 10 });
    const runbook = { steps: [step('drain'), step('swap')], rollback: [step('put-back')] };
    const id = await harness.request({ kind: 'infrastructure', datacentres: ['mad'], runbook });
    await harness.approve(id);
    await harness.untilState(id, 'implementing');
    const by = { by: 'olga', reason: 'as planned', mayImplement: true, mayCoordinate: true };
    const done = async (one: string, result: 'done' | 'failed'): Promise<void> => {
      await harness.send(id, 'startStep', { ...by, step: one });
      await harness.send(id, 'endStep', { ...by, step: one, result });
    };
    await done('drain', 'done');
    await harness.sleep(45 * 60_000);
    await harness.send(id, 'decideOnRunbook', { ...by, decision: 'go-on' });
    await done('swap', 'failed');
    await done('put-back', 'done');
    return { 'change-runbook': `change/${id}` };
  },
  async (harness) => {
    const application = await guardedApplication(harness, 'act');
    await untilResolved(harness, application);
    const said = { by: 'olga', reason: 'to see how it goes' };
    await harness.sendToGuardian(application, 'pause', said);
    await harness.sleep(hourMs);
    await harness.sendToGuardian(application, 'resume', said);
    await harness.sleep(5 * 60_000);
    return { 'guardian-redeployed': `guardian/${application}` };
  },
  async (harness) => {
    const application = await guardedApplication(harness, 'propose');
    const proposal = await until(harness, async () =>
      harness
        .database('guardian_decision')
        .where({ application, needs_approval: true })
        .first<{ id: string } | undefined>('id'),
    );
    // Until it says that it waits, it takes no answer.
    await harness.sleep(5 * 60_000);
    const answer = { by: 'olga', reason: 'as proposed', decision: proposal.id };
    await harness.sendToGuardian(application, 'approve', answer);
    await untilResolved(harness, application);
    return { 'guardian-approved': `guardian/${application}` };
  },
];

/** An application that is guarded, and fails for its users in one of its datacentres. */
async function guardedApplication(harness: WorkflowHarness, mode: string): Promise<string> {
  const application = await harness.registerApplication({
    guardian: { mode, measurementsPerPeriod: 1, samplesPerMeasurement: 20 },
  });
  const id = await harness.requestRelease(application, '1.0.0', { body: { class: 'standard' } });
  await harness.approve(id);
  await harness.untilState(id, 'closed');
  harness.datacentres.let({ component: 'web', datacentre: 'mad' }, { state: 'failed' });
  harness.dispatchOutbox();
  return application;
}

const untilResolved = (harness: WorkflowHarness, application: string): Promise<unknown> =>
  until(harness, () =>
    harness
      .database('incident')
      .where({ application, state: 'resolved' })
      .first<object | undefined>('id'),
  );

async function until<T>(harness: WorkflowHarness, look: () => Promise<T | undefined>): Promise<T> {
  for (let looks = 0; looks < 500; looks += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await harness.sleep(10_000);
  }
  throw new Error('What is to be recorded never came about.');
}

async function record(story: Story): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'ctc-histories-'));
  const postgres = await startPostgres({ directory, durable: false });
  try {
    await migrateDatabase(postgres.url);
    const environment = await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path } },
    });
    const harness = await createWorkflowHarness({ environment, databaseUrl: postgres.url });
    try {
      for (const [name, workflowId] of Object.entries(await story(harness))) {
        const handle = environment.client.workflow.getHandle(workflowId);
        const json = historyToJson(await handle.fetchHistory());
        if (json.length > mostBytes) throw new Error(`${name} has ${json.length} bytes`);
        await writeFile(join(target, `${name}.json`), json);
        console.log(`${name}.json ${json.length} bytes`);
      }
    } finally {
      await harness.stop();
      await environment.teardown();
    }
  } finally {
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

silenceTemporal();
const path = await resolveTemporalBinary({
  program: temporalTestServer,
  dataDirectory: toolsDirectory,
  searchPath: searchPath(),
  logger: silentLogger,
});
await mkdir(target, { recursive: true });
for (const story of stories) await record(story);
