import { setHandler } from '@temporalio/workflow';
import type { ChangeState } from '../../domain/change/life-cycle.ts';
import type { ImplementationReport, Message } from '../../domain/change/messages.ts';
import {
  closeUpdate,
  reportUpdate,
  retryRollbackUpdate,
  startReviewUpdate,
} from './change-messages.ts';
import type { ChangeStory } from './change-state.ts';
import { acknowledge, labelOf, needState, refuse } from './refusals.ts';

/** What people report, mend and review. */
export function handlePeopleAtWork(story: ChangeStory): void {
  const ways = {
    implemented: { event: 'implement', words: 'Implemented' },
    'backed-out': { event: 'back-out', words: 'Backed out' },
    'left-broken': { event: 'leave-broken', words: 'Left broken' },
  } as const;
  const checkReport = ({ result }: ImplementationReport): void => {
    // What was left broken, or could not be restored, may be put right by hand later.
    const allowed: readonly ChangeState[] =
      result === 'backed-out' ? ['implementing', 'rollback-incomplete'] : ['implementing'];
    needState(story, allowed, `reporting it as ${result}`);
  };
  setHandler(
    reportUpdate,
    (report) =>
      story.turns.runExclusive(async () => {
        checkReport(report);
        const { event, words } = ways[report.result];
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
      if (update === retryRollbackUpdate && story.plan?.carriedOutBy === 'people') {
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
      await story.step('retry-rollback', {
        actor: request.by,
        message: `The rollback is tried again by ${request.by}: ${request.reason}`,
      });
      return 'The rollback runs again.';
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
  const checkClose = (_review: Message): void => needState(story, ['in-review'], 'closing');
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
