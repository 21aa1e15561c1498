import { assessedPlan } from '../../activities/assessment-activities.ts';
import { createRolloutActivities } from '../../activities/rollout-activities.ts';
import { withMappedFailures } from '../../activities/to-application-failure.ts';
import { createVerificationActivities } from '../../activities/verification-activities.ts';
import { createWindowActivities } from '../../activities/window-activities.ts';
import { waitingTimes } from '../../domain/approvals/terms.ts';
import type { ChangeSteps } from '../../domain/change/change-steps.ts';
import { planWindow } from '../../domain/change/plan-window.ts';
import type { ChangePlan, ChangeRegister, RolloutRegister } from '../../domain/change/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ExpectedDuration } from '../../domain/rehearsal/durations.ts';
import type { Scenario } from '../../domain/rehearsal/scenario.ts';
import { plannedMs } from '../../domain/verification/metric.ts';
import type { ChangeFacts, RehearsalPorts } from './rehearsal-facts.ts';
import type { RehearsedRecord } from './rehearsed-record.ts';
import { createRehearsedRollouts } from './rehearsed-rollouts.ts';
import { createRehearsedSites, type RehearsedSites, type Timed } from './rehearsed-sites.ts';

export interface RehearsalStepDeps {
  readonly ports: RehearsalPorts;
  readonly facts: ChangeFacts;
  readonly scenario: Scenario;
  readonly record: RehearsedRecord;
  /** ISO instant of the time that is skipped through. */
  readonly now: () => string;
}

/** Steps of a change that only a release has. */
type ReleaseSteps = Pick<
  ChangeSteps,
  | 'simulatePlacement'
  | 'planAttempt'
  | 'applySite'
  | 'awaitSite'
  | 'bakeSite'
  | 'verifyAttempt'
  | 'previewRollout'
>;
type TimedAll<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => Promise<infer R>
    ? (...args: A) => Promise<Timed<R>>
    : never;
};

/**
 * The steps of a change as a rehearsal carries them out: planning, placing and judging by the real code on what
 * the record says; the record itself, the datacentres and the clock are of the rehearsal.
 */
export function createRehearsalSteps(deps: RehearsalStepDeps): {
  readonly activities: Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;
  readonly sites: RehearsedSites | undefined;
} {
  const { ports, facts, record, now } = deps;
  const windows = createWindowActivities({
    changes: { requestedChange: () => Promise.resolve(record.change()) },
    inventory: ports.inventory,
    now,
  });
  const release = facts.rollout === undefined ? undefined : releaseSteps(deps, facts.rollout);
  return {
    sites: release?.sites,
    activities: withMappedFailures({
      ...record.activities,
      assessChange: () => atOnce(() => assess(deps)),
      findNextWindow: (input: { changeId: string }) => atOnce(() => windows.findNextWindow(input)),
      ...release?.steps,
    }),
  };
}

async function atOnce<T>(act: () => T | Promise<T>): Promise<Timed<T>> {
  return { tookMs: 0, value: await act() };
}

/** As it was assessed; a window that has moved since counts. */
function assess({ ports, facts, record, now }: RehearsalStepDeps) {
  const change = record.change();
  const plan: ChangePlan = {
    ...facts.plan,
    revision: change.revision,
    request: change.request,
    window: planWindow(change.window),
  };
  const times = waitingTimes(plan.approval ?? {}, {
    nowMs: Date.parse(now()),
    latestStartMs: Date.parse(plan.window.latestStartAt),
    expiryMs: ports.approvalExpiryMs,
  });
  const planHash =
    change.revision === facts.change.revision ? facts.planHash : `rehearsed-${change.revision}`;
  return assessedPlan(change, plan, planHash, times, facts.conflicts);
}

function releaseSteps(
  { ports, scenario, record, now }: RehearsalStepDeps,
  rollout: NonNullable<ChangeFacts['rollout']>,
): { readonly steps: TimedAll<ReleaseSteps>; readonly sites: RehearsedSites } {
  const { application, releaseDigest } = rollout;
  const nowMs = (): number => Date.parse(now());
  const rollouts: RolloutRegister = createRehearsedRollouts(ports.rollouts);
  const sites = createRehearsedSites({
    scenario,
    application,
    releaseDigest,
    rollouts,
    durationOf: (datacentre) => rollout.sites[datacentre] ?? nothingKnown(datacentre),
    nowMs,
  });
  const { metrics = [], ...probes } = application.verification;
  const changes: Omit<ChangeRegister, 'riskHistory' | 'storeAssessment'> = {
    ...ports.changes,
    requestedChange: () => Promise.resolve(record.change()),
    // Their sources are outside: a rehearsal counts their time, and asks none of them.
    plannedApplication: () => Promise.resolve({ ...application, verification: probes }),
    application: () => Promise.resolve(application),
  };
  let awayUntilMs: number | undefined;

  const simulate: RehearsalPorts['optimus']['simulate'] = async (input, options) => {
    if (scenario.kind === 'optimus-down') {
      awayUntilMs ??= nowMs() + scenario.minutes * 60_000;
      if (nowMs() < awayUntilMs) {
        throw new DomainError('unavailable', 'Optimus does not answer.', {
          code: 'optimus-unavailable',
        });
      }
    }
    return ports.optimus.simulate(input, options);
  };
  const driverFor = () => Promise.resolve(sites.driver);
  const real = createRolloutActivities({
    changes,
    rollouts,
    comparisons: { findPreview: () => Promise.resolve(undefined) },
    optimus: { simulate },
    driverFor,
    latencies: () => ports.inventory.latencies(),
    freshFigures: () => Promise.resolve([]),
    now,
  });
  const verification = createVerificationActivities({
    changes,
    rollouts,
    driverFor,
    offers: () => ports.inventory.offers(),
    datacentres: () => ports.inventory.candidateDatacentres(),
    now,
    metricProvider: { measure: asksNobody },
    expressions: { compile: asksNobody },
    analyses: { open: asksNobody, record: asksNobody },
  });
  const probingMs = probes.samples * probes.intervalMs;
  const metricsMs = Math.max(0, ...metrics.map(plannedMs));
  return {
    sites,
    steps: {
      applySite: (site) => sites.applySite(site),
      awaitSite: (site) => sites.awaitSite(site),
      bakeSite: (bake) => sites.bakeSite(bake),
      planAttempt: (ref) => atOnce(() => real.planAttempt(ref)),
      async simulatePlacement(ref) {
        const { expectedMs, worstMs } = rollout.simulation;
        const value = await real.simulatePlacement(ref);
        return { tookMs: scenario.kind === 'slow' ? worstMs : expectedMs, value };
      },
      async verifyAttempt(ref) {
        const value = await verification.verifyAttempt(ref);
        const kind = (await rollouts.findAttempt(ref))?.kind;
        const judges = value.verdict === 'passed' && kind !== 'rollback';
        return { tookMs: probingMs + (judges ? metricsMs : 0), value };
      },
      previewRollout: () =>
        atOnce(() => ({ summary: 'What it would do to the datacentres: see its diff.' })),
    },
  };
}

function asksNobody(): never {
  throw new Error('A rehearsal measures no metrics.');
}

function nothingKnown(datacentre: string): ExpectedDuration {
  return { of: `datacentre ${datacentre}`, expectedMs: 0, worstMs: 0, from: 'nothing' };
}
