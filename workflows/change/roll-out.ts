import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { decideRecovery, type SetbackReason } from '../../domain/change/decide-recovery.ts';
import { workOf } from '../../domain/change/plan-window.ts';
import type {
  AssessedPlan,
  AttemptKind,
  PlannedAttempt,
  SiteOutcome,
} from '../../domain/change/story.ts';
import { deploymentWorkflow } from '../deployment/deployment-workflow.ts';
import { record, rollout, verification } from '../steps.ts';
import type { ChangeStory } from './change-state.ts';
import { holdIfAsked } from './hold.ts';
import { awaitWaveWindow, whyNotNow } from './wave-window.ts';

/** How a roll-out ended, when nobody stopped it. */
type Ending =
  | { readonly kind: 'verified' }
  | { readonly kind: 'untouched' }
  | { readonly kind: 'roll-back'; readonly because: string };

/**
 * Simulates, deploys wave by wave and verifies; after a setback it re-simulates with the measured figures
 * and redeploys, or rolls back. Whatever stops it on the way, production is left verified or restored.
 */
export async function rollOut(story: ChangeStory, plan: AssessedPlan): Promise<void> {
  const scope = new CancellationScope();
  story.rollout = scope;
  // It was stopped between the window's opening and here.
  if (story.abort !== null) scope.cancel();
  let ending: Ending;
  try {
    ending = await scope.run(() => deployUntilVerified(story, plan));
  } catch (error) {
    ending = { kind: 'roll-back', because: await explainStop(story, error) };
  } finally {
    story.rollout = null;
  }
  await CancellationScope.nonCancellable(async () => {
    if (ending.kind === 'roll-back') await rollBack(story, ending.because);
    await record.releaseTargets(story.changeId);
  });
}

async function deployUntilVerified(story: ChangeStory, plan: AssessedPlan): Promise<Ending> {
  const begun = new Set<string>();
  for (let round = 0; ; round += 1) {
    const simulated = await simulate(story, plan, round);
    if (simulated.kind !== 'placed') return simulated;
    const setback = await deployAndVerify(story, plan, simulated.waves, begun);
    if (setback === null) return { kind: 'verified' };

    const recovery = decideRecovery({
      reason: setback,
      redeploymentsLeft: plan.maxRedeployments - round,
      remainingMs: remainingMs(plan),
      neededMs: plan.waveBudgetMs + plan.rollbackBudgetMs,
    });
    if (recovery.way === 'roll-back') {
      await story.step('roll-back', {
        message: `Decision: roll back, because ${recovery.because}.`,
        waitingFor: { what: 'rollback', detail: 'the last verified release is restored' },
        alert: 'everyone-involved',
      });
      return { kind: 'roll-back', because: recovery.because };
    }
    await story.step('re-simulate', {
      message: `Decision: ask Optimus again, because ${recovery.because}.`,
      waitingFor: { what: 'simulation', detail: 'Optimus answers with the measured figures' },
      alert: 'everyone-involved',
    });
  }
}

/** What waves and their rollback have left: waves may not use the reserve, and a rollback may. */
function remainingMs(plan: AssessedPlan): number {
  const worksUntilMs = workOf(plan).closesAtMs;
  return Math.min(plan.closesAtMs, worksUntilMs + plan.rollbackBudgetMs) - Date.now();
}

async function simulate(
  story: ChangeStory,
  plan: AssessedPlan,
  round: number,
): Promise<{ kind: 'placed'; waves: PlannedAttempt['waves'] } | Ending> {
  await holdIfAsked(story);
  story.attempt += 1;
  const ref = { changeId: story.changeId, attempt: story.attempt };
  const simulation = await untilItCloses(plan, () => rollout.simulatePlacement(ref));
  if (simulation.status === 'infeasible') {
    await story.step('find-no-placement', {
      message: simulation.summary,
      alert: 'everyone-involved',
    });
    return round === 0
      ? { kind: 'untouched' }
      : { kind: 'roll-back', because: 'no placement meets the requirements' };
  }
  const kind: AttemptKind = round === 0 ? 'deploy' : 'redeploy';
  const planned = await untilItCloses(plan, () => rollout.planAttempt({ ...ref, kind }));
  await story.step('simulate', {
    message: `${simulation.summary} ${planned.summary}`,
    details: { attempt: story.attempt, waves: planned.waves },
    waitingFor: { what: 'wave', detail: `${planned.waves.length} wave(s)` },
  });
  return { kind: 'placed', waves: planned.waves };
}

/** Optimus or a datacentre may be away for long; the end of the time for work stops the waiting. */
async function untilItCloses<T>(plan: AssessedPlan, ask: () => Promise<T>): Promise<T> {
  try {
    const leftMs = Math.max(1, workOf(plan).closesAtMs - Date.now());
    return await CancellationScope.withTimeout(leftMs, ask);
  } catch (error) {
    if (!isCancellation(error) || CancellationScope.current().consideredCancelled) throw error;
    throw ApplicationFailure.nonRetryable(
      'the window closed before Optimus and the datacentres had answered',
    );
  }
}

