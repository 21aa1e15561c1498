import { Worker, type ReplayWorkerOptions } from '@temporalio/worker';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { toolsDirectory } from '../platform/embedded/tools-directory.ts';
import { startTelemetry } from '../platform/telemetry.ts';
import { historyOfJson } from '../test/support/history-json.ts';
import { silenceTemporal } from '../test/support/workflow-harness.ts';
import { observed } from '../worker/create-worker.ts';
import { loadWorkflowBundle } from '../worker/workflow-bundle.ts';

const recorded = join(import.meta.dirname, '..', 'test', 'histories');
const names = readdirSync(recorded)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length));

interface RecordedHistory {
  readonly events: {
    eventType: string;
    activityTaskScheduledEventAttributes?: { activityType: { name: string } };
  }[];
}
const readHistory = (name: string): RecordedHistory =>
  JSON.parse(readFileSync(join(recorded, `${name}.json`), 'utf8')) as RecordedHistory;

let options: ReplayWorkerOptions;
beforeAll(async () => {
  silenceTemporal();
  options = {
    workflowBundle: await loadWorkflowBundle({ cacheDirectory: join(toolsDirectory, 'bundles') }),
    ...observed(await startTelemetry({ serviceName: 'ctc-replay' })),
  };
});

/** What the workflows of today say to a history of before; undefined when they can follow it. */
async function replay(name: string, history: RecordedHistory): Promise<Error | undefined> {
  const histories = [{ workflowId: name, history: historyOfJson(history) }];
  for await (const { error } of Worker.runReplayHistories(options, histories)) return error;
  throw new Error(`${name} was not replayed`);
}

describe('changes that run while CTC is updated', () => {
  it('have left histories of every kind of ending', () => {
    expect(names.sort()).toEqual([
      'change-completed',
      'change-expired',
      'change-manual',
      'change-moved-window',
      'change-redeployed',
      'change-rolled-back',
      'change-runbook',
      'deployment-applied',
      'deployment-failed',
      'deployment-restored',
    ]);
  });

  it.each(names)('go on by the present workflows: %s', async (name) => {
    expect(await replay(name, readHistory(name))).toBeUndefined();
  });

  it('would be noticed not to go on: a history of another order fails', async () => {
    const history = readHistory('change-completed');
    const steps = history.events.flatMap(
      ({ activityTaskScheduledEventAttributes: step }) => step ?? [],
    );
    const [first, second] = steps;
    expect(first?.activityType.name).not.toBe(second?.activityType.name);
    if (first === undefined || second === undefined) return;
    [first.activityType, second.activityType] = [second.activityType, first.activityType];
    expect(await replay('another-order', history)).toMatchObject({
      name: 'DeterminismViolationError',
    });
  });
});
