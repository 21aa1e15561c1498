import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { DomainError } from '../../domain/errors.ts';
import type {
  DatacentreDriver,
  DeploymentSite,
  DesiredState,
} from '../../domain/deployment/ports.ts';
import { forgetSite } from './applied-sets.ts';
import { applyDesired } from './apply-desired.ts';
import type { ApplyContext } from './apply-desired.ts';
import { checkDesired } from './desired-instances.ts';
import { checkFence, readFence } from './fences.ts';
import { findInstance, listInstances } from './instances.ts';
import type { Instance } from './instances.ts';
import { openLocalState } from './local-state.ts';
import { checkHealth, observeInstance } from './observe-instance.ts';
import { planDesired } from './plan-desired.ts';
import { httpGet, type GetOptions } from '../probing/http-get.ts';
import { probeComponent, unansweredSamples } from '../probing/probe-component.ts';
import { isAlive } from './proc.ts';
import { defaultPortRange } from './reserve-ports.ts';
import type { PortRange } from './reserve-ports.ts';

export { readEffects } from './effects.ts';
export type { Effect } from './effects.ts';

export interface LocalDriverOptions {
  /** Holds what runs, its logs and the journal of effects; shared by all workers of the machine. */
  readonly stateDirectory: string;
  readonly portRange?: PortRange;
  /** Address that components listen on; default 127.0.0.1. */
  readonly host?: string;
  /** Releases outside this directory are refused. */
  readonly releasesRoot?: string;
  /** Time between SIGTERM and SIGKILL; default 5000. */
  readonly stopGraceMs?: number;
  readonly logger?: Logger;
}

/** How long the exit code of a child that just ended may take to arrive. */
const exitNewsMs = 500;

/**
 * Datacentres made of processes of this machine. They survive the worker and are found again by any driver
 * on the same state directory. Runs commands of releases: only where that is wanted.
 * @throws DomainError `invalid` on any system but Linux.
 */
export function createLocalDriver(
  options: LocalDriverOptions,
): DatacentreDriver & { close(): void } {
  if (process.platform !== 'linux') {
    throw new DomainError(
      'invalid',
      `The local datacentre driver needs Linux: it tells processes apart by /proc, which ${process.platform} lacks.`,
      {
        code: 'linux-only',
        remedy: 'Run the worker on Linux (a container will do), or turn the driver off.',
      },
    );
  }
  const { releasesRoot, stopGraceMs = 5_000 } = options;
  const logger = options.logger ?? pino({ level: 'silent' });
  const state = openLocalState(options.stateDirectory);
  const endings = new Map<string, Promise<void>>();
  const context: ApplyContext = {
    state,
    host: options.host ?? '127.0.0.1',
    portRange: options.portRange ?? defaultPortRange,
    stopGraceMs,
    logger,
    onStart({ marker }, ended) {
      endings.set(marker, ended);
      void ended.finally(() => endings.delete(marker));
    },
  };

  const exitDetail = async (site: DeploymentSite, instance: Instance): Promise<string> => {
    const ended = endings.get(instance.marker);
    if (ended !== undefined) {
      // The timer also keeps this process alive for the news: children alone do not.
      const waiting = new AbortController();
      const { signal } = waiting;
      await Promise.race([ended, delay(exitNewsMs, undefined, { signal }).catch(() => {})]);
      waiting.abort();
    }
    const now = findInstance(state, site, instance.component);
    const known = now?.marker === instance.marker ? now.exitDetail : instance.exitDetail;
    return known ?? 'exited (the worker that started it did not live to see how)';
  };

  const unhealthyOf = async (
    desired: DesiredState,
    signal: AbortSignal | undefined,
  ): Promise<Set<string>> => {
    const instances = listInstances(state, desired).filter((one) => isAlive(one, one.marker));
    const checks = await Promise.all(instances.map((instance) => checkHealth(instance, signal)));
    return new Set(
      instances.filter((_, index) => checks[index]?.ok !== true).map(({ marker }) => marker),
    );
  };

  return {
    // eslint-disable-next-line @typescript-eslint/require-await -- a promise is what the port promises
    async plan(desired) {
      checkDesired(desired, releasesRoot);
      return state.locked(() => planDesired(context, desired, undefined, new Set()).plan);
    },

    async apply(desired, fence, { signal } = {}) {
      checkDesired(desired, releasesRoot);
      return applyDesired(context, { desired, fence, mode: 'apply', unhealthy: new Set(), signal });
    },

    async rollback(desired, fence, { signal } = {}) {
      checkDesired(desired, releasesRoot);
      const unhealthy = await unhealthyOf(desired, signal);
      return applyDesired(context, { desired, fence, mode: 'rollback', unhealthy, signal });
    },

    async remove({ application, datacentre }, fence, { signal } = {}) {
      const desired = { application, datacentre, release: '', releaseDigest: '', components: [] };
      checkDesired(desired, releasesRoot);
      await applyDesired(context, { desired, fence, mode: 'remove', unhealthy: new Set(), signal });
      state.locked(() => {
        checkFence(state, desired, fence);
        forgetSite(state, desired);
      });
    },

    async observe({ application, datacentre }, { signal } = {}) {
      const site = { application, datacentre };
      const instances = await Promise.all(
        listInstances(state, site).map((instance) =>
          observeInstance(instance, () => exitDetail(site, instance), signal),
        ),
      );
      const observedAt = new Date().toISOString();
      return { ...site, observedAt, fence: readFence(state, site), instances };
    },

    async probe(request, callOptions = {}) {
      callOptions.signal?.throwIfAborted();
      const { component, application, datacentre } = request;
      const instance = findInstance(state, request, component);
      if (instance === undefined) {
        const detail = `no ${component} of ${application} runs in ${datacentre}`;
        return unansweredSamples(request, detail, callOptions);
      }
      if (!isAlive(instance, instance.marker)) {
        // Not by a request: another program may have taken its port.
        const detail = `${component}: ${await exitDetail(request, instance)}`;
        return unansweredSamples(request, detail, callOptions);
      }
      // Not by URL: a path such as "//host/" must stay a path on this component.
      const ask = (path: string, limits: GetOptions) => httpGet(instance.url + path, limits);
      return probeComponent(request, ask, callOptions);
    },

    close: () => state.close(),
  };
}
