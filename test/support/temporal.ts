import { TestWorkflowEnvironment } from '@temporalio/testing';
import { inject } from 'vitest';

/**
 * A server that skips time while a result is awaited: a 30-day timer takes none. For `.workflow.test.ts`.
 * One per file; its clock is global, so its workflows run one after the other. It has no lists and no
 * schedules. Call `teardown()` in `afterAll`.
 */
export async function createTimeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const executable = { type: 'existing-path', path: inject('timeSkippingServer') } as const;
  return TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
}

/** host:port of the run's real Temporal server, for `.integration.test.ts` and `.e2e.test.ts`. */
export function temporalAddress(): string {
  return inject('temporalAddress');
}

/** Connections to the run's real Temporal server; use a task queue of your own. Call `teardown()` at the end. */
export async function connectToTemporal(): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createFromExistingServer({ address: temporalAddress() });
}
