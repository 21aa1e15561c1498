import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectToTemporal } from '../../test/support/temporal.ts';
import { rounds, scheduleRounds } from './schedule-rounds.ts';

const all = Object.values(rounds);
let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await connectToTemporal();
});
afterAll(async () => {
  for (const { scheduleId } of all) {
    await environment.client.schedule.getHandle(scheduleId).delete();
  }
  await environment.teardown();
});

describe('the schedule of rounds', () => {
  it.each(all)(
    'is one of $scheduleId, however many workers ask, and follows the configuration',
    async (round) => {
      const { client } = environment;
      const taskQueue = randomUUID();
      const ask = (everyMinutes: number) =>
        scheduleRounds(client, round, { taskQueue, everyMinutes });
      await Promise.all([ask(60), ask(60), ask(60)]);
      const describeIt = () => client.schedule.getHandle(round.scheduleId).describe();
      expect(await describeIt()).toMatchObject({
        spec: { intervals: [{ every: 3_600_000 }] },
        action: { workflowType: round.workflowType, taskQueue },
      });
      // Once at the beginning, and not again for whoever asks later.
      const taken = async () => (await describeIt()).info.numActionsTaken;
      await expect.poll(taken, { timeout: 10_000 }).toBe(1);
      await ask(5);
      expect((await describeIt()).spec.intervals).toMatchObject([{ every: 300_000 }]);
      expect(await taken()).toBe(1);
    },
  );
});
