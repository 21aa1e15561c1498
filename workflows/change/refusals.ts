import { ApplicationFailure } from '@temporalio/workflow';
import type { ChangeState } from '../../domain/change/life-cycle.ts';
import type { Acknowledgement } from '../../domain/change/messages.ts';
import type { ChangeStory } from './change-state.ts';

/** Refuses a message for good, in words that the sender can act on. */
export function refuse(code: string, message: string): never {
  throw ApplicationFailure.create({
    message,
    type: 'refused',
    nonRetryable: true,
    details: [{ code }],
  });
}

/** Refuses a message that may be right in a moment: the same sent again may be taken. */
export function notYet(code: string, message: string): never {
  throw ApplicationFailure.create({
    message,
    type: 'conflict',
    nonRetryable: true,
    details: [{ code }],
  });
}

/** Refuses what is not possible in the state that the change is in. */
export function needState(
  story: ChangeStory,
  allowed: readonly ChangeState[],
  doing: string,
): void {
  if (allowed.includes(story.state)) return;
  refuse(
    'wrong-state',
    `${labelOf(story)} is ${story.state}: ${doing} is possible only while it is ${allowed.join(' or ')}.`,
  );
}

/** Refuses to put something in the place of a plan that the sender was not shown. */
export function needNextRevision(story: ChangeStory, revision: number, doing: string): void {
  if (story.plan === null || revision === story.plan.revision + 1) return;
  refuse(
    'plan-changed',
    `${labelOf(story)} has been changed since it was shown to you: look at revision ${story.plan.revision} and ${doing} it again.`,
  );
}

/** Where duties are apart, whoever approved it does not carry it out; going back is everybody's. */
export function refuseApprover(story: ChangeStory, by: string): void {
  if (story.plan?.separateImplementer !== true || !story.deciders.has(by)) return;
  if (story.state === 'rolling-back' || story.state === 'rollback-incomplete') return;
  refuse(
    'approver-implements',
    `You approved ${labelOf(story)}: somebody else carries it out, because the policies or its risk keep the two apart.`,
  );
}

export function labelOf(story: ChangeStory): string {
  return story.plan?.label ?? 'The change';
}

export function acknowledge(story: ChangeStory, message: string): Acknowledgement {
  return { state: story.state, message };
}
