import { WorkflowFailedError, WorkflowIdConflictPolicy, type Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { DriftReport } from '../../domain/deployment/comparison.ts';
import { DomainError, type ErrorKind } from '../../domain/errors.ts';

const answerWithinMs = 60_000;

/** Has a worker look at what runs of an application, and waits for its report. */
export type DriftChecker = (application: string) => Promise<DriftReport>;

type DriftCheck = (input: { readonly application: string }) => Promise<DriftReport>;

/** Two that ask at once get the answer to one check. */
export function createDriftChecker(client: Client, taskQueue: string): DriftChecker {
  return async (application) => {
    try {
      return await client.withDeadline(Date.now() + answerWithinMs, () =>
        client.workflow.execute<DriftCheck>('driftCheckWorkflow', {
          workflowId: `drift/${application}`,
          taskQueue,
          args: [{ application }],
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
          workflowExecutionTimeout: 5 * answerWithinMs,
        }),
      );
    } catch (error) {
      throw explain(error);
    }
  };
}

function explain(error: unknown): unknown {
  if (error instanceof WorkflowFailedError) {
    let cause: unknown = error.cause;
    while (cause instanceof Error && !(cause instanceof ApplicationFailure)) cause = cause.cause;
    if (!(cause instanceof ApplicationFailure)) return error;
    const [details] = (cause.details ?? []) as { code?: string; remedy?: string }[];
    const kinds: readonly string[] = ['not-found', 'conflict', 'invalid', 'unavailable'];
    const kind = kinds.includes(cause.type ?? '') ? (cause.type as ErrorKind) : 'unavailable';
    return new DomainError(kind, cause.message, {
      code: details?.code ?? 'drift-check-failed',
      ...(details?.remedy === undefined ? {} : { remedy: details.remedy }),
      cause: error,
    });
  }
  return new DomainError('unavailable', 'The datacentres were not looked at in time.', {
    code: 'workflow-engine-unavailable',
    remedy: 'Try again; GET …/drift shows the last report that there is.',
    cause: error,
  });
}