/** Null when every requirement was measured and holds; otherwise what went wrong. */
async function deployAndVerify(
  story: ChangeStory,
  plan: AssessedPlan,
  waves: PlannedAttempt['waves'],
  /** Where a wave of this change has begun: nothing there can miss its latest start any more. */
  begun: Set<string>,
): Promise<SetbackReason | null> {
  for (const [index, wave] of waves.entries()) {
    await holdIfAsked(story);
    const name = `Wave ${index + 1}`;
    const waited = await awaitWaveWindow(story, plan, wave, name);
    const hindrance = whyNotNow(plan, wave, begun);
    if (hindrance !== undefined) {
      await story.step('fail-deployment', {
        message: `${name} is not started: ${hindrance}.`,
        alert: 'everyone-involved',
      });
      return 'window-too-short';
    }
    await story.note({
      message: `${name} of ${waves.length}: ${wave.join(', ')}.`,
      ...(waited ? { waitingFor: { what: 'wave', detail: `${waves.length} wave(s)` } } : {}),
    });
    for (const datacentre of wave) begun.add(datacentre);
    const outcomes = await deployWave(story, wave, 'apply');
    const failed = outcomes.filter(({ outcome }) => outcome !== 'applied');
    if (failed.length > 0) {
      await story.step('fail-deployment', {
        message: `${name} failed: ${failed.map(describeSite).join('; ')}`,
        details: { outcomes },
        alert: 'everyone-involved',
      });
      return 'site-failed';
    }
  }
  await story.step('deploy', {
    message: 'Every wave is ready: the requirements are measured.',
    waitingFor: { what: 'verification', detail: 'enough answered probes at every entry' },
  });
  await holdIfAsked(story);
  const ref = { changeId: story.changeId, attempt: story.attempt };
  const { verdict, summary } = await verification.verifyAttempt(ref);
  if (verdict === 'passed') {
    await story.step('verify', {
      message: summary,
      verifiedAttempt: ref.attempt,
      alert: 'everyone-involved',
    });
    return null;
  }
  await story.step(verdict === 'violated' ? 'violate' : 'lack-evidence', {
    message: summary,
    alert: 'everyone-involved',
  });
  return verdict;
}

async function deployWave(
  story: ChangeStory,
  wave: readonly string[],
  mode: 'apply' | 'restore',
): Promise<SiteOutcome[]> {
  const { changeId, attempt } = story;
  const outcomes = await Promise.all(
    wave.map((datacentre) =>
      executeChild(deploymentWorkflow, {
        workflowId: `change/${changeId}/${attempt}/${datacentre}`,
        args: [{ changeId, attempt, datacentre, mode }],
        // The default would kill a deployment half-done together with its parent.
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      }),
    ),
  );
  await record.recordSiteOutcomes({ changeId, attempt }, outcomes);
  for (const outcome of outcomes) await story.note({ message: describeSite(outcome) });
  return outcomes;
}

/** Restores the last verified release in every datacentre that was touched. Starts in `rolling-back`. */
export async function rollBack(story: ChangeStory, because: string): Promise<void> {
  story.attempt += 1;
  const ref = { changeId: story.changeId, attempt: story.attempt };
  story.waitingFor = { what: 'rollback', detail: 'the last verified release is restored' };
  try {
    const planned = await rollout.planAttempt({ ...ref, kind: 'rollback' });
    await story.note({ message: `Rolling back, because ${because}. ${planned.summary}` });
    const outcomes = (
      await Promise.all(planned.waves.map((wave) => deployWave(story, wave, 'restore')))
    ).flat();
    const broken = outcomes.filter(({ outcome }) => outcome !== 'restored');
    if (broken.length > 0) {
      await failToRestore(story, broken.map(describeSite).join('; '));
      return;
    }
    if (!planned.leavesSomething) {
      await story.step('restore', {
        message: planned.summary,
        alert: 'everyone-involved',
      });
      return;
    }
    const { verdict, summary } = await verification.verifyAttempt(ref);
    if (verdict !== 'passed') {
      await failToRestore(story, summary);
      return;
    }
    await story.step('restore', {
      message: `The last verified release answers again: ${summary}`,
      alert: 'everyone-involved',
    });
  } catch (error) {
    await failToRestore(story, rootMessage(error));
  }
}

async function failToRestore(story: ChangeStory, detail: string): Promise<void> {
  await story.step('fail-to-restore', {
    message: `The rollback is incomplete and needs a person: ${detail}`,
    waitingFor: { what: 'people', detail: 'somebody mends it and tries the rollback again' },
    alert: 'everyone-involved',
  });
}

/** An abort by a person, a cancelled workflow, or an error that no step foresaw: each ends in a rollback. */
async function explainStop(story: ChangeStory, error: unknown): Promise<string> {
  const abort = story.abort;
  const because =
    abort !== null
      ? `${abort.by} stopped it: ${abort.reason}`
      : isCancellation(error)
        ? 'the workflow was cancelled'
        : rootMessage(error);
  await CancellationScope.nonCancellable(async () => {
    if (story.state === 'rolling-back') return;
    await story.step('abort', {
      actor: abort?.by ?? 'workflow',
      message: `Stopped, because ${because}.`,
      waitingFor: { what: 'rollback', detail: 'the last verified release is restored' },
      alert: 'everyone-involved',
    });
  });
  return because;
}

function describeSite({ datacentre, outcome, detail }: SiteOutcome): string {
  return `${datacentre}: ${outcome} (${detail})`;
}

function rootMessage(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
