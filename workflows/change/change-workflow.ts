import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  patched,
  TemporalFailure,
} from '@temporalio/workflow';
import { isEnded, transitionFor, type ChangeState } from '../../domain/change/life-cycle.ts';
import { workOf } from '../../domain/change/plan-window.ts';
import type { AssessedPlan } from '../../domain/change/story.ts';
import { formatUtc } from '../../domain/format-utc.ts';
import { assessment, comparison } from '../steps.ts';
import { untilJustified } from './afterwards-handlers.ts';
import { approveByTemplate } from './approve-by-template.ts';
import { awaitWindow } from './await-window.ts';
import { carryOutRunbook } from './carry-out-runbook.ts';
import { handleMessages } from './change-handlers.ts';
import { createChangeStory, type ChangeStory } from './change-state.ts';
import { repairWhatIsAway, rollBack } from './roll-back.ts';
import { rollOut } from './roll-out.ts';
import { rootMessage } from './root-message.ts';

export interface ChangeWorkflowInput {
  readonly changeId: string;
}

const reviewDueMs = 14 * 24 * 3_600_000;
const reviewReminders = 6;

/**
 * The story of one change: assessed, approved, carried out in its window, verified or rolled back, and
 * reviewed. PostgreSQL holds the record; this holds the order of things.
 */
export async function changeWorkflow({ changeId }: ChangeWorkflowInput): Promise<ChangeState> {
  const story = createChangeStory(changeId);
  handleMessages(story);
  try {
    const plan = await agreeOnPlan(story);
    if (plan !== null) {
      // Beside the rest, which does not wait for it; a failure is in the log.
      untilJustified(story, plan).catch(() => undefined);
      await carryOut(story, plan);
    }
    await review(story);
  } catch (error) {
    if (isCancellation(error)) await recordCancellation(story);
    // A plain error would leave the workflow's task failing for ever, with nobody told.
    if (error instanceof TemporalFailure) throw error;
    throw ApplicationFailure.nonRetryable(
      `The change stopped in state "${story.state}": ${error instanceof Error ? error.message : String(error)}`,
      'StoryBroken',
    );
  } finally {
    await condition(allHandlersFinished);
  }
  return story.state;
}

/** The engine itself was asked to cancel the workflow: no record may be left that waits for ever. */
async function recordCancellation(story: ChangeStory): Promise<void> {
  await story.turns.runExclusive(async () => {
    if (story.run !== null || transitionFor(story.state, 'cancel') === undefined) return;
    await story.step('cancel', {
      message: 'Cancelled through the workflow engine; nothing was touched.',
      alert: 'everyone-involved',
    });
  });
}

/** Until a plan is approved and its window is open; null when the change ended before that. */
async function agreeOnPlan(story: ChangeStory): Promise<AssessedPlan | null> {
  for (;;) {
    const plan = await assess(story);
    if (plan === null) return null;
    await awaitApproval(story, plan);
    if (story.state === 'scheduled') await awaitWindow(story, plan);
    // A moved window makes it a new request: assessed and approved again.
    if (story.state === 'requested') continue;
    return isEnded(story.state) ? null : plan;
  }
}

