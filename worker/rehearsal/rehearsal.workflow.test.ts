import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createInventoryReadModel } from '../../adapters/postgres/inventory-read-model.ts';
import { createEmbeddedOptimus } from '../../adapters/optimus/embedded-optimus.ts';
import { createChangeRegister } from '../../adapters/postgres/change-register.ts';
import { createDatabase } from '../../adapters/postgres/database.ts';
import { createRehearsalReader } from '../../adapters/postgres/rehearsal-reader.ts';
import { createRolloutRegister } from '../../adapters/postgres/rollout-register.ts';
import type { RehearsalReport, ScenarioRun } from '../../domain/rehearsal/report.ts';
import type { Scenario } from '../../domain/rehearsal/scenario.ts';
import { switchPair } from '../../domain/runbook/runbook.fixture.ts';
import { toolsDirectory } from '../../platform/embedded/tools-directory.ts';
import { startTelemetry } from '../../platform/telemetry.ts';
import { useWorkflowHarness } from '../../test/support/vitest-harness.ts';
import { approvalExpiryMs, hourMs, minuteMs } from '../../test/support/workflow-harness.ts';
import { loadWorkflowBundle } from '../workflow-bundle.ts';
import { rehearseChange } from './rehearse-change.ts';

const harness = useWorkflowHarness();
const optimus = createEmbeddedOptimus();
let workflowBundle: { readonly code: string };
beforeAll(async () => {
  workflowBundle = await loadWorkflowBundle({
    cacheDirectory: join(toolsDirectory, 'bundles'),
    flavour: 'rehearsal',
  });
});
afterAll(() => optimus.close());

const unasked = (): never => {
  throw new Error('not in a rehearsal');
};

/** As the worker's process for it does, on a session that cannot write. */
async function rehearse(
  changeId: string,
  ...scenarios: Scenario[]
): Promise<{ report: RehearsalReport; runs: Record<string, ScenarioRun> }> {
  const database = createDatabase({ url: harness.databaseUrl, readOnly: true });
  const telemetry = await startTelemetry({ serviceName: 'ctc-test' });
  try {
    const inventory = createInventoryReadModel(database);
    const report = await rehearseChange(
      {
        ports: {
          changes: createChangeRegister(database, { conflictsOf: unasked, crowdsIn: unasked }),
          rollouts: createRolloutRegister({ database, inventory }),
          reader: createRehearsalReader(database),
          inventory,
          optimus,
          approvalExpiryMs,
        },
        server: inject('timeSkippingServer'),
        workflowBundle,
        telemetry,
      },
      { changeId, scenarios },
    );
    const runs = Object.fromEntries(report.scenarios.map((run) => [run.scenario.kind, run]));
    return { report, runs };
  } finally {
    await database.destroy();
    await telemetry.shutdown();
  }
}

const opensInMs = 2 * hourMs;
const shopRelease = async (body: Record<string, unknown> = {}, lengthMs = hourMs) =>
  harness.requestRelease(await harness.registerApplication(), '1.0.0', {
    window: { opensInMs, lengthMs },
    body,
  });
const path = (run: ScenarioRun | undefined) =>
  (run?.timeline ?? []).flatMap(({ event, to }) => (to === null ? [] : [`${event} → ${to}`]));
const realPath = async (id: string) =>
  (await harness.log(id))
    .filter(({ from, to }) => from !== null && to !== null)
    .map(({ event, to }) => `${event} → ${to ?? ''}`);
const upToItsEnd = (steps: readonly string[]) =>
  steps.slice(0, steps.findIndex((step) => /→ (completed|rolled-back)$/.test(step)) + 1);

/** Every row of every table, as one fingerprint. */
async function everythingStored(): Promise<string> {
  const tables = await harness
    .database('pg_tables')
    .where({ schemaname: 'public' })
    .orderBy('tablename')
    .pluck<string[]>('tablename');
  const hash = createHash('sha256');
  for (const table of tables) {
    const { rows } = await harness.database.raw<{ rows: { all: string | null }[] }>(
      `select string_agg(t::text, '|' order by t::text) as all from ?? t`,
      [table],
    );
    hash.update(table).update(rows[0]?.all ?? '');
  }
  return hash.digest('hex');
}

