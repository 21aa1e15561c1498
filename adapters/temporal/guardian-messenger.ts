import type { Client } from '@temporalio/client';
import {
  guardianMessages,
  type GuardianAcknowledgement,
  type GuardianMessenger,
} from '../../domain/guardian/messages.ts';
import { explainUpdate } from './change-messenger.ts';

const answerWithinMs = 15_000;

/** The workflow that watches an application. */
export function guardianWorkflowId(application: string): string {
  return `guardian/${application}`;
}

/** Sends what people decide to guardians as updates: answered by the workflow, refused by its validators. */
export function createGuardianMessenger(client: Client): GuardianMessenger {
  return {
    async send(application, update, message, key) {
      const handle = client.workflow.getHandle(guardianWorkflowId(application));
      try {
        return await client.withDeadline(Date.now() + answerWithinMs, () =>
          handle.executeUpdate<GuardianAcknowledgement, [unknown]>(guardianMessages[update], {
            args: [message],
            updateId: key,
          }),
        );
      } catch (error) {
        throw explainUpdate(error, {
          message: `Nobody guards ${application}: nothing of it was verified, or its policy's mode is "off".`,
          remedy: 'Set guardian.mode in its definition: ctc application apply -f application.yaml',
        });
      }
    },
  };
}
