import { Context } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { setTimeout as delay } from 'node:timers/promises';

/** What an activity has answered is with the server by then. */
const underWayMs = 50;
/** A message whose handler waits for an activity must not hold that one up for ever. */
const longestHoldMs = 5_000;
/** Every workflow answers it, and not before it has dealt with what was sent before. */
const anyQuery = '__temporal_workflow_metadata';

export interface MessagesFirst {
  /** For whatever is sent to workflows. */
  readonly client: Client;
  /** Resolves when no message is on its way to the workflow of the activity that awaits it. */
  readonly settled: () => Promise<void>;
}

/**
 * Lets no activity end while a message is on its way to its workflow. A message may cancel the activity; the
 * time-skipping server refuses that for good where the activity has ended since the workflow's task began
 * (ACTIVITY_UNKNOWN), and the workflow never goes on. The real server takes it.
 */
export function putMessagesFirst({
  connection,
  namespace,
}: TestWorkflowEnvironment): MessagesFirst {
  const onTheirWay = new Map<string, Set<Promise<unknown>>>();

  const during = async <T>(workflowId: string, send: () => Promise<T>): Promise<T> => {
    const sent = delay(underWayMs).then(send);
    const messages = onTheirWay.get(workflowId) ?? new Set();
    onTheirWay.set(workflowId, messages.add(sent));
    try {
      return await sent;
    } finally {
      messages.delete(sent);
    }
  };
  const dealtWith = async (workflowId: string): Promise<void> => {
    // One that has ended meanwhile has nothing left to cancel.
    await client.workflow
      .getHandle(workflowId)
      .query(anyQuery)
      .catch(() => undefined);
  };

  const client = new Client({
    connection,
    ...(namespace === undefined ? {} : { namespace }),
    interceptors: {
      workflow: [
        {
          startUpdate: (input, next) =>
            during(input.workflowExecution.workflowId, () => next(input)),
          signal: (input, next) => {
            const workflowId = input.workflowExecution.workflowId;
            return during(workflowId, async () => {
              await next(input);
              await dealtWith(workflowId);
            });
          },
          signalWithStart: (input, next) =>
            during(input.options.workflowId, async () => {
              const runId = await next(input);
              await dealtWith(input.options.workflowId);
              return runId;
            }),
        },
      ],
    },
  });

  return {
    client,
    async settled() {
      const { workflowExecution, isLocal } = Context.current().info;
      // The handler of the message itself may wait for a local one.
      if (isLocal || workflowExecution === undefined) return;
      const deadline = performance.now() + longestHoldMs;
      const messages = onTheirWay.get(workflowExecution.workflowId);
      while (messages !== undefined && messages.size > 0 && performance.now() < deadline) {
        await Promise.race([Promise.allSettled(messages), delay(underWayMs)]);
      }
    },
  };
}
