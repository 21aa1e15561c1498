import { setHandler } from '@temporalio/workflow';
import { holdableStates, transitionFor, type ChangeState } from '../../domain/change/life-cycle.ts';
import type { Decision, Message } from '../../domain/change/messages.ts';
import { formatUtc } from '../../domain/format-utc.ts';
import { record } from '../steps.ts';
import { handleWhatComesAfter } from './afterwards-handlers.ts';
import {
  cancelUpdate,
  decideUpdate,
  impactMovedSignal,
  moveWindowUpdate,
  pauseUpdate,
  resumeUpdate,
  statusQuery,
} from './change-messages.ts';
import { waitsForWindow, type ChangeStory, type StepNote } from './change-state.ts';
import { stillWaiting } from './hold.ts';
import { handleLineNews } from './line.ts';
import { moveWindow } from './move-window.ts';
import { handlePeopleAtWork } from './people-handlers.ts';
import { acknowledge, labelOf, needNextRevision, needState, notYet, refuse } from './refusals.ts';
import { handleRunbook } from './runbook-handlers.ts';

/**
 * The decisions of people. Validators are synchronous and refuse what is wrong already; handlers take
 * turns and check again, for another decision may have come in between.
 */
export function handleMessages(story: ChangeStory): void {
  setHandler(statusQuery, () => ({
    state: story.state,
    revision: story.plan?.revision ?? 0,
    planHash: story.plan?.planHash ?? null,
    attempt: story.attempt,
    waitingFor: story.waitingFor,
  }));

  handleDecisions(story);
  handleWindowMoves(story);
  handleMovedImpact(story);
  handleCancellation(story);
  handleHolds(story);
  handleLineNews(story);
  handlePeopleAtWork(story);
  handleRunbook(story);
  handleWhatComesAfter(story);
}

function handleDecisions(story: ChangeStory): void {
  const check = (decision: Decision): void => {
    // After a worker was killed the record may be a step ahead of the workflow, which goes over it again.
    if (story.state === 'requested' || story.state === 'assessed') {
      notYet(
        'decision-too-early',
        `${labelOf(story)} is ${story.state}: it does not wait for a decision yet. Try again in a moment.`,
      );
    }
    if (story.state !== 'awaiting-approval' || story.plan === null) {
      refuse(
        'decision-too-late',
        `${labelOf(story)} is ${story.state}: it no longer waits for a decision.`,
      );
    }
    if (decision.by === story.plan.requester) {
      refuse(
        'own-change',
        `${labelOf(story)} was requested by you: somebody else must decide on it.`,
      );
    }
    if (decision.planHash !== story.plan.planHash) {
      refuse(
        'plan-changed',
        `The plan of ${labelOf(story)} has changed since it was shown to you: look at revision ${story.plan.revision} and decide again.`,
      );
    }
    if (story.deciders.has(decision.by)) {
      refuse('already-decided', `You have already decided on this plan of ${labelOf(story)}.`);
    }
  };
  setHandler(
    decideUpdate,
    (decision) =>
      story.turns.runExclusive(async () => {
        check(decision);
        const plan = story.plan;
        if (plan === null) return acknowledge(story, 'unreachable');
        const approved = decision.decision === 'approved';
        const waitingFor = waitsForWindow(plan);
        const {
          decided,
          approvals,
          open = [],
        } = await record.recordDecision({
          changeId: story.changeId,
          key: story.nextKey(),
          actor: decision.by,
          by: decision.by,
          decision: decision.decision,
          planHash: decision.planHash,
          reason: decision.reason,
          approvalsNeeded: plan.approvalsNeeded,
          ...(decision.override === undefined ? {} : { override: decision.override }),
          ...(decision.policy === undefined ? {} : { policy: decision.policy }),
          waitingFor,
          message: approved
            ? `Approved by ${decision.by}: ${decision.reason}`
            : `Rejected by ${decision.by}: ${decision.reason}`,
          alert: 'everyone-involved',
        });
        story.deciders.add(decision.by);
        if (!decided) {
          const still = open.length === 0 ? '' : ` Still asked: ${open.join('; ')}.`;
          return acknowledge(
            story,
            `${approvals} of ${plan.approvalsNeeded} approvals given.${still}`,
          );
        }
        // recordDecision wrote the state together with the decision, in one transaction.
        story.state = approved ? 'scheduled' : 'rejected';
        story.waitingFor = approved ? waitingFor : null;
        return acknowledge(
          story,
          approved ? `Scheduled for ${formatUtc(plan.opensAtMs)}.` : 'Rejected.',
        );
      }),
    { validator: check },
  );
}

