import {
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import {
  changeMessages,
  type Acknowledgement,
  type ChangeMessenger,
} from '../../domain/change/messages.ts';
import { DomainError } from '../../domain/errors.ts';

const answerWithinMs = 15_000;

/** The workflow of a change. */
export function changeWorkflowId(changeId: string): string {
  return `change/${changeId}`;
}

/** Sends decisions as updates: answered by the workflow, refused by its validators. */
export function createChangeMessenger(client: Client): ChangeMessenger {
  return {
    async send(changeId, update, message, key) {
      const handle = client.workflow.getHandle(changeWorkflowId(changeId));
      try {
        return await client.withDeadline(Date.now() + answerWithinMs, () =>
          handle.executeUpdate<Acknowledgement, [unknown]>(changeMessages[update], {
            args: [message],
            updateId: key,
          }),
        );
      } catch (error) {
        throw explainUpdate(error, {
          message: 'The change’s workflow does not run: it has ended, or it has not started yet.',
          remedy: 'Look at its state; if it is still "requested", try again in a moment.',
        });
      }
    },
  };
}

/** What a failed update means to its sender; `ended` says what it means that there is no such workflow. */
export function explainUpdate(
  error: unknown,
  ended: { readonly message: string; readonly remedy: string },
): unknown {
  if (error instanceof WorkflowUpdateFailedError) return refusalOf(error) ?? error;
  if (error instanceof WorkflowNotFoundError) {
    return new DomainError('conflict', ended.message, {
      code: 'workflow-not-running',
      remedy: ended.remedy,
      cause: error,
    });
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isGrpcServiceError(error)) {
    return new DomainError('unavailable', 'The workflow engine did not answer in time.', {
      code: 'workflow-engine-unavailable',
      remedy: 'Send it again with the same Idempotency-Key: it happens once.',
      cause: error,
    });
  }
  return error;
}

/** The words of whoever refused: a validator, or the step that the update's handler took. */
function refusalOf(error: WorkflowUpdateFailedError): DomainError | undefined {
  let cause: unknown = error.cause;
  while (cause instanceof Error && !(cause instanceof ApplicationFailure)) cause = cause.cause;
  if (!(cause instanceof ApplicationFailure)) return undefined;
  const [details] = (cause.details ?? []) as { code?: string }[];
  const kind = cause.type === 'refused' || cause.type === 'conflict' ? cause.type : 'conflict';
  return new DomainError(kind, cause.message, { code: details?.code ?? 'refused', cause: error });
}
