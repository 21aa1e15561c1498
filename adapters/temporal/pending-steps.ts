import { defaultPayloadConverter, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { PendingStep } from '../../domain/change/why.ts';
import { changeWorkflowId } from './change-messenger.ts';

const answerWithinMs = 2_000;
/** A wave in more datacentres than this is told of by its first ones. */
const childrenAtMost = 20;

type Description = Awaited<ReturnType<Client['workflowService']['describeWorkflowExecution']>>;
type PendingActivity = NonNullable<Description['pendingActivities']>[number];

/**
 * What the workflow engine has under way for a change and its deployments, with the failures it tries again
 * after. Null when it does not answer.
 */
export function createPendingSteps(
  client: Client,
): (changeId: string) => Promise<PendingStep[] | null> {
  const describe = (workflowId: string) => client.workflow.getHandle(workflowId).describe();

  return async (changeId) => {
    try {
      return await client.withDeadline(Date.now() + answerWithinMs, async () => {
        const { raw } = await describe(changeWorkflowId(changeId));
        const children = (raw.pendingChildren ?? []).slice(0, childrenAtMost);
        const below = await Promise.all(
          children.map(async ({ workflowId }) => {
            const child = await describe(workflowId ?? '');
            const [, , , datacentre = ''] = (workflowId ?? '').split('/');
            return (child.raw.pendingActivities ?? []).map(toStep(datacentre));
          }),
        );
        return [...(raw.pendingActivities ?? []).map(toStep()), ...below.flat()];
      });
    } catch (error) {
      // It has not begun, or is over: nothing is under way.
      return error instanceof WorkflowNotFoundError ? [] : null;
    }
  };
}

const toStep =
  (datacentre?: string) =>
  (activity: PendingActivity): PendingStep => {
    const { activityType, attempt, lastFailure, scheduledTime } = activity;
    const seen = seenIn(activity);
    const failure = rootMessage(lastFailure);
    const waits = Number(scheduledTime?.seconds ?? 0) * 1000;
    return {
      step: activityType?.name ?? 'unknown',
      tries: attempt ?? 1,
      ...(datacentre === undefined ? {} : { datacentre }),
      ...(failure === undefined ? {} : { failure }),
      ...(failure === undefined || waits <= Date.now()
        ? {}
        : { nextTryAt: new Date(waits).toISOString() }),
      ...(seen.length === 0 ? {} : { seen }),
    };
  };

/** The innermost cause: what the step itself said. */
function rootMessage(failure: PendingActivity['lastFailure']): string | undefined {
  let innermost = failure;
  while (innermost?.cause) innermost = innermost.cause;
  return innermost?.message ?? undefined;
}

/** A bake's heartbeat carries what it has counted. */
function seenIn({ activityType, heartbeatDetails }: PendingActivity): PendingStep['seen'] & {} {
  const payload = heartbeatDetails?.payloads?.[0];
  if (activityType?.name !== 'bakeSite' || payload === undefined) return [];
  const { entries, wanted = 0 } = defaultPayloadConverter.fromPayload<{
    readonly entries: Readonly<Record<string, { readonly total: number }>>;
    readonly wanted?: number;
  }>(payload);
  return Object.entries(entries).map(([entry, { total }]) => ({ entry, samples: total, wanted }));
}
