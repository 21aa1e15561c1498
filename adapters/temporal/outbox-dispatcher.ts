import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';
import type { Logger } from 'pino';
import { changeMessages } from '../../domain/change/messages.ts';
import type { Outbox, OutboxEntry } from '../../domain/change/outbox.ts';
import { guardianMessages, type Verified } from '../../domain/guardian/messages.ts';
import { changeWorkflowId } from './change-messenger.ts';
import { guardianWorkflowId } from './guardian-messenger.ts';

const pollMs = 1_000;
const batch = 50;

export interface OutboxDispatcher {
  /** Looks at the outbox now instead of at the next poll. */
  kick(): void;
  stop(): Promise<void>;
}

/**
 * Starts the workflow of every accepted request, and tells workflows what the inventory has changed and how the
 * line stands: at once when Temporal is there, later when it was away.
 * Several may run side by side; the workflow's id makes a second start harmless.
 */
export function startOutboxDispatcher(deps: {
  readonly outbox: Outbox;
  readonly client: Client;
  readonly taskQueue: string;
  readonly logger: Logger;
}): OutboxDispatcher {
  const { outbox, client, taskQueue, logger } = deps;
  let stopped = false;
  let kicked = false;
  let wake: () => void = () => {};

  const tell = async (workflowId: string, message: string, news: object): Promise<void> => {
    try {
      await client.withDeadline(Date.now() + 5_000, () =>
        client.workflow.getHandle(workflowId).signal(message, news),
      );
    } catch (error) {
      // It has ended meanwhile: nothing of it waits any more.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  };

  const startWorkflow = async ({ payload }: { payload: { changeId: string } }): Promise<void> => {
    try {
      await client.withDeadline(Date.now() + 5_000, () =>
        client.workflow.start('changeWorkflow', {
          workflowId: changeWorkflowId(payload.changeId),
          taskQueue,
          args: [{ changeId: payload.changeId }],
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
          workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        }),
      );
    } catch (error) {
      // It ran and has ended already: the start had arrived, only our note of it was lost.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  };

  const startRehearsal = async (changeId: string, rehearsalId: string): Promise<void> => {
    try {
      await client.withDeadline(Date.now() + 5_000, () =>
        client.workflow.start('rehearsalWorkflow', {
          workflowId: `rehearsal/${rehearsalId}`,
          taskQueue,
          args: [{ rehearsalId, changeId }],
          workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  };

  /** Wakes the guardian, or starts it: it reads what runs itself, so to be told twice does no harm. */
  const tellGuardian = async (application: string, verified: Verified): Promise<void> => {
    await client.withDeadline(Date.now() + 5_000, () =>
      client.workflow.signalWithStart('guardianWorkflow', {
        workflowId: guardianWorkflowId(application),
        taskQueue,
        args: [{ application }],
        signal: guardianMessages.verified,
        signalArgs: [verified],
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      }),
    );
  };

  const deliver = (entry: OutboxEntry): Promise<void> => {
    const { changeId, moved, stopped, lifted, guard, ended, rehearsal } = entry.payload;
    if (rehearsal !== undefined) return startRehearsal(changeId, rehearsal);
    if (guard !== undefined) return tellGuardian(guard.application, guard.verified);
    if (ended !== undefined) {
      const guardian = guardianWorkflowId(ended.application);
      return tell(guardian, guardianMessages.correctionEnded, ended.correction);
    }
    const change = changeWorkflowId(changeId);
    if (moved !== undefined) return tell(change, changeMessages.impactMoved, moved);
    if (stopped !== undefined) return tell(change, changeMessages.lineStopped, stopped);
    if (lifted !== undefined) return tell(change, changeMessages.lineResumed, lifted);
    return startWorkflow(entry);
  };

  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, pollMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const loop = (async () => {
    while (!stopped) {
      kicked = false;
      try {
        const handled = await outbox.dispatch(batch, deliver);
        if (handled === batch) continue;
      } catch (error) {
        logger.warn({ err: error }, 'the outbox could not be read; trying again');
      }
      // A kick that came while we were at work would otherwise wait for the poll.
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- set by kick() meanwhile
      if (!stopped && !kicked) await pause();
    }
  })();

  return {
    kick() {
      kicked = true;
      wake();
    },
    async stop() {
      stopped = true;
      wake();
      await loop;
    },
  };
}
