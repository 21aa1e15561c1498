import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';

export const contractWatchSchedule = 'contract-watch';
const answerWithinMs = 10_000;

/**
 * Has contracts looked at every `everyMinutes`, and once at the beginning. The schedule is Temporal's: it outlives
 * every worker, and however many of them ask for it, there is one.
 */
export async function scheduleContractWatch(
  client: Client,
  given: { readonly taskQueue: string; readonly everyMinutes: number },
): Promise<void> {
  await client.withDeadline(Date.now() + answerWithinMs, () => ensureSchedule(client, given));
}

async function ensureSchedule(
  client: Client,
  { taskQueue, everyMinutes }: Parameters<typeof scheduleContractWatch>[1],
): Promise<void> {
  const scheduleId = contractWatchSchedule;
  const everyMs = everyMinutes * 60_000;
  const spec = { intervals: [{ every: everyMs }] };
  try {
    await client.schedule.create({
      scheduleId,
      spec,
      action: {
        type: 'startWorkflow',
        workflowType: 'contractWatchWorkflow',
        workflowId: 'contract-watch',
        taskQueue,
        args: [],
      },
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
