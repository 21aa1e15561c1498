import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Knex } from 'knex';
import { setTimeout as delay } from 'node:timers/promises';
import { changeWorkflowId } from '../../adapters/temporal/change-messenger.ts';
import { guardianWorkflowId } from '../../adapters/temporal/guardian-messenger.ts';

/** Looked at so often whether the clock moves. */
const everyMs = 2_000;

/**
 * Lets time pass on a server that skips it. That server stops its clock while an activity is under way, and keeps it
 * stopped for good when a cancellation meets an activity that was not begun yet: where time passes no faster than
 * ours although nothing is under way, the clock is let go again.
 */
export async function letTimePass(
  environment: TestWorkflowEnvironment,
  database: Knex,
  ms: number,
): Promise<void> {
  const passed = environment.sleep(ms).then(() => true);
  for (let stopped = 0; ;) {
    const before = await environment.currentTimeMs();
    if (await Promise.race([passed, delay(everyMs, false)])) return;
    const moved = (await environment.currentTimeMs()) - before;
    const isStopped = moved < 2 * everyMs && !(await isAnythingUnderWay(environment, database));
    stopped = isStopped ? stopped + 1 : 0;
    // Once may be between two activities.
    if (stopped < 2) continue;
    await release(environment);
    stopped = 0;
  }
}

async function isAnythingUnderWay(
  { client }: TestWorkflowEnvironment,
  database: Knex,
): Promise<boolean> {
  const [changes, guardians] = await Promise.all([
    database('change').pluck<string[]>('id'),
    database('guardian').pluck<string[]>('application'),
  ]);
  const ids = [...changes.map(changeWorkflowId), ...guardians.map(guardianWorkflowId)];
  const pending = await Promise.all(
    ids.map(async (id) => {
      // One that was not started, or has another name, has nothing under way that we know of.
      const described = await client.workflow
        .getHandle(id)
        .describe()
        .catch(() => undefined);
      return described?.raw.pendingActivities?.length ?? 0;
    }),
  );
  return pending.some((count) => count > 0);
}

async function release({ connection }: TestWorkflowEnvironment): Promise<void> {
  const { testService } = connection as unknown as {
    readonly testService: { unlockTimeSkipping(request: object): Promise<unknown> };
  };
  await testService.unlockTimeSkipping({});
}