async function assess(story: ChangeStory): Promise<AssessedPlan | null> {
  try {
    story.waitingFor = { what: 'assessment', detail: 'impact and conflicts are computed' };
    const plan = await assessment.assessChange({ changeId: story.changeId });
    const preview = await previewOf(story, plan);
    return await story.turns.runExclusive(async () => {
      if (story.state !== 'requested') return null;
      story.plan = plan;
      await story.step('assess', { message: plan.summary, details: { planHash: plan.planHash } });
      if (preview !== undefined) await story.note({ message: preview });
      await story.step('ask-approval', {
        message: `Waits for ${plan.approvalsNeeded} approval(s) until ${formatUtc(plan.approvalExpiresAtMs)}.`,
        waitingFor: {
          what: 'approval',
          detail: askedOf(plan),
          until: new Date(plan.approvalExpiresAtMs).toISOString(),
          approvals: plan.approvalsNeeded,
        },
        // Where a template approves it nobody is asked.
        ...(plan.preApproved === undefined ? { alert: 'approvers' as const } : {}),
      });
      await approveByTemplate(story, plan);
      return plan;
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
    await story.turns.runExclusive(async () => {
      if (isEnded(story.state)) return;
      await story.step('cancel', {
        message: `Could not be assessed: ${rootMessage(error)}`,
        alert: 'requester',
      });
    });
    return null;
  }
}

function askedOf({ approvalsNeeded, approvers, requester }: AssessedPlan): string {
  const asked =
    approvers === undefined
      ? `${approvalsNeeded} approval(s) by somebody`
      : `approval by ${approvers}`;
  return `${asked} other than ${requester}`;
}

/** What the approvers are shown of the datacentres. A preview that fails keeps nobody from deciding. */
async function previewOf(story: ChangeStory, plan: AssessedPlan): Promise<string | undefined> {
  if (plan.carriedOutBy !== 'ctc' || !patched('deployment-preview')) return undefined;
  story.waitingFor = { what: 'assessment', detail: 'the datacentres are looked at' };
  try {
    const { revision } = plan;
    return (await comparison.previewRollout({ changeId: story.changeId, revision })).summary;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return `What it would do to the datacentres is not known: ${rootMessage(error)}`;
  }
}

async function awaitApproval(story: ChangeStory, plan: AssessedPlan): Promise<void> {
  const undecided = (): boolean => story.state === 'awaiting-approval' && story.plan === plan;
  for (const remindAtMs of plan.remindersAtMs) {
    if (remindAtMs <= Date.now()) continue;
    if (await condition(() => !undecided(), remindAtMs - Date.now())) return;
    await story.turns.runExclusive(async () => {
      if (!undecided()) return;
      await story.note({
        message: `Reminder: ${plan.label} expires without a decision at ${formatUtc(plan.approvalExpiresAtMs)}.`,
        alert: 'approvers',
      });
    });
  }
  const leftMs = Math.max(1, plan.approvalExpiresAtMs - Date.now());
  if (await condition(() => !undecided(), leftMs)) return;
  await story.turns.runExclusive(async () => {
    // A decision may have taken its turn just before the clock did.
    if (!undecided()) return;
    await story.step('expire', {
      message: 'Nobody decided in time.',
      alert: 'everyone-involved',
    });
  });
}

async function carryOut(story: ChangeStory, plan: AssessedPlan): Promise<void> {
  if (plan.carriedOutBy === 'ctc') return rollOut(story, plan);
  if (story.run !== null) return carryOutRunbook(story, plan, story.run);
  const reported = (): boolean => story.state !== 'implementing';
  const reportedBy = (atMs: number): Promise<boolean> =>
    condition(reported, Math.max(1, atMs - Date.now()));
  const { closesAtMs: workUntilMs } = workOf(plan);
  if (workUntilMs < plan.closesAtMs) {
    if (await reportedBy(workUntilMs)) return;
    await story.note({
      message: `The time for work is over: back out what is not done, until ${formatUtc(plan.closesAtMs)}, and report the outcome.`,
      waitingFor: {
        what: 'people',
        detail: 'the outcome is reported',
        until: new Date(plan.closesAtMs).toISOString(),
      },
      alert: 'everyone-involved',
    });
  }
  if (await reportedBy(plan.closesAtMs)) return;
  await story.note({
    message: 'The window has closed and nobody has reported an outcome.',
    alert: 'everyone-involved',
  });
  await condition(reported);
}

/** Reminds of a review that is due; a person may also try an incomplete rollback again here. */
async function review(story: ChangeStory): Promise<void> {
  const plan = story.plan;
  if (story.state === 'completed' && plan?.needsReview === false) {
    await story.step('close', { message: 'A standard change: reviewed with its template.' });
  }
  const settled = (): boolean =>
    ['closed', 'rejected', 'cancelled', 'expired'].includes(story.state);
  let reminders = 0;
  let repair = repairBeside(story);
  while (!settled()) {
    if (story.state === 'rolling-back') {
      repair.cancel();
      if (plan !== null && story.run !== null) await carryOutRunbook(story, plan, story.run);
      else await rollBack(story, 'it is tried again');
      repair = repairBeside(story);
    }
    const moved = await condition(
      () => settled() || story.state === 'rolling-back',
      reminders < reviewReminders ? reviewDueMs : '3650 days',
    );
    if (moved || reminders >= reviewReminders) continue;
    reminders += 1;
    await story.note({ message: 'The review is due.', alert: 'everyone-involved' });
  }
  repair.cancel();
}

/** Beside the review, which does not wait for it; failures are in the log. */
function repairBeside(story: ChangeStory): CancellationScope {
  const scope = new CancellationScope();
  scope.run(() => repairWhatIsAway(story)).catch(() => undefined);
  return scope;
}
