import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { transitionFor } from '../../domain/change/life-cycle.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';
import { createTimeSkippingEnvironment } from './temporal.ts';
import {
  createWorkflowHarness,
  silenceTemporal,
  type WorkflowHarness,
} from './workflow-harness.ts';

/**
 * The harness for the tests of one `.workflow.test.ts`, each with a database and a time-skipping server of its
 * own: whatever it leaves under way ends with them. After each the log of every change must tell a path of the
 * life cycle.
 */
export function useWorkflowHarness(): WorkflowHarness {
  let harness: WorkflowHarness | undefined;
  let testDatabase: TestDatabase | undefined;
  let environment: TestWorkflowEnvironment | undefined;
  beforeAll(silenceTemporal);
  beforeEach(async () => {
    [testDatabase, environment] = await Promise.all([
      createTestDatabase(),
      createTimeSkippingEnvironment(),
    ]);
    harness = await createWorkflowHarness({ environment, databaseUrl: testDatabase.url });
  });
  afterEach(async () => {
    try {
      if (harness === undefined) return;
      for (const id of harness.started()) await expectPathOfLifeCycle(harness, id);
    } finally {
      await harness?.stop();
      await environment?.teardown();
      await testDatabase?.drop();
      harness = undefined;
    }
  });
  return new Proxy({} as WorkflowHarness, {
    get: (_, name) => Reflect.get(harness ?? {}, name) as unknown,
  });
}

async function expectPathOfLifeCycle(harness: WorkflowHarness, id: string): Promise<void> {
  const [first, ...steps] = (await harness.log(id)).filter(({ to }) => to !== null);
  expect(first).toMatchObject({ event: 'request', from: null, to: 'requested' });
  let state = first?.to;
  for (const { event, from, to } of steps) {
    expect(from, event).toBe(state);
    expect(
      transitionFor(from ?? 'requested', event as never, to ?? 'requested'),
      event,
    ).toBeDefined();
    state = to;
  }
  expect((await harness.change(id)).state).toBe(state);
}
