import { condition, setHandler } from '@temporalio/workflow';
import { afterApproval } from '../../domain/change/life-cycle.ts';
import type { Amendment, Justification } from '../../domain/change/messages.ts';
import type { AssessedPlan } from '../../domain/change/story.ts';
import { formatUtc } from '../../domain/format-utc.ts';
import { record } from '../steps.ts';
import { amendUpdate, justifyUpdate } from './change-messages.ts';
import type { ChangeStory } from './change-state.ts';
import { moveWindow } from './move-window.ts';
import { acknowledge, labelOf, needNextRevision, needState, refuse } from './refusals.ts';

/** What is brought after the request: what was left out of it, and why an emergency was one. */
export function handleWhatComesAfter(story: ChangeStory): void {
  handleAmendments(story);
  handleJustification(story);
}

/** Another plan: assessed and approved again, in the window that it has. */
function handleAmendments(story: ChangeStory): void {
  const check = ({ revision }: Pick<Amendment, 'revision'>): void => {
    needState(story, ['awaiting-approval', 'scheduled'], 'amending it');
    needNextRevision(story, revision, 'amend');
  };
  setHandler(
    amendUpdate,
    (amendment) =>
      story.turns.runExclusive(async () => {
        check(amendment);
        const { by, reason, revision, window, fields } = amendment;
        await moveWindow(story, {
          actor: by,
          event: 'amend',
          revision,
          ...window,
          request: { ...window.request, amendment: fields },
          message: `Amended (${Object.keys(fields).join(', ')}) by ${by}: ${reason}`,
          details: { amendment: fields },
        });
        return acknowledge(story, 'Amended; the change is assessed again.');
      }),
    { validator: check },
  );
}

/** Approvals of what could not wait for them. */
function handleJustification(story: ChangeStory): void {
  const check = ({ by }: Justification): void => {
    if (story.plan?.justifyWithinMs === undefined) {
      refuse(
        'nothing-to-justify',
        `The policies ask for no approval of ${labelOf(story)} afterwards.`,
      );
    }
    needState(story, afterApproval, 'justifying it');
    if (story.justified !== null) {
      refuse('justified-already', `${labelOf(story)} is ${story.justified} already.`);
    }
    if (by === story.plan.requester) {
      refuse(
        'own-change',
        `${labelOf(story)} was requested by you: somebody else must justify it.`,
      );
    }
  };
  setHandler(
    justifyUpdate,
    (justification) =>
      story.turns.runExclusive(async () => {
        check(justification);
        const { by, decision, reason } = justification;
        const { settled, open } = await record.recordJustification({
          changeId: story.changeId,
          key: story.nextKey(),
          actor: by,
          by,
          decision,
          reason,
          message: `${decision === 'justified' ? 'Justified' : 'Held to be unjustified'} by ${by}: ${reason}`,
          alert: 'everyone-involved',
        });
        story.justified = settled;
        return acknowledge(
          story,
          settled === null ? `Taken down. Still asked: ${open.join('; ')}.` : `It is ${settled}.`,
        );
      }),
    { validator: check },
  );
}

/** Tells everybody when nobody has justified it in time; it cannot be closed before somebody has. */
export async function untilJustified(story: ChangeStory, plan: AssessedPlan): Promise<void> {
  const { justifyWithinMs, label } = plan;
  if (justifyWithinMs === undefined) return;
  const dueAtMs = Date.now() + justifyWithinMs;
  const settled = (): boolean => story.justified !== null || story.plan !== plan;
  if (await condition(settled, justifyWithinMs)) return;
  await story.turns.runExclusive(async () => {
    if (settled()) return;
    await story.note({
      message: `${label} was to be justified by ${formatUtc(dueAtMs)}, and is not: it is late from now on.`,
      alert: 'everyone-involved',
    });
  });
}

export function refuseUnjustified(story: ChangeStory): void {
  if (story.plan?.justifyWithinMs === undefined || story.justified !== null) return;
  refuse(
    'not-justified-yet',
    `${labelOf(story)} began before it was approved in full: somebody justifies it first (ctc change justify ${labelOf(story)}).`,
  );
}