function handleWindowMoves(story: ChangeStory): void {
  const movable: readonly ChangeState[] = ['awaiting-approval', 'scheduled'];
  const check = (move: { revision: number }): void => {
    needState(story, movable, 'moving its window');
    needNextRevision(story, move.revision, 'move');
  };
  setHandler(
    moveWindowUpdate,
    (move) =>
      story.turns.runExclusive(async () => {
        check(move);
        await moveWindow(story, {
          actor: move.by,
          revision: move.revision,
          ...move.window,
          message: `Window moved to ${formatUtc(Date.parse(move.window.opensAt))} – ${formatUtc(Date.parse(move.window.closesAt))} by ${move.by}: ${move.reason}`,
        });
        return acknowledge(story, 'Window moved; the change is assessed again.');
      }),
    { validator: check },
  );
}

/** Assessed and asked for approval again, as if its owner had moved it to where it is. */
function handleMovedImpact(story: ChangeStory): void {
  setHandler(impactMovedSignal, (moved) =>
    story.turns.runExclusive(async () => {
      const isOpen = story.state === 'awaiting-approval' || story.state === 'scheduled';
      if (!isOpen || story.plan?.revision !== moved.revision) return;
      await moveWindow(story, {
        actor: 'workflow',
        event: 'impact-moved',
        revision: moved.revision + 1,
        ...moved.window,
        message: moved.message,
      });
    }),
  );
}

function handleCancellation(story: ChangeStory): void {
  const check = (_request: Message): void => {
    const wouldEnd = transitionFor(story.state, 'cancel') ?? transitionFor(story.state, 'abort');
    if (story.state === 'implementing' || (story.state === 'paused' && story.run !== null)) {
      const instead = story.run === null ? 'report it as backed out' : 'decide to roll it back';
      refuse(
        'wrong-state',
        `${labelOf(story)} is being carried out by people: ${instead} instead.`,
      );
    }
    if (wouldEnd === undefined || story.abort !== null) {
      refuse(
        'wrong-state',
        `${labelOf(story)} is ${story.state}: there is nothing left to cancel.`,
      );
    }
  };
  setHandler(
    cancelUpdate,
    (request) =>
      story.turns.runExclusive(async () => {
        check(request);
        const untouched =
          story.rollout === null && transitionFor(story.state, 'cancel') !== undefined;
        if (untouched) {
          await story.step('cancel', {
            actor: request.by,
            message: `Cancelled by ${request.by}: ${request.reason}`,
            alert: 'everyone-involved',
          });
          return acknowledge(story, 'Cancelled; nothing was touched.');
        }
        story.abort = request;
        story.rollout?.cancel();
        return acknowledge(story, 'The deployment is stopped and rolled back.');
      }),
    { validator: check },
  );
}

function handleHolds(story: ChangeStory): void {
  const checkPause = (_request: Message): void => {
    // One that is paused by a stop of the line may be put on hold by a person as well.
    const isStopped = story.state === 'paused' && story.hold === null;
    if (!isStopped) needState(story, holdableStates, 'pausing');
    if (story.state === 'implementing' && story.run === null) {
      refuse('wrong-state', `${labelOf(story)} is carried out without a runbook that could hold.`);
    }
    if (story.hold !== null) refuse('wrong-state', `${labelOf(story)} is already being paused.`);
  };
  setHandler(
    pauseUpdate,
    async (request) => {
      checkPause(request);
      story.hold = { ...request, since: new Date().toISOString() };
      if (story.state !== 'paused') {
        return acknowledge(story, 'It holds at the next step that can wait.');
      }
      await story.turns.runExclusive(() =>
        noteHeld(story, {
          actor: request.by,
          message: `Paused by ${request.by} as well: ${request.reason}`,
          alert: 'everyone-involved',
        }),
      );
      return acknowledge(story, 'It stays paused when the stop of the line is lifted.');
    },
    { validator: checkPause },
  );
  const checkResume = (_request: Message): void => {
    if (story.hold === null) refuse('wrong-state', `${labelOf(story)} is not paused.`);
  };
  setHandler(
    resumeUpdate,
    (request) =>
      story.turns.runExclusive(async () => {
        checkResume(request);
        story.hold = null;
        const stays = stillWaiting(story) !== undefined;
        await noteHeld(story, {
          actor: request.by,
          message: `Resumed by ${request.by}: ${request.reason}`,
        });
        return acknowledge(
          story,
          stays ? 'Resumed; it goes on when the stop of the line is lifted, too.' : 'Resumed.',
        );
      }),
    { validator: checkResume },
  );
}

/** Writes to the log, and what the change waits for now if it stays paused. */
async function noteHeld(story: ChangeStory, note: Omit<StepNote, 'to'>): Promise<void> {
  const waitingFor = stillWaiting(story);
  await story.note({ ...note, ...(waitingFor === undefined ? {} : { waitingFor }) });
}
