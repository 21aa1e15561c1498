import { setHandler } from '@temporalio/workflow';
import type { Message } from '../../domain/change/messages.ts';
import type { Answer, GuardianAcknowledgement } from '../../domain/guardian/messages.ts';
import { refuse } from '../change/refusals.ts';
import { guardianRecord } from '../steps.ts';
import {
  approveCorrectionUpdate,
  correctionEndedSignal,
  declineCorrectionUpdate,
  guardianStatusQuery,
  liftHoldUpdate,
  pauseGuardianUpdate,
  resumeGuardianUpdate,
  verifiedSignal,
} from './guardian-messages.ts';
import type { GuardianStory } from './guardian-state.ts';

/** What people decide, and what changes tell; validators are synchronous and refuse what is wrong already. */
export function handleGuardianMessages(story: GuardianStory): void {
  setHandler(guardianStatusQuery, () => ({
    state: story.state,
    waitingFor: story.waitingFor,
    incident: story.incident?.label ?? null,
    proposal: story.proposal?.decision ?? null,
    heldSince: story.heldSince,
  }));

  // What runs is read from the record each time; this only says that it is worth reading now.
  setHandler(verifiedSignal, () => {
    story.decideAgainAtMs = 0;
    story.wake();
  });

  // The record tells how: this only says that it is worth looking now.
  setHandler(correctionEndedSignal, ({ change }) => {
    if (change === story.following) story.following = null;
  });

  handlePauses(story);
  handleAnswers(story);
  handleHold(story);
}

function handlePauses(story: GuardianStory): void {
  const mayPause = (_request: Message): void => {
    if (story.paused !== null) refuse('wrong-state', `${guardianOf(story)} is paused already.`);
  };
  setHandler(
    pauseGuardianUpdate,
    (request) => {
      mayPause(request);
      story.paused = request;
      story.wake();
      return acknowledge(story, 'It measures and decides nothing until it is resumed.');
    },
    { validator: mayPause },
  );
  const mayResume = (_request: Message): void => {
    if (story.paused === null) refuse('wrong-state', `${guardianOf(story)} is not paused.`);
  };
  setHandler(
    resumeGuardianUpdate,
    (request) => {
      mayResume(request);
      story.paused = null;
      story.wake();
      return acknowledge(story, 'It goes on measuring.');
    },
    { validator: mayResume },
  );
}

function handleAnswers(story: GuardianStory): void {
  const check = ({ decision }: Answer): void => {
    if (story.proposal === null || story.approval !== null) {
      refuse('nothing-proposed', `${guardianOf(story)} waits for no answer.`);
    }
    if (story.proposal.decision !== decision) {
      refuse(
        'proposal-changed',
        `${guardianOf(story)} proposes something else by now: look at it and answer again.`,
      );
    }
  };
  setHandler(
    approveCorrectionUpdate,
    (answer) => {
      check(answer);
      story.approval = { decision: answer.decision, by: answer.by, reason: answer.reason };
      story.wake();
      return acknowledge(
        story,
        'Approved: it is measured afresh, and begins if that still says so.',
      );
    },
    { validator: check },
  );
  setHandler(
    declineCorrectionUpdate,
    async (answer) => {
      check(answer);
      story.proposal = null;
      await guardianRecord.withdrawProposal({
        decision: answer.decision,
        message: `Declined by ${answer.by}: ${answer.reason}`,
      });
      story.wake();
      return acknowledge(story, 'Declined; it goes on measuring.');
    },
    { validator: check },
  );
}

function handleHold(story: GuardianStory): void {
  const check = (_request: Message): void => {
    if (story.heldSince === null) refuse('wrong-state', `${guardianOf(story)} is not held.`);
  };
  setHandler(
    liftHoldUpdate,
    async (request) => {
      check(request);
      story.heldSince = null;
      story.decideAgainAtMs = 0;
      if (story.incident !== null) {
        await guardianRecord.noteIncident({
          incident: story.incident.id,
          key: story.nextKey(),
          actor: request.by,
          message: `The hold after the rollback is lifted by ${request.by}: ${request.reason}`,
        });
      }
      story.wake();
      return acknowledge(story, 'Lifted: it may move the application again.');
    },
    { validator: check },
  );
}

function guardianOf({ application }: GuardianStory): string {
  return `The guardian of ${application}`;
}

function acknowledge({ state }: GuardianStory, message: string): GuardianAcknowledgement {
  return { state, message };
}
