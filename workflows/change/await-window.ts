import { condition, isCancellation } from '@temporalio/workflow';
import { workOf } from '../../domain/change/plan-window.ts';
import type { FoundWindow } from '../../domain/change/change-steps.ts';
import type { AssessedPlan } from '../../domain/change/story.ts';
import { formatUtc } from '../../domain/format-utc.ts';
import { beginRun, currentSteps } from '../../domain/runbook/runbook-run.ts';
import { mayStart } from '../../domain/windows/window-rules.ts';
import { windows } from '../steps.ts';
import type { ChangeStory } from './change-state.ts';
import { holdIfAsked } from './hold.ts';
import { moveWindow } from './move-window.ts';
import { rootMessage } from './root-message.ts';
import { assigneesOf, hintsOf, waitsForRunbook } from './runbook-words.ts';

/**
 * Until the window's time for work begins: then the change begins, or has missed its window. It stays
 * `scheduled` during the preparation.
 */
export async function awaitWindow(story: ChangeStory, plan: AssessedPlan): Promise<void> {
  const scheduled = (): boolean => story.state === 'scheduled' && story.plan === plan;
  const reached = async (atMs: number): Promise<boolean> => {
    const inMs = atMs - Date.now();
    return inMs <= 0 || !(await condition(() => !scheduled(), inMs));
  };
  const work = workOf(plan);
  if (!(await reached(plan.opensAtMs))) return;
  await holdIfAsked(story);
  if (Date.now() < work.opensAtMs) {
    await story.turns.runExclusive(async () => {
      if (scheduled()) await announcePreparation(story, work.opensAtMs);
    });
    if (!(await reached(work.opensAtMs))) return;
    await holdIfAsked(story);
  }
  await story.turns.runExclusive(async () => {
    if (!scheduled()) return;
    await (mayStart(work, Date.now()) ? begin(story, plan) : missWindow(story, plan));
  });
}

async function announcePreparation(story: ChangeStory, workFromMs: number): Promise<void> {
  await story.note({
    message: `The window is open and its preparation has begun: work begins at ${formatUtc(workFromMs)}.`,
    waitingFor: {
      what: 'window',
      detail: 'its preparation ends',
      until: new Date(workFromMs).toISOString(),
    },
    alert: 'everyone-involved',
  });
}

async function begin(story: ChangeStory, plan: AssessedPlan): Promise<void> {
  if (plan.carriedOutBy === 'people' && plan.runbook !== undefined) {
    const run = beginRun(plan.runbook);
    story.run = run;
    await story.step('start-implementing', {
      message: `The window is open: the runbook begins.${hintsFor(plan)}${hintsOf(plan, run)}`,
      waitingFor: waitsForRunbook(plan, run),
      alert: 'everyone-involved',
      alertAlso: assigneesOf(currentSteps(run)),
    });
    return;
  }
  if (plan.carriedOutBy === 'people') {
    await story.step('start-implementing', {
      message: `The window is open: carry out the steps and report the outcome.${hintsFor(plan)}`,
      waitingFor: {
        what: 'people',
        detail: 'the outcome is reported',
        until: new Date(workOf(plan).closesAtMs).toISOString(),
      },
      alert: 'everyone-involved',
    });
    return;
  }
  await story.step('open-window', {
    message: 'The window is open: Optimus looks for the best placement.',
    waitingFor: { what: 'simulation', detail: 'Optimus answers' },
    alert: 'everyone-involved',
  });
}

/** What people must keep to besides the window itself. */
function hintsFor(plan: AssessedPlan): string {
  const { closesAtMs } = workOf(plan);
  const sites = plan.sites?.map(
    ({ datacentre, workFromMs, workUntilMs }) =>
      `${datacentre} ${formatUtc(workFromMs)} – ${formatUtc(workUntilMs)}`,
  );
  const reserve =
    closesAtMs < plan.closesAtMs
      ? ` Work until ${formatUtc(closesAtMs)}; the rest of the window is for backing out.`
      : '';
  return sites === undefined
    ? reserve
    : `${reserve} Each datacentre has its own window: ${sites.join('; ')}.`;
}

/** A window that comes again gives its place to the next one; another has passed for good. */
async function missWindow(story: ChangeStory, plan: AssessedPlan): Promise<void> {
  const missed = `The window's latest start, ${formatUtc(plan.latestStartMs)}, has passed.`;
  const next = plan.comesAgain === true ? await findNext(story) : null;
  if (next === null || typeof next === 'string') {
    await story.step('miss-window', {
      message: next === null ? missed : `${missed} ${next}`,
      alert: 'everyone-involved',
    });
    return;
  }
  await moveWindow(story, {
    ...next,
    event: 'miss-occurrence',
    actor: 'workflow',
    revision: plan.revision + 1,
    message: `${missed} The next one of its series counts, from ${formatUtc(Date.parse(next.opensAt))} to ${formatUtc(Date.parse(next.closesAt))}: it is assessed and approved anew.`,
  });
}

/** The next window, or why there is none. */
async function findNext(story: ChangeStory): Promise<FoundWindow | string> {
  try {
    const found = await windows.findNextWindow({ changeId: story.changeId });
    return found ?? 'It was the last one of its series.';
  } catch (error) {
    if (isCancellation(error)) throw error;
    return `The next one of its series cannot be found: ${rootMessage(error)}`;
  }
}
