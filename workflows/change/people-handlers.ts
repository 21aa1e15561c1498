import { setHandler } from '@temporalio/workflow';
import type { ChangeState } from '../../domain/change/life-cycle.ts';
import type { ImplementationReport, Message } from '../../domain/change/messages.ts';
import { hasEnded, reopenRollback, stopRunning } from '../../domain/runbook/runbook-run.ts';
import {
  closeUpdate,
  reportUpdate,
  retryRollbackUpdate,
  startReviewUpdate,
} from './change-messages.ts';
import { refuseUnjustified } from './afterwards-handlers.ts';
import type { ChangeStory } from './change-state.ts';
import { acknowledge, labelOf, needState, refuse, refuseApprover } from './refusals.ts';
import { nameCurrent, waitsForRunbook } from './runbook-words.ts';

/** Where there is a runbook each step is settled by itself; what was left broken is put right by hand. */
function refuseOpenSteps(story: ChangeStory, result: ImplementationReport['result']): void {
  const { run } = story;
  const byHand = result === 'left-broken' || story.state === 'rollback-incomplete';
  if (run === null || byHand) return;
  if (result === 'implemented' && !hasEnded(run)) {
    refuse(
      'steps-open',
      `${labelOf(story)} has open steps: ${nameCurrent(run)} is next. It is completed when all of them are settled.`,
    );
  }
  if (result === 'backed-out') {
    const next = run.backingOut
      ? 'settle each of its rollback steps'
      : 'decide to roll it back, and settle each of the rollback steps';
    refuse('steps-open', `${labelOf(story)} has a runbook: ${next}.`);
  }
}

/** What people report, mend and review. */
export function handlePeopleAtWork(story: ChangeStory): void {
  const ways = {
    implemented: { event: 'implement', words: 'Implemented' },
    'backed-out': { event: 'back-out', words: 'Backed out' },
    'left-broken': { event: 'leave-broken', words: 'Left broken' },
  } as const;
  const checkReport = ({ result, by }: ImplementationReport): void => {
    // Whoever sees that it went wrong may say so.
    if (result === 'implemented') refuseApprover(story, by);
    const backingOut: readonly ChangeState[] = story.run === null ? [] : ['rolling-back'];
    const allowed: Readonly<Record<typeof result, readonly ChangeState[]>> = {
      implemented: ['implementing'],
      // What was left broken, or could not be restored, may be put right by hand later.
      'backed-out': ['implementing', ...backingOut, 'rollback-incomplete'],
      'left-broken': ['implementing', ...backingOut],
    };
    needState(story, allowed[result], `reporting it as ${result}`);
    refuseOpenSteps(story, result);
  };
  setHandler(
    reportUpdate,
    (report) =>
      story.turns.runExclusive(async () => {
        checkReport(report);
        const { event, words } = ways[report.result];
        if (story.run !== null) stopRunning(story.run);
        await story.step(event, {
          actor: report.by,
          message: `${words}, says ${report.by}: ${report.reason}`,
          alert: 'everyone-involved',
        });
        return acknowledge(story, `${words}.`);
      }),
    { validator: checkReport },
  );

  const plain = (
    update: typeof retryRollbackUpdate,
    allowed: readonly ChangeState[],
    doing: string,
    carryOut: (request: Message) => Promise<string>,
  ): void => {
    const check = (_request: Message): void => {
      needState(story, allowed, doing);
      const hasRunbook = story.run !== null;
      if (update === retryRollbackUpdate && story.plan?.carriedOutBy === 'people' && !hasRunbook) {
        refuse(
          'carried-out-by-people',
          `${labelOf(story)} is carried out by people: put it right and report it as backed out.`,
        );
      }
    };
    setHandler(
      update,
      (request) =>
        story.turns.runExclusive(async () => {
          check(request);
          return acknowledge(story, await carryOut(request));
        }),
      { validator: check },
    );
  };
  plain(
    retryRollbackUpdate,
    ['rollback-incomplete'],
    'trying the rollback again',
    async (request) => {
      const { plan, run } = story;
      if (run !== null) reopenRollback(run);
      await story.step('retry-rollback', {
        actor: request.by,
        message: `The rollback is tried again by ${request.by}: ${request.reason}`,
        ...(run === null || plan === null ? {} : { waitingFor: waitsForRunbook(plan, run) }),
      });
      return run === null ? 'The rollback runs again.' : `Next: ${nameCurrent(run)}.`;
    },
  );
  plain(
    startReviewUpdate,
    ['completed', 'rolled-back', 'rollback-incomplete'],
    'reviewing',
    async (request) => {
      await story.step('start-review', {
        actor: request.by,
        message: `Review started by ${request.by}: ${request.reason}`,
      });
      return 'In review.';
    },
  );
  const checkClose = (_review: Message): void => {
    needState(story, ['in-review'], 'closing');
    refuseUnjustified(story);
  };
  setHandler(
    closeUpdate,
    (review) =>
      story.turns.runExclusive(async () => {
        checkClose(review);
        await story.step('close', {
          actor: review.by,
          message: `Closed by ${review.by}: ${review.reason}`,
          details: { lessons: review.lessons },
        });
        return acknowledge(story, 'Closed.');
      }),
    { validator: checkClose },
  );
}
