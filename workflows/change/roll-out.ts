import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { decideRecovery } from '../../domain/change/decide-recovery.ts';
import { workOf } from '../../domain/change/plan-window.ts';
import type { AssessedPlan, AttemptKind, PlannedAttempt } from '../../domain/change/story.ts';
import { record, rollout } from '../steps.ts';
import type { ChangeStory } from './change-state.ts';
import { deployAndVerify, giveBack, policyOf } from './deploy-and-verify.ts';
import { holdAfterFailure } from './hold-after-failure.ts';
import { holdIfAsked } from './hold.ts';
import { rollBack } from './roll-back.ts';
import { rootMessage } from './root-message.ts';
import { untilItCloses } from './until-it-closes.ts';

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
  let measuredSince: string | undefined;
  for (let round = 0; ; round += 1) {
    const simulated = await simulate(story, plan, round, measuredSince);
    if (simulated.kind !== 'placed') return simulated;
    const setback = await deployAndVerify(story, plan, simulated.planned, begun);
    if (setback === null) return { kind: 'verified' };

    const recovery = decideRecovery({
      reason: setback.reason,
      onFailure: policyOf(plan).onFailure,
      redeploymentsLeft: plan.maxRedeployments - round,
      remainingMs: remainingMs(plan),
      neededMs: plan.waveBudgetMs + plan.rollbackBudgetMs,
    });
    if (recovery.way === 'pause') {
      if (policyOf(plan).onFailure === 'rollbackWave') await giveBack(story, setback.wave);
      const because = `${setback.what}, and ${recovery.because}`;
      if ((await holdAfterFailure(story, plan, because)) === 'resumed') {
        // Whoever resumes it has mended what was measured before.
        measuredSince = new Date(Date.now()).toISOString();
        await reSimulate(story, 'it was resumed');
        continue;
      }
    }
    if (recovery.way !== 're-simulate') {
      const because = recovery.way === 'pause' ? 'nobody has decided in time' : recovery.because;
      await story.step('roll-back', {
        message: `Decision: roll back, because ${because}.`,
        waitingFor: { what: 'rollback', detail: 'the last verified release is restored' },
        alert: 'everyone-involved',
      });
      return { kind: 'roll-back', because };
    }
    await reSimulate(story, recovery.because);
  }
}

const reSimulate = (story: ChangeStory, because: string): Promise<void> =>
  story.step('re-simulate', {
    message: `Decision: ask Optimus again, because ${because}.`,
    waitingFor: { what: 'simulation', detail: 'Optimus answers with the measured figures' },
    alert: 'everyone-involved',
  });

/** What waves and their rollback have left: waves may not use the reserve, and a rollback may. */
function remainingMs(plan: AssessedPlan): number {
  const worksUntilMs = workOf(plan).closesAtMs;
  return Math.min(plan.closesAtMs, worksUntilMs + plan.rollbackBudgetMs) - Date.now();
}

async function simulate(
  story: ChangeStory,
  plan: AssessedPlan,
  round: number,
  measuredSince: string | undefined,
): Promise<{ kind: 'placed'; planned: PlannedAttempt } | Ending> {
  await holdIfAsked(story);
  story.attempt += 1;
  const ref = { changeId: story.changeId, attempt: story.attempt };
  const simulation = await untilItCloses(plan, () =>
    rollout.simulatePlacement({
      ...ref,
      ...(measuredSince === undefined ? {} : { measuredSince }),
    }),
  );
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
  return { kind: 'placed', planned };
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
