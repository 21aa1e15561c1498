import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';

interface Nothing {
  nothing(): Promise<void>;
}

const remote = proxyActivities<Nothing>({ startToCloseTimeout: '1 minute' });
const local = proxyLocalActivities<Nothing>({ startToCloseTimeout: '1 minute' });

/** As many activities of each kind as a change takes, one after the other, and nothing else. */
export async function bareWorkflow(activities: {
  readonly local: number;
  readonly remote: number;
}): Promise<void> {
  for (let done = 0; done < activities.remote; done += 1) await remote.nothing();
  for (let done = 0; done < activities.local; done += 1) await local.nothing();
}
