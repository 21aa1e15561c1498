import type { RunbookWindow } from '../runbook/runbook-times.ts';
import type { HoldableState } from './life-cycle.ts';
import type { ResolvedWindow } from '../windows/window.ts';
import type { StartableWindow } from '../windows/window-rules.ts';
import type { ChangePlan } from './ports.ts';
import type { AssessedPlan, PlannedSite } from './story.ts';

/** What of a window an approval is tied to; without parts and sites as it was before there were any. */
export function planWindow(window: ResolvedWindow): ChangePlan['window'] {
  const { opensAt, latestStartAt, closesAt, sites } = window;
  const { workFrom = opensAt, workUntil = closesAt } = window;
  return {
    opensAt,
    latestStartAt,
    closesAt,
    ...(workFrom === opensAt ? {} : { workFrom }),
    ...(workUntil === closesAt ? {} : { workUntil }),
    ...(sites === undefined ? {} : { sites }),
  };
}

/** The window of a plan as the workflow needs it. */
export function assessedWindow(
  window: ChangePlan['window'],
  comesAgain: boolean,
): Pick<
  AssessedPlan,
  | 'opensAtMs'
  | 'latestStartMs'
  | 'closesAtMs'
  | 'workFromMs'
  | 'workUntilMs'
  | 'sites'
  | 'comesAgain'
> {
  const { workFrom, workUntil, sites } = window;
  return {
    opensAtMs: Date.parse(window.opensAt),
    latestStartMs: Date.parse(window.latestStartAt),
    closesAtMs: Date.parse(window.closesAt),
    ...(workFrom === undefined ? {} : { workFromMs: Date.parse(workFrom) }),
    ...(workUntil === undefined ? {} : { workUntilMs: Date.parse(workUntil) }),
    ...(sites === undefined
      ? {}
      : {
          sites: sites.map((site) => ({
            datacentre: site.datacentre,
            workFromMs: Date.parse(site.workFrom),
            latestStartMs: Date.parse(site.latestStartAt),
            workUntilMs: Date.parse(site.workUntil),
            closesAtMs: Date.parse(site.closesAt),
          })),
        }),
    ...(comesAgain ? { comesAgain } : {}),
  };
}

/** The time for work: when it may begin, and until when it may go on. */
export function workOf(plan: AssessedPlan): StartableWindow {
  return {
    opensAtMs: plan.workFromMs ?? plan.opensAtMs,
    latestStartAtMs: plan.latestStartMs,
    closesAtMs: plan.workUntilMs ?? plan.closesAtMs,
  };
}

/** What the runbook of a change keeps to. */
export function runbookWindowOf(
  window: Pick<ResolvedWindow, 'opensAt' | 'closesAt' | 'workFrom' | 'workUntil'>,
): RunbookWindow {
  const { opensAt, closesAt, workFrom = opensAt, workUntil = closesAt } = window;
  return {
    workFromMs: Date.parse(workFrom),
    workUntilMs: Date.parse(workUntil),
    closesAtMs: Date.parse(closesAt),
  };
}

/** The same of an assessed plan. */
export function runbookWindowIn(plan: AssessedPlan): RunbookWindow {
  const work = workOf(plan);
  return {
    workFromMs: work.opensAtMs,
    workUntilMs: work.closesAtMs,
    closesAtMs: plan.closesAtMs,
  };
}

/** What a wave must keep to: the time that all of its datacentres have in common, else the plan's. */
export function waveWindow(
  plan: AssessedPlan,
  wave: readonly string[],
): StartableWindow & { readonly workUntilMs: number; readonly perDatacentre: boolean } {
  const sites = plan.sites?.filter(({ datacentre }) => wave.includes(datacentre)) ?? [];
  const work = workOf(plan);
  const latest = (of: (site: PlannedSite) => number, otherwise: number): number =>
    sites.length === 0 ? otherwise : Math.max(...sites.map(of));
  const earliest = (of: (site: PlannedSite) => number, otherwise: number): number =>
    sites.length === 0 ? otherwise : Math.min(...sites.map(of));
  return {
    opensAtMs: latest((site) => site.workFromMs, work.opensAtMs),
    latestStartAtMs: earliest((site) => site.latestStartMs, work.latestStartAtMs),
    workUntilMs: earliest((site) => site.workUntilMs, work.closesAtMs),
    closesAtMs: earliest((site) => site.closesAtMs, plan.closesAtMs),
    perDatacentre: sites.length > 0,
  };
}

/**
 * Until when a change that is held in a state loses nothing but time: after that its work can no longer begin, no
 * wave is covered with its rollback, or, with nothing left to begin, its time for work is over.
 */
export function waitsUntilMs(
  plan: AssessedPlan,
  held: HoldableState,
  wave: readonly string[] = [],
): number {
  const { workUntilMs, closesAtMs } = waveWindow(plan, wave);
  switch (held) {
    case 'scheduled':
      return Math.min(plan.latestStartMs, workUntilMs - 1);
    case 'verifying':
    case 'implementing':
      return workUntilMs;
    case 'simulating':
    case 'deploying':
    case 'deciding':
    case 'redeploying':
      return Math.min(workUntilMs, closesAtMs - plan.rollbackBudgetMs) - plan.waveBudgetMs;
  }
}
