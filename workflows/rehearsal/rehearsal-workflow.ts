import { isCancellation } from '@temporalio/workflow';
import { rootMessage } from '../change/root-message.ts';
import { rehearsal } from '../steps.ts';

export interface RehearsalInput {
  readonly rehearsalId: string;
  readonly changeId: string;
}

/** Has a change rehearsed; however that ends, it is written down. */
export async function rehearsalWorkflow(input: RehearsalInput): Promise<void> {
  try {
    await rehearsal.rehearseChange(input);
  } catch (error) {
    if (isCancellation(error)) throw error;
    await rehearsal.failRehearsal({
      rehearsalId: input.rehearsalId,
      problem: rootMessage(error),
    });
  }
}