describe('a rehearsal', () => {
  it('goes the way that the change then goes, and leaves nothing behind', async () => {
    const id = await shopRelease();
    await harness.untilState(id, 'awaiting-approval');
    const before = await everythingStored();
    const { report, runs } = await rehearse(id, { kind: 'as-expected' });
    expect(await everythingStored()).toBe(before);
    expect(harness.datacentres.effects).toEqual([]);
    const run = runs['as-expected'];
    expect(run).toMatchObject({ outcome: 'completed', ended: true });
    expect(report.findings).toEqual([]);
    expect(report.expected?.spareSeconds).toBeGreaterThan(0);

    await harness.approve(id);
    await harness.sleep(opensInMs);
    await harness.untilState(id, 'completed');
    expect(path(run)).toEqual(upToItsEnd(await realPath(id)));
    const told = await harness.database('alert').where({ change_id: id }).distinct('recipient');
    const reallyTold = told.map(({ recipient }: { recipient: string }) => recipient).sort();
    expect([...new Set(run?.timeline.flatMap((entry) => entry.told))].sort()).toEqual(reallyTold);
  });

  it('of a failing datacentre leads where the failure then leads', async () => {
    const id = await shopRelease();
    await harness.untilState(id, 'awaiting-approval');
    const { runs } = await rehearse(id, { kind: 'datacentre-fails', datacentre: 'mad' });
    const run = runs['datacentre-fails'];
    harness.datacentres.let({ datacentre: 'mad', release: '1.0.0' }, { state: 'failed' });
    await harness.approve(id);
    await harness.sleep(opensInMs);
    const state = await harness.until(
      id,
      ({ state: now }) => ['completed', 'rolled-back'].includes(now),
      'its end',
    );
    expect(run?.outcome).toBe(state.state);
    expect(path(run)).toEqual(upToItsEnd(await realPath(id)));
  });

  it('takes the time that earlier deployments took, and says what it took it from', async () => {
    const application = await harness.registerApplication();
    const first = await harness.requestRelease(application, '1.0.0');
    await harness.approve(first);
    await harness.untilState(first, 'completed');
    // As if it had taken that long.
    await harness.database('site_outcome').update({ took_ms: 4 * minuteMs });
    const id = await harness.requestRelease(application, '2.0.0', {
      window: { opensInMs: hourMs, lengthMs: hourMs },
    });
    await harness.untilState(id, 'awaiting-approval');
    const { report, runs } = await rehearse(
      id,
      { kind: 'as-expected' },
      { kind: 'operator-stops', datacentre: 'mad' },
    );
    const { seconds } = report.expected ?? {};
    // One datacentre after the other.
    const waves = 3;
    expect(seconds).toBeGreaterThanOrEqual(waves * 240);
    expect(seconds).toBeLessThan(waves * 240 + 120);
    expect(report.durations.find(({ of }) => of === 'datacentre mad')).toMatchObject({
      expectedMs: 4 * minuteMs,
      from: expect.stringContaining('of this application') as string,
    });
    expect(runs['operator-stops']).toMatchObject({ outcome: 'rolled-back' });
    expect(report.pointOfNoReturn?.because).toContain('rollback');
    const lateBy =
      Date.parse(report.window.closesAt) - Date.parse(report.pointOfNoReturn?.at ?? '');
    expect(lateBy).toBeGreaterThanOrEqual(4 * minuteMs);
  });

  it('finds a window that is too short before the night does', async () => {
    const id = await shopRelease({ strategy: { waveBudgetSeconds: 3_000 } }, 90 * minuteMs);
    await harness.untilState(id, 'awaiting-approval');
    await harness.database('site_outcome').delete();
    const { report } = await rehearse(
      id,
      { kind: 'as-expected' },
      { kind: 'optimus-down', minutes: 60 },
      { kind: 'approval-late', minutes: 30 * 24 * 60 },
    );
    const [asExpected, optimusDown, late] = report.scenarios;
    expect(asExpected?.outcome).toBe('completed');
    expect(optimusDown?.timeline.some(({ message }) => /window/.test(message))).toBe(true);
    expect(optimusDown?.outcome).toBe('rolled-back');
    expect(late).toMatchObject({ outcome: 'expired', beganAt: null });
    expect(late?.timeline.find(({ to }) => to === 'expired')?.told).toContain('ana');
  });

  it('restores by itself what comes back after its rollback', async () => {
    const id = await shopRelease();
    await harness.untilState(id, 'awaiting-approval');
    const { report, runs } = await rehearse(id, {
      kind: 'datacentre-unreachable',
      datacentre: 'par',
      minutes: 120,
    });
    const run = runs['datacentre-unreachable'];
    expect(run?.timeline.map(({ to }) => to)).toContain('rollback-incomplete');
    expect(run).toMatchObject({ outcome: 'rolled-back', ended: true });
    expect(report.findings).toEqual([expect.stringContaining('after its window')]);
    expect(report.worst?.spareSeconds).toBeLessThan(0);
  });

  it('of a requirement that is violated tries again, and rolls back', async () => {
    const id = await shopRelease();
    await harness.untilState(id, 'awaiting-approval');
    const { runs } = await rehearse(id, { kind: 'requirement-violated' });
    const run = runs['requirement-violated'];
    expect(run?.outcome).toBe('rolled-back');
    expect(path(run)).toContain('violate → deciding');
  });

  it('carries out a runbook step by step, and rolls back from a step that fails', async () => {
    const id = await harness.request(
      { kind: 'infrastructure', datacentres: ['mad'], runbook: switchPair },
      { opensInMs: hourMs, lengthMs: 2 * hourMs },
    );
    await harness.untilState(id, 'awaiting-approval');
    const { report } = await rehearse(
      id,
      { kind: 'as-expected' },
      { kind: 'slow' },
      { kind: 'step-fails', step: 'swap' },
      { kind: 'step-fails', step: 'erase' },
    );
    const [asExpected, slow, failing, behind] = report.scenarios;
    expect(asExpected?.outcome).toBe('completed');
    // 5 + 10 + 20 + 10 + 15 minutes.
    expect(report.expected?.seconds).toBeGreaterThanOrEqual(3600);
    expect(report.expected?.seconds).toBeLessThan(3700);
    expect(slow?.timeline.some(({ message }) => message.includes('takes longer'))).toBe(true);
    expect(failing?.outcome).toBe('rolled-back');
    // Behind the point of no return it is tried again.
    expect(behind?.outcome).toBe('completed');
    expect(report.pointOfNoReturn?.because).toContain('"erase"');
  });
});
