import { longestReadyTimeoutMs } from '../../activities/site-activities.ts';
import type { BakeSteps, SiteRef, SiteSteps } from '../../domain/change/change-steps.ts';
import type { RolloutRegister } from '../../domain/change/ports.ts';
import type { ApplicationDefinition } from '../../domain/application/application-definition.ts';
import type { DatacentreDriver } from '../../domain/deployment/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ExpectedDuration } from '../../domain/rehearsal/durations.ts';
import type { Scenario } from '../../domain/rehearsal/scenario.ts';

export interface RehearsedSitesDeps {
  readonly scenario: Scenario;
  readonly application: ApplicationDefinition;
  /** Of the release that the change deploys. */
  readonly releaseDigest: string;
  readonly rollouts: RolloutRegister;
  readonly durationOf: (datacentre: string) => ExpectedDuration;
  /** Epoch milliseconds of the time that is skipped through. */
  readonly nowMs: () => number;
}

/** A result, and how long the real step would have taken for it. */
export interface Timed<T> {
  readonly tookMs: number;
  readonly value: T;
}
type TimedSteps<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => Promise<infer R>
    ? (...args: A) => Promise<Timed<R>>
    : never;
};

export interface RehearsedSites extends TimedSteps<SiteSteps & BakeSteps> {
  /** For planning and probing; it deploys nothing. */
  readonly driver: DatacentreDriver;
  /** Whether anything has been applied there. */
  hasBegunIn(datacentre: string): boolean;
}

/** A request takes half of what is allowed, and twice of it where the scenario has it violated. */
const share = { within: 0.5, beyond: 2 };

/** Datacentres that take as long as they mostly do, and fail as the scenario says. */
export function createRehearsedSites(deps: RehearsedSitesDeps): RehearsedSites {
  const { scenario, application, releaseDigest, rollouts, durationOf, nowMs } = deps;
  const begun = new Set<string>();
  /** Digest of the release that runs in each datacentre. */
  const running = new Map<string, string>();
  let awayUntilMs: number | undefined;

  const reach = (datacentre: string): void => {
    if (scenario.kind !== 'datacentre-unreachable' || scenario.datacentre !== datacentre) return;
    awayUntilMs ??= nowMs() + scenario.minutes * 60_000;
    if (nowMs() >= awayUntilMs) return;
    throw new DomainError('unavailable', `Datacentre ${datacentre} does not answer.`, {
      code: 'datacentre-unreachable',
    });
  };
  const isSick = ({ datacentre, mode }: Pick<SiteRef, 'datacentre' | 'mode'>): boolean =>
    scenario.kind === 'datacentre-fails' && scenario.datacentre === datacentre && mode === 'apply';
  const { p95MaxMs } = application.nfrs.responseTime;
  const isSlow = (release: string | undefined): boolean =>
    scenario.kind === 'requirement-violated' && release === releaseDigest;

  return {
    hasBegunIn: (datacentre) => begun.has(datacentre),

    async applySite(site) {
      begun.add(site.datacentre);
      reach(site.datacentre);
      await rollouts.siteTarget(site);
      // What it takes until everything stands is counted as one.
      return { tookMs: 0, value: undefined };
    },

    async awaitSite(site) {
      const { desired } = await rollouts.siteTarget(site);
      const { datacentre, deadlineMs, stage = 'full' } = site;
      reach(datacentre);
      const { expectedMs, worstMs } = durationOf(datacentre);
      const takesMs = scenario.kind === 'slow' ? worstMs : expectedMs;
      const leftMs = deadlineMs === undefined ? Infinity : deadlineMs - nowMs();
      const [first] = desired.components;
      if (isSick(site) && first !== undefined) {
        // As the real step does of what has failed; in a sick datacentre that is all of it.
        const measuredAt = new Date(nowMs()).toISOString();
        await rollouts.storeMeasurements(
          site,
          desired.components.map(({ name: component }) => ({
            datacentre,
            component,
            availabilityPercent: 0,
            samples: 1,
            measuredAt,
          })),
        );
        const value = { ready: false, detail: `rehearsed: ${first.name} does not get ready` };
        return { tookMs: Math.min(leftMs, longestReadyTimeoutMs(desired)), value };
      }
      if (takesMs > leftMs) {
        return {
          tookMs: Math.max(0, leftMs),
          value: { ready: false, detail: 'rehearsed: not ready in time' },
        };
      }
      if (stage === 'full') running.set(datacentre, desired.releaseDigest);
      const names = desired.components.map(({ name }) => name).join(', ');
      const detail =
        stage === 'full'
          ? `rehearsed: ${names === '' ? 'nothing of it runs here any more' : `${names} of release ${desired.release} ready`}`
          : `rehearsed: the ${stage} of release ${desired.release} is ready`;
      return { tookMs: takesMs, value: { ready: true, detail } };
    },

    async bakeSite({ datacentre, untilMs, samples, ...ref }) {
      const { desired } = await rollouts.siteTarget({ ...ref, datacentre });
      reach(datacentre);
      const { intervalMs } = application.verification;
      if (isSlow(desired.releaseDigest)) {
        return {
          tookMs: application.verification.samples * intervalMs,
          value: { ok: false, detail: `rehearsed: slower than ${p95MaxMs} ms` },
        };
      }
      return {
        tookMs: Math.max(0, untilMs - nowMs(), samples * intervalMs),
        value: { ok: true, detail: 'rehearsed: it held' },
      };
    },

    driver: {
      plan: (desired) =>
        Promise.resolve({
          application: desired.application,
          datacentre: desired.datacentre,
          actions: [],
          endpoints: desired.components.map(({ name }) => ({
            component: name,
            url: `http://${name}.${desired.datacentre}.rehearsal.invalid`,
          })),
        }),
      probe: ({ component, datacentre, samples }) => {
        const durationMs =
          p95MaxMs * (isSlow(running.get(datacentre)) ? share.beyond : share.within);
        return Promise.resolve(
          Array.from({ length: samples }, () => ({
            component,
            at: new Date(nowMs()).toISOString(),
            ok: true,
            durationMs,
            detail: 'rehearsed',
            hops: [],
          })),
        );
      },
      apply: notRehearsed,
      observe: notRehearsed,
      rollback: notRehearsed,
      remove: notRehearsed,
    },
  };
}

function notRehearsed(): never {
  throw new Error('A rehearsal deploys nothing.');
}
