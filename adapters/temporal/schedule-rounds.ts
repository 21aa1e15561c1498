import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';

/** Rounds that workers make by themselves, again and again. */
export const rounds = {
  contractWatch: { scheduleId: 'contract-watch', workflowType: 'contractWatchWorkflow' },
  driftWatch: { scheduleId: 'drift-watch', workflowType: 'driftWatchWorkflow' },
} as const;
export type Round = (typeof rounds)[keyof typeof rounds];

const answerWithinMs = 10_000;

/**
 * Has a round made every `everyMinutes`, and once at the beginning. The schedule is Temporal's: it outlives every
 * worker, and however many of them ask for it, there is one.
 */
export async function scheduleRounds(
  client: Client,
  round: Round,
  given: { readonly taskQueue: string; readonly everyMinutes: number },
): Promise<void> {
  await client.withDeadline(Date.now() + answerWithinMs, () =>
    ensureSchedule(client, round, given),
  );
}

async function ensureSchedule(
  client: Client,
  { scheduleId, workflowType }: Round,
  { taskQueue, everyMinutes }: Parameters<typeof scheduleRounds>[2],
): Promise<void> {
  const everyMs = everyMinutes * 60_000;
  const spec = { intervals: [{ every: everyMs }] };
  try {
    await client.schedule.create({
      scheduleId,
      spec,
      action: { type: 'startWorkflow', workflowType, workflowId: scheduleId, taskQueue, args: [] },
      // A round that was missed is made up for by the next one.
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
      state: { triggerImmediately: true },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const handle = client.schedule.getHandle(scheduleId);
    const known = await handle.describe();
    if (known.spec.intervals?.[0]?.every === everyMs) return;
    // The configuration is another than when it was made.
    await handle.update((before) => ({ ...before, spec }));
  }
}
