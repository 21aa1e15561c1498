import {
  ActivityFailure,
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  ContinueAsNew,
  continueAsNew,
  isCancellation,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { Watched } from '../../domain/guardian/guardian-steps.ts';
import { guardianCorrection, guardianRecord, guardianWatch } from '../steps.ts';
import { rootMessage } from '../change/root-message.ts';
import { correct, withdraw } from './correct.ts';
import { handleGuardianMessages } from './guardian-handlers.ts';
import {
  createGuardianStory,
  nothingCarried,
  type CarriedState,
  type GuardianStory,
} from './guardian-state.ts';

export interface GuardianWorkflowInput {
  readonly application: string;
  /** Of the run before. */
  readonly carried?: CarriedState;
  /** Events after which a run hands over, besides what the engine suggests. */
  readonly longestHistory?: number;
}

const afterTroubleMs = 60_000;

/**
 * The story of a running application: it is measured for as long as it runs. What is violated becomes an
 * incident, and one decision: redeploy, roll back, or wait. PostgreSQL holds the record and what runs; this
 * holds the order of things, and what people have said.
 */
export async function guardianWorkflow(input: GuardianWorkflowInput): Promise<void> {
  const story = createGuardianStory(input.application, input.carried ?? nothingCarried);
  handleGuardianMessages(story);
  try {
    while (await watchOnce(story)) {
      if (!isTimeToHandOver(input)) continue;
      await condition(allHandlersFinished);
      await continueAsNew<typeof guardianWorkflow>({ ...input, carried: story.carry() });
    }
  } catch (error) {
    // A plain error would leave the workflow's task failing for ever, with nobody told.
    if (error instanceof TemporalFailure || error instanceof ContinueAsNew) throw error;
    throw ApplicationFailure.nonRetryable(
      `The guardian of ${input.application} stopped: ${rootMessage(error)}`,
      'StoryBroken',
    );
  }
  await condition(allHandlersFinished);
}

/** One period of measuring and what it leads to; false when there is nothing left to guard. */
async function watchOnce(story: GuardianStory): Promise<boolean> {
  await whilePaused(story);
  story.woken = false;
  let waitMs: number;
  try {
    const watched = await watch(story);
    // Somebody has said something: what was measured so far is kept, and it begins anew.
    if (watched === null) return true;
    if (watched.kind === 'unguarded' && !hasWord(story)) {
      await end(story, watched);
      return hasWord(story);
    }
    await actOn(story, watched);
    waitMs = watched.measureAgainInMs;
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    // A guardian that gives up guards nobody: whatever it was, it is tried again.
    waitMs = afterTroubleMs;
    await story.show('watching', {
      what: 'measurement',
      detail: `it is tried again after trouble: ${rootMessage(error)}`,
    });
  }
  await condition(() => hasWord(story), waitMs);
  return true;
}

/** Handlers set it while the story awaits something. */
function hasWord(story: GuardianStory): boolean {
  return story.woken;
}

async function whilePaused(story: GuardianStory): Promise<void> {
  const { paused } = story;
  if (paused === null) return;
  await story.show('paused', {
    what: 'resume',
    detail: `somebody resumes it; paused by ${paused.by}: ${paused.reason}`,
  });
  await condition(() => story.paused === null);
}

/** Null when it was interrupted by a message. */
async function watch(story: GuardianStory): Promise<Watched | null> {
  if (story.proposal === null) {
    await story.show('watching', { what: 'measurement', detail: 'something is violated' });
  } else {
    await story.show('waiting-for-approval', {
      what: 'approval',
      detail: 'an operator approves or declines the correction',
      until: new Date(story.proposal.expiresAtMs).toISOString(),
    });
  }
  const scope = new CancellationScope();
  story.wake = () => {
    story.woken = true;
    scope.cancel();
  };
  try {
    return await scope.run(() =>
      guardianWatch.watchApplication({ application: story.application }),
    );
  } catch (error) {
    if (isCancellation(error) && !CancellationScope.current().consideredCancelled) return null;
    throw error;
  } finally {
    story.wake = () => {
      story.woken = true;
    };
  }
}

async function actOn(story: GuardianStory, watched: Watched): Promise<void> {
  const { incident } = story;
  switch (watched.kind) {
    case 'holding':
      if (incident === null) return;
      await withdraw(story, 'No longer proposed: every requirement holds again.');
      await note(story, 'Every requirement holds again.', 'resolved');
      story.incident = null;
      story.decideAgainAtMs = 0;
      return;
    case 'violated':
      await dealWith(story);
      return;
    case 'no-data':
    case 'changing':
    case 'unguarded':
      // Neither good nor bad: what was decided stands, and nothing is moved.
      if (story.proposal === null) {
        await story.show('watching', { what: 'measurement', detail: watched.summary });
      }
      return;
  }
}

async function dealWith(story: GuardianStory): Promise<void> {
  const { application, approval, proposal } = story;
  const opened = await guardianCorrection.openIncident({ application });
  if (story.incident?.id !== opened.incident) {
    story.incident = { id: opened.incident, label: opened.label, decisions: 0 };
    story.decideAgainAtMs = 0;
  }
  if (approval === null && proposal !== null) {
    if (Date.now() < proposal.expiresAtMs) return;
    await withdraw(story, 'Nobody answered the proposal in time.');
  }
  if (approval === null && Date.now() < story.decideAgainAtMs) return;
  await correct(story, story.incident, approval);
}

async function end(story: GuardianStory, watched: Watched): Promise<void> {
  await withdraw(story, `No longer proposed: ${watched.summary}`);
  if (story.incident !== null) {
    await note(story, `The guardian ends: ${watched.summary}`, 'resolved');
    story.incident = null;
  }
  await story.show('ended', null);
}

async function note(story: GuardianStory, message: string, to: 'resolved'): Promise<void> {
  if (story.incident === null) return;
  await guardianRecord.noteIncident({
    incident: story.incident.id,
    key: story.nextKey(),
    actor: 'guardian',
    message,
    to,
    alert: true,
  });
}

function isTimeToHandOver({ longestHistory }: GuardianWorkflowInput): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength >= (longestHistory ?? Number.POSITIVE_INFINITY);
}
