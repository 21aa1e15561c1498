import { setTimeout as delay } from 'node:timers/promises';
import { heartbeatWhile } from './heartbeat.ts';
import type { SiteRef, SiteSteps } from '../domain/change/change-steps.ts';
import type { RolloutRegister } from '../domain/change/ports.ts';
import type {
  DeploymentStage,
  DesiredState,
  DriverFor,
  Fence,
  Observation,
} from '../domain/deployment/ports.ts';
import { DomainError } from '../domain/errors.ts';

export interface SiteActivityPorts {
  readonly rollouts: RolloutRegister;
  readonly driverFor: DriverFor;
  /** ISO instant. */
  readonly now: () => string;
}

const defaultPollMs = 200;
/** Added to the longest ready time-out of the components, for the driver to notice it itself first. */
const graceMs = 5_000;

/** Acts on one datacentre. The fence makes a late worker harmless; the driver makes repetition harmless. */
export function createSiteActivities({ rollouts, driverFor, now }: SiteActivityPorts): SiteSteps {
  const noteFailures = async (site: SiteRef, failed: Observation['instances']): Promise<void> => {
    const measuredAt = now();
    await rollouts.storeMeasurements(
      site,
      failed.map(({ component }) => ({
        datacentre: site.datacentre,
        component,
        availabilityPercent: 0,
        samples: 1,
        measuredAt,
      })),
    );
  };

  return {
    async applySite(site) {
      const { desired, fence } = await rollouts.siteTarget(site);
      const driver = await driverFor(site.datacentre);
      const { mode, stage = 'full' } = site;
      await heartbeatWhile((signal) =>
        mode === 'apply'
          ? driver.apply(desired, fence, { signal, stage })
          : driver.rollback(desired, fence, { signal, stage }),
      );
    },

    async awaitSite(site) {
      const { desired, fence } = await rollouts.siteTarget(site);
      const driver = await driverFor(site.datacentre);
      const { stage = 'full', deadlineMs } = site;
      const until = performance.now() + patienceMs(desired, deadlineMs, now());
      return heartbeatWhile(async (signal) => {
        for (;;) {
          const observation = await driver.observe(desired, { signal });
          refuseOutdated(observation, fence);
          const failed = failedOf(desired, observation);
          if (failed.length > 0) {
            await noteFailures(site, failed);
            return { ready: false, detail: failed.map(describeFailure).join('; ') };
          }
          if (isReady(desired, observation, stage)) {
            return { ready: true, detail: describeReady(desired, stage) };
          }
          if (performance.now() > until) {
            return {
              ready: false,
              detail: `not ready in time: ${describeStates(desired, observation)}`,
            };
          }
          await delay(driver.pollMs ?? defaultPollMs, undefined, { signal });
        }
      });
    },
  };
}

/** @throws DomainError `stale` where a newer attempt holds the target. */
export function refuseOutdated(
  { fence: seen, application, datacentre }: Observation,
  { token }: Fence,
): void {
  if (seen === undefined || seen.token <= token) return;
  throw new DomainError(
    'stale',
    `A newer attempt (${seen.attempt} of change ${seen.change}) holds ${application} in ${datacentre}.`,
    { code: 'fenced-off' },
  );
}

/** Until the deadline of the strategy; else as long as the most patient component, and a little more. */
function patienceMs(desired: DesiredState, deadlineMs: number | undefined, now: string): number {
  if (deadlineMs !== undefined) return deadlineMs - Date.parse(now);
  return longestReadyTimeoutMs(desired) + graceMs;
}

/** Of its most patient component; 0 where nothing is to run. */
export function longestReadyTimeoutMs({ components }: DesiredState): number {
  return Math.max(
    0,
    ...components.map(({ process, kubernetes }) => (process ?? kubernetes).readyTimeoutMs),
  );
}

export function failedOf(
  desired: DesiredState,
  { instances }: Observation,
): Observation['instances'] {
  const wanted = new Set(desired.components.map(({ name }) => name));
  return instances.filter(({ component, state }) => state === 'failed' && wanted.has(component));
}

/**
 * Exactly the desired components run, every one of this release and healthy. Before the last stage the old
 * release runs beside the new one: all that is there must be healthy.
 */
export function isReady(
  desired: DesiredState,
  { instances }: Observation,
  stage: DeploymentStage,
): boolean {
  if (stage !== 'full') {
    return instances.length > 0 && instances.every(({ state }) => state === 'ready');
  }
  return (
    instances.length === desired.components.length &&
    desired.components.every(({ name }) =>
      instances.some(
        (instance) =>
          instance.component === name &&
          instance.state === 'ready' &&
          instance.releaseDigest === desired.releaseDigest,
      ),
    )
  );
}

export function describeFailure(instance: Observation['instances'][number]): string {
  const lastLine = instance.logTail?.trim().split('\n').at(-1);
  return `${instance.component} ${instance.release}: ${instance.detail}${
    lastLine === undefined || lastLine === '' ? '' : `; its log ends with "${lastLine}"`
  }`;
}

function describeReady({ components, release }: DesiredState, stage: DeploymentStage): string {
  if (stage === 'canary') return `a share of release ${release} ready`;
  if (stage === 'prepare') return `release ${release} ready beside the one before it`;
  return components.length === 0
    ? 'nothing of it runs here any more'
    : `${components.map(({ name }) => name).join(', ')} of release ${release} ready`;
}

function describeStates({ components }: DesiredState, { instances }: Observation): string {
  const states = new Map(instances.map(({ component, state }) => [component, state]));
  return components.map(({ name }) => `${name} ${states.get(name) ?? 'absent'}`).join(', ');
}
