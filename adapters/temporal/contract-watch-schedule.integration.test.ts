import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectToTemporal } from '../../test/support/temporal.ts';
import { contractWatchSchedule, scheduleContractWatch } from './contract-watch-schedule.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await connectToTemporal();
});
afterAll(async () => {
  await environment.client.schedule.getHandle(contractWatchSchedule).delete();
  await environment.teardown();
});

describe('the schedule of the contract watch', () => {
  it('is one, however many workers ask for it, and follows the configuration', async () => {
    const { client } = environment;
    const taskQueue = randomUUID();
    const ask = (everyMinutes: number) =>
      scheduleContractWatch(client, { taskQueue, everyMinutes });
    await Promise.all([ask(60), ask(60), ask(60)]);
    const describeIt = () => client.schedule.getHandle(contractWatchSchedule).describe();
    expect(await describeIt()).toMatchObject({
      spec: { intervals: [{ every: 3_600_000 }] },
      action: { workflowType: 'contractWatchWorkflow', taskQueue },
    });
    // Once at the beginning, and not again for whoever asks later.
    const rounds = async () => (await describeIt()).info.numActionsTaken;
    await expect.poll(rounds, { timeout: 10_000 }).toBe(1);
    await ask(5);
    expect((await describeIt()).spec.intervals).toMatchObject([{ every: 300_000 }]);
    expect(await rounds()).toBe(1);
  });
});
