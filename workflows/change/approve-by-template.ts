import { isCancellation } from '@temporalio/workflow';
import { templatePrincipal } from '../../domain/approvals/template-principal.ts';
import type { AssessedPlan } from '../../domain/change/story.ts';
import { record } from '../steps.ts';
import { waitsForWindow, type ChangeStory } from './change-state.ts';
import { rootMessage } from './root-message.ts';

/** A standard change that its template approves waits for nobody; where that fails people decide. To be called in one's turn. */
export async function approveByTemplate(story: ChangeStory, plan: AssessedPlan): Promise<void> {
  const { preApproved, planHash } = plan;
  if (preApproved === undefined) return;
  const { template, version } = preApproved;
  const waitingFor = waitsForWindow(plan);
  const reason = `version ${version} of the template "${template}"`;
  try {
    const { decided } = await record.recordDecision({
      changeId: story.changeId,
      key: story.nextKey(),
      actor: templatePrincipal,
      by: templatePrincipal,
      decision: 'approved',
      planHash,
      reason,
      approvalsNeeded: 1,
      policy: { policy: 'template', template, version },
      waitingFor,
      message: `Approved beforehand by ${reason}.`,
      alert: 'everyone-involved',
    });
    if (!decided) return;
    story.deciders.add(templatePrincipal);
    story.state = 'scheduled';
    story.waitingFor = waitingFor;
  } catch (error) {
    if (isCancellation(error)) throw error;
    await story.note({
      message: `The template "${template}" does not approve it: ${rootMessage(error)} People decide.`,
      alert: 'approvers',
    });
  }
}
