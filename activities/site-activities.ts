import { setTimeout as delay } from 'node:timers/promises';
import { heartbeatWhile } from './heartbeat.ts';
import type { SiteRef, SiteSteps } from '../domain/change/change-steps.ts';
import type { RolloutRegister } from '../domain/change/ports.ts';
import type { DesiredState, DriverFor, Observation } from '../domain/deployment/ports.ts';
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
      await heartbeatWhile((signal) =>
        site.mode === 'apply'
          ? driver.apply(desired, fence, { signal })
          : driver.rollback(desired, fence, { signal }),
      );
    },

    async awaitSite(site) {
      const { desired, fence } = await rollouts.siteTarget(site);
      const driver = await driverFor(site.datacentre);
      const readyTimeoutMs = Math.max(
        0,
        ...desired.components.map(
          ({ process, kubernetes }) => (process ?? kubernetes).readyTimeoutMs,
        ),
      );
      const deadline = performance.now() + readyTimeoutMs + graceMs;
      return heartbeatWhile(async (signal) => {
        for (;;) {
          const observation = await driver.observe(desired, { signal });
          if (observation.fence !== undefined && observation.fence.token > fence.token) {
            throw new DomainError(
              'stale',
              `A newer attempt (${observation.fence.attempt} of change ${observation.fence.change}) holds ${desired.application} in ${desired.datacentre}.`,
              { code: 'fenced-off' },
            );
          }
          const failed = failedOf(desired, observation);
          if (failed.length > 0) {
            await noteFailures(site, failed);
            return { ready: false, detail: failed.map(describeFailure).join('; ') };
          }
          if (isReady(desired, observation)) {
            return { ready: true, detail: describeReady(desired) };
          }
          if (performance.now() > deadline) {
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

function failedOf(desired: DesiredState, { instances }: Observation): Observation['instances'] {
  const wanted = new Set(desired.components.map(({ name }) => name));
  return instances.filter(({ component, state }) => state === 'failed' && wanted.has(component));
}

/** Exactly the desired components run, every one of this release and healthy. */
function isReady(desired: DesiredState, { instances }: Observation): boolean {
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

function describeFailure(instance: Observation['instances'][number]): string {
  const lastLine = instance.logTail?.trim().split('\n').at(-1);
  return `${instance.component} ${instance.release}: ${instance.detail}${
    lastLine === undefined || lastLine === '' ? '' : `; its log ends with "${lastLine}"`
  }`;
}

function describeReady({ components, release }: DesiredState): string {
  return components.length === 0
    ? 'nothing of it runs here any more'
    : `${components.map(({ name }) => name).join(', ')} of release ${release} ready`;
}

function describeStates({ components }: DesiredState, { instances }: Observation): string {
  const states = new Map(instances.map(({ component, state }) => [component, state]));
  return components.map(({ name }) => `${name} ${states.get(name) ?? 'absent'}`).join(', ');
}
