import type { SetbackReason } from '../../domain/change/decide-recovery.ts';
import { mayGoPast, type RolloutPolicy } from '../../domain/change/rollout-strategy.ts';
import type { AssessedPlan, PlannedAttempt, SiteOutcome } from '../../domain/change/story.ts';
import { rollout, verification } from '../steps.ts';
import { bakeWave } from './bake-wave.ts';
import type { ChangeStory } from './change-state.ts';
import {
  deployWave,
  deployWaveUntil,
  describeSite,
  isDone,
  recordOutcomes,
  type Wave,
} from './deploy-wave.ts';
import { holdIfAsked, isAskedToHold } from './hold.ts';
import { awaitWaveWindow, whyNotNow } from './wave-window.ts';

/** Before there were strategies for failures every plan was like this. */
export const policyOf = (plan: AssessedPlan): RolloutPolicy =>
  plan.rollout ?? { firstWaveMandatory: false, failureLimit: 0, onFailure: 'rollbackAll' };

/** What keeps an attempt from being verified. */
export interface Setback {
  readonly reason: SetbackReason;
  /** In words that follow "because". */
  readonly what: string;
  /** The datacentres of the wave it happened in. */
  readonly wave: readonly string[];
}

/** Null when every requirement was measured and holds; otherwise what went wrong. */
export async function deployAndVerify(
  story: ChangeStory,
  plan: AssessedPlan,
  { waves, stages }: PlannedAttempt,
  /** Where a wave of this change has begun: nothing there can miss its latest start any more. */
  begun: Set<string>,
): Promise<Setback | null> {
  const policy = policyOf(plan);
  const { attempt } = story;
  const all = waves.flat();
  const lost = new Set<string>();
  for (const [index, wave] of waves.entries()) {
    await holdIfAsked(story, wave);
    const name = `Wave ${index + 1}`;
    const waited = await awaitWaveWindow(story, plan, wave, name);
    const hindrance = whyNotNow(plan, wave, begun);
    if (hindrance !== undefined) {
      await story.step('fail-deployment', {
        message: `${name} is not started: ${hindrance}.`,
        alert: 'everyone-involved',
      });
      return { reason: 'window-too-short', what: hindrance, wave };
    }
    await story.note({
      message: `${name} of ${waves.length}: ${wave.join(', ')}.`,
      ...(waited ? { waitingFor: { what: 'wave', detail: `${waves.length} wave(s)` } } : {}),
    });
    const failuresAllowed =
      policy.onFailure === 'continue' ? Infinity : policy.failureLimit - lost.size;
    const deployed = await deployInTurns(story, plan, begun, {
      attempt,
      datacentres: wave,
      mode: 'apply',
      ...(stages === undefined ? {} : { stages }),
      failuresAllowed,
    });
    const failed = [
      ...deployed.filter((outcome) => !isDone(outcome)),
      ...(await bakeWhatStands(story, plan, attempt, deployed)),
    ];
    if (failed.length === 0) continue;
    for (const { datacentre } of failed) lost.add(datacentre);
    const words = failed.map(describeSite).join('; ');
    const so = { failed: lost.size, wave: index, left: all.filter((id) => !lost.has(id)).length };
    if (mayGoPast(policy, so)) {
      await story.note({
        message: `${name}: ${words}. The strategy lets it pass: what failed is restored, the rest goes on.`,
        alert: 'everyone-involved',
      });
      const back = await giveBack(
        story,
        failed.map(({ datacentre }) => datacentre),
        attempt,
      );
      if (back.every(isDone)) continue;
    }
    await story.step('fail-deployment', {
      message: `${name} failed: ${words}`,
      details: { outcomes: failed },
      alert: 'everyone-involved',
    });
    const reason = failed.some(({ refused }) => refused === true) ? 'refused' : 'site-failed';
    return { reason, what: `${name.toLowerCase()} failed`, wave };
  }
  return verify(story, attempt, waves.at(-1) ?? []);
}

/**
 * A wave whose strategy works on few datacentres at once can be long: it is held between two of them, too, and
 * goes on with the rest of it while its window leaves time.
 */
async function deployInTurns(
  story: ChangeStory,
  plan: AssessedPlan,
  begun: Set<string>,
  wave: Wave & { readonly failuresAllowed: number },
): Promise<SiteOutcome[]> {
  const all: SiteOutcome[] = [];
  for (let { datacentres } = wave; datacentres.length > 0;) {
    for (const datacentre of datacentres) begun.add(datacentre);
    const { outcomes, left } = await deployWaveUntil(story, policyOf(plan), {
      ...wave,
      datacentres,
      failuresAllowed: wave.failuresAllowed - all.filter((outcome) => !isDone(outcome)).length,
      mayGoOn: () => !isAskedToHold(story),
    });
    all.push(...outcomes);
    if (left.length === 0) break;
    for (const datacentre of left) begun.delete(datacentre);
    await holdIfAsked(story, left);
    const hindrance = whyNotNow(plan, left, begun);
    if (hindrance !== undefined) {
      const missed = left.map((datacentre) => ({
        datacentre,
        outcome: 'failed' as const,
        detail: `not begun after a hold: ${hindrance}`,
      }));
      await recordOutcomes(story, wave.attempt, missed);
      return [...all, ...missed];
    }
    datacentres = left;
  }
  return all;
}

/** Nothing bakes before it stands, and nothing at all where the strategy asks for none. */
async function bakeWhatStands(
  story: ChangeStory,
  plan: AssessedPlan,
  attempt: number,
  deployed: readonly SiteOutcome[],
): Promise<SiteOutcome[]> {
  const { bake: rule } = policyOf(plan);
  const standing = deployed.filter(isDone).map(({ datacentre }) => datacentre);
  if (rule === undefined || standing.length === 0) return [];
  const failed = await bakeWave(story, plan, rule, { attempt, datacentres: standing });
  if (failed.length > 0) await recordOutcomes(story, attempt, failed);
  return failed;
}

async function verify(
  story: ChangeStory,
  attempt: number,
  wave: readonly string[],
): Promise<Setback | null> {
  await story.step('deploy', {
    message: 'Every wave is ready: the requirements are measured.',
    waitingFor: { what: 'verification', detail: 'enough answered probes at every entry' },
  });
  // Measuring touches no datacentre.
  await holdIfAsked(story, []);
  const { verdict, summary } = await verification.verifyAttempt({
    changeId: story.changeId,
    attempt,
  });
  if (verdict === 'passed') {
    await story.step('verify', {
      message: summary,
      verifiedAttempt: attempt,
      alert: 'everyone-involved',
    });
    return null;
  }
  await story.step(verdict === 'violated' ? 'violate' : 'lack-evidence', {
    message: summary,
    alert: 'everyone-involved',
  });
  const what =
    verdict === 'violated' ? 'a requirement is violated' : 'there is too little evidence';
  return { reason: verdict, what, wave };
}

/**
 * Restores the last verified release in some datacentres, under a fence of their own: nothing of the attempt
 * that goes on without them acts there any more.
 */
export async function giveBack(
  story: ChangeStory,
  datacentres: readonly string[],
  leftOutOf = story.attempt,
): Promise<SiteOutcome[]> {
  story.attempt += 1;
  const { changeId, attempt } = story;
  const planned = await rollout.planAttempt({
    changeId,
    attempt,
    kind: 'rollback',
    only: { datacentres, leftOutOf },
  });
  await story.note({ message: planned.summary });
  return deployWave(story, {}, { ...planned, attempt, datacentres, mode: 'restore' });
}
