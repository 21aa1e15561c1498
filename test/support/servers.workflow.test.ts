import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createTimeSkippingEnvironment } from './temporal.ts';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await createTimeSkippingEnvironment();
});
afterAll(async () => {
  await environment.teardown();
});

describe('the time-skipping server', () => {
  it('is thirty days further after a sleep of thirty days', async () => {
    const before = await environment.currentTimeMs();
    await environment.sleep('30 days');
    const passedMs = (await environment.currentTimeMs()) - before;
    expect(passedMs).toBeGreaterThanOrEqual(30 * 86_400_000);
  });
});
