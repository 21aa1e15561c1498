import { sleep, type WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** What a rehearsed activity answers: its result, and how long the real one would have taken for it. */
export interface Rehearsed {
  readonly tookMs: number;
  readonly value: unknown;
}

/**
 * Part of the bundle that rehearsals run, and of no other: activities answer at once, and the workflow waits
 * for as long as the real ones would have taken, which the server skips.
 */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [],
  outbound: [
    {
      async scheduleActivity(input, next) {
        const { tookMs, value } = (await next(input)) as Rehearsed;
        if (tookMs > 0) await sleep(tookMs);
        return value;
      },
    },
  ],
});
