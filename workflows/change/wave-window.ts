import { condition } from '@temporalio/workflow';
import { waveWindow } from '../../domain/change/plan-window.ts';
import type { AssessedPlan } from '../../domain/change/story.ts';
import { formatUtc } from '../../domain/format-utc.ts';
import { coversWave } from '../../domain/windows/window-rules.ts';
import type { ChangeStory } from './change-state.ts';
import { holdIfAsked, isAskedToHold } from './hold.ts';

/** Where each datacentre has its own window: until those of the wave are open. Whether it had to wait. */
export async function awaitWaveWindow(
  story: ChangeStory,
  plan: AssessedPlan,
  wave: readonly string[],
  name: string,
): Promise<boolean> {
  const { opensAtMs } = waveWindow(plan, wave);
  if (Date.now() >= opensAtMs) return false;
  await story.note({
    message: `${name} waits: the window for work in ${wave.join(', ')} opens at ${formatUtc(opensAtMs)}.`,
    waitingFor: {
      what: 'wave',
      detail: `the window for work in ${wave.join(', ')} opens`,
      until: new Date(opensAtMs).toISOString(),
    },
  });
  while (Date.now() < opensAtMs) {
    await condition(() => isAskedToHold(story), opensAtMs - Date.now());
    await holdIfAsked(story, wave);
  }
  return true;
}

/** What keeps a wave from beginning now; undefined when nothing does. */
export function whyNotNow(
  plan: AssessedPlan,
  wave: readonly string[],
  begun: ReadonlySet<string>,
): string | undefined {
  const nowMs = Date.now();
  const window = waveWindow(plan, wave);
  // The window as a whole was begun in time already; a datacentre's own has its own latest start.
  const begins = window.perDatacentre && wave.some((datacentre) => !begun.has(datacentre));
  if (begins && nowMs > window.latestStartAtMs) {
    return `the latest start in ${wave.join(', ')}, ${formatUtc(window.latestStartAtMs)}, has passed`;
  }
  const { ok, missingMs } = coversWave({
    closesAtMs: window.closesAtMs,
    workUntilMs: window.workUntilMs,
    nowMs,
    waveMs: plan.waveBudgetMs,
    rollbackMs: plan.rollbackBudgetMs,
  });
  if (ok) return undefined;
  return `the window lacks ${Math.ceil(missingMs / 1000)} s for it and its rollback`;
}
