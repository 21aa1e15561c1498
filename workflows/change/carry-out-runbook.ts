import { condition } from '@temporalio/workflow';
import type { ChangeState } from '../../domain/change/life-cycle.ts';
import { runbookWindowIn } from '../../domain/change/plan-window.ts';
import type { AssessedPlan } from '../../domain/change/story.ts';
import { formatUtc } from '../../domain/format-utc.ts';
import { nextAlarm, type RunbookAlarm } from '../../domain/runbook/runbook-alarms.ts';
import { currentSteps, type RunbookRun } from '../../domain/runbook/runbook-run.ts';
import { expectedMs, minuteMs, rollBackByMs } from '../../domain/runbook/runbook-times.ts';
import { nameAssignee, nameStep } from '../../domain/runbook/runbook.ts';
import type { ChangeStory } from './change-state.ts';
import { backOut, mayTurn, turn } from './runbook-steps.ts';
import { assigneesOf, capitalised, nameCurrent, waitsForRunbook } from './runbook-words.ts';

const atWork: readonly ChangeState[] = ['implementing', 'paused', 'rolling-back'];

/**
 * Until the runbook, or its rollback, has come to its end: people begin and end the steps
 * (runbook-handlers.ts), and here the clock is watched over them.
 */
export async function carryOutRunbook(
  story: ChangeStory,
  plan: AssessedPlan,
  run: RunbookRun,
): Promise<void> {
  const window = runbookWindowIn(plan);
  const ended = (): boolean => !atWork.includes(story.state);
  const next = (): RunbookAlarm | undefined =>
    nextAlarm(run, window, story.hold !== null || story.state === 'paused');
  while (!ended()) {
    const alarm = next();
    const changed = (): boolean => ended() || mayTurn(story, run) || !isSame(next(), alarm);
    if (alarm === undefined) await condition(changed);
    else if (alarm.atMs > Date.now()) await condition(changed, alarm.atMs - Date.now());
    await story.turns.runExclusive(async () => {
      if (ended()) return;
      if (mayTurn(story, run)) await turn(story, plan, run);
      // A step may have ended just before the clock came to it.
      const due = next();
      if (due === undefined || due.atMs > Date.now() || ended()) return;
      run.rung.add(due.key);
      await ring(story, plan, run, due);
    });
  }
}

function isSame(a: RunbookAlarm | undefined, b: RunbookAlarm | undefined): boolean {
  return a?.key === b?.key && a?.atMs === b?.atMs;
}

/** What the clock has brought about is told, and acted on. */
async function ring(
  story: ChangeStory,
  plan: AssessedPlan,
  run: RunbookRun,
  alarm: RunbookAlarm,
): Promise<void> {
  const warn = (message: string): Promise<void> =>
    story.note({
      message,
      // On hold it waits for that to end.
      ...(story.state === 'paused' ? {} : { waitingFor: waitsForRunbook(plan, run) }),
      alert: 'everyone-involved',
      alertAlso: assigneesOf(currentSteps(run)),
    });
  const needsPerson = (why: string): void => {
    run.needsPerson = why;
  };
  const { rollback, onOverrun } = run.runbook;
  const rollbackMinutes = expectedMs(rollback) / minuteMs;
  const rollBackBy = formatUtc(rollBackByMs(run.runbook, runbookWindowIn(plan)));
  switch (alarm.kind) {
    case 'step-overrun':
      return warn(
        `${capitalised(nameStep(alarm.placed))} takes longer than the ${alarm.placed.step.expectedMinutes} min expected of it; it is for ${nameAssignee(alarm.placed.step)}.`,
      );
    case 'decide':
      return warn(
        `What is left of the work, and then its rollback of ${rollbackMinutes} min, no longer fit into the window: decide whether to roll back or to go on. ` +
          (onOverrun === 'roll-back'
            ? `When nobody has decided by ${rollBackBy}, it is rolled back.`
            : `The rollback must begin by ${rollBackBy}; nothing begins it but a person.`),
      );
    case 'roll-back':
      return backOut(story, plan, run, {
        event: 'overrun',
        actor: 'workflow',
        message: `Nobody has decided by ${rollBackBy}, the latest time for its rollback to begin; at work or next was ${nameCurrent(run)}. It is rolled back.`,
      });
    case 'too-late': {
      const because =
        run.goesOn !== null
          ? `it goes on, as ${run.goesOn} decided`
          : onOverrun === 'warn'
            ? 'its policy is to warn'
            : 'it is on hold, and rolled back when it is resumed';
      needsPerson('its rollback no longer fits into the window');
      return warn(
        `${rollBackBy} has passed, the latest time for its rollback to begin, and ${because}. It needs a person.`,
      );
    }
    case 'beyond-return':
      needsPerson('the work no longer fits into the window, behind the point of no return');
      return warn(
        `The work no longer fits into the window, and the point of no return is behind: it goes on, and needs a person. At work or next: ${nameCurrent(run)}.`,
      );
    case 'window-closed':
      needsPerson('the window has closed');
      return warn(
        `The window has closed, and ${run.backingOut ? 'the rollback' : 'the runbook'} has not come to its end: it needs a person. At work or next: ${nameCurrent(run)}.`,
      );
  }
}
