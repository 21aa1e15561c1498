import type { ApplyOptions, DatacentreDriver } from '../../domain/deployment/ports.ts';
import type { ClusterHealthReader } from '../../domain/verification/metric-ports.ts';
import { httpGet, type Answer, type GetOptions } from '../probing/http-get.ts';
import { probeComponent, unansweredSamples } from '../probing/probe-component.ts';
import { applyRelease, refuseProblems, removeAll, type ClusterAccess } from './apply-release.ts';
import type { ClusterClient } from './cluster-client.ts';
import { createClusterResources } from './cluster-resources.ts';
import { proxiedPath } from './endpoints.ts';
import { observeRelease } from './observe-release.ts';
import { planRelease } from './plan-release.ts';
import { readReleaseHealth } from './release-health.ts';
import { createReleaseRecords } from './release-record.ts';
import { restartUnhealthy } from './restart-unhealthy.ts';
import { createApplier } from './server-side-apply.ts';

export interface KubernetesDriverOptions {
  readonly client: ClusterClient;
  readonly datacentre: string;
  /** Where CTC keeps what it knows of its releases in this cluster. */
  readonly recordNamespace?: string;
  readonly now?: () => Date;
}

export interface KubernetesDriver extends DatacentreDriver, ClusterHealthReader {}

/** A Kubernetes cluster as a datacentre: one driver for each cluster. */
export function createKubernetesDriver({
  client,
  datacentre,
  recordNamespace = 'ctc-system',
  now = () => new Date(),
}: KubernetesDriverOptions): KubernetesDriver {
  const resources = createClusterResources(client);
  const records = createReleaseRecords(client, { namespace: recordNamespace, datacentre });
  const access: ClusterAccess = { client, resources, records };
  const isoNow = (): string => now().toISOString();
  const requestOf = ({ signal }: ApplyOptions = {}) => (signal === undefined ? {} : { signal });

  return {
    pollMs: 500,

    plan: (desired, options) => planRelease(access, desired, requestOf(options)),

    async apply(desired, fence, options) {
      const request = requestOf(options);
      const plan = await planRelease(access, desired, request);
      refuseProblems(desired, plan);
      const how = { stage: options?.stage ?? 'full', now: isoNow };
      await applyRelease(access, desired, fence, how, request);
      return plan;
    },

    async rollback(desired, fence, options) {
      const request = requestOf(options);
      const plan = await planRelease(access, desired, request);
      const stage = options?.stage ?? 'full';
      // What others manage now stands in nobody's way: all that can be restored is, and then it is said.
      const applied = await applyRelease(access, desired, fence, { stage, now: isoNow }, request);
      if (stage === 'full') await restartUnhealthy(access, applied, fence, request);
      return plan;
    },

    async remove(site, fence, options) {
      const request = requestOf(options);
      const { application } = site;
      const record = await records.write(
        application,
        fence,
        (before) => ({
          ...(before ?? {
            release: '',
            releaseDigest: '',
            readyTimeouts: {},
            failAfterRestarts: {},
            objects: [],
          }),
          endpoints: {},
          stage: 'full',
          applied: false,
          appliedAt: isoNow(),
          fence,
        }),
        request,
      );
      const applier = createApplier(client, resources, site, false);
      await removeAll(applier, record.objects, fence.token, request);
      for (const ref of record.objects) {
        if (ref.kind === 'Deployment' || ref.kind === 'StatefulSet')
          await applier.awaitGone(ref, request);
      }
      // The fence stays: older attempts are refused for ever.
      await records.write(
        application,
        fence,
        (before) => ({ ...(before ?? record), applied: true, objects: [] }),
        request,
      );
    },

    observe: (site, options) => observeRelease(access, site, now, requestOf(options)),

    readHealth: (of, options) => readReleaseHealth(access, of, requestOf(options)),

    async probe(request, options = {}) {
      const record = await records.read(request.application, requestOf(options));
      const url = record?.endpoints[request.component];
      if (url === undefined) {
        const runs = record?.objects.some(({ component }) => component === request.component);
        // Without an address there is nothing to measure, which is not the same as no answer.
        if (runs === true) return [];
        const { component, application } = request;
        const detail = `no ${component} of ${application} runs in ${datacentre}`;
        return unansweredSamples(request, detail, options);
      }
      const path = proxiedPath(url, client.server);
      const ask =
        path === undefined
          ? (suffix: string, limits: GetOptions) => httpGet(url + suffix, limits)
          : (suffix: string, limits: GetOptions) => throughProxy(client, path + suffix, limits);
      return probeComponent(request, ask, options);
    },
  };
}

/** A request that the API server passes on to the Service. */
async function throughProxy(
  client: ClusterClient,
  path: string,
  { timeoutMs, signal }: GetOptions,
): Promise<Answer> {
  const begun = performance.now();
  try {
    const { status, headers } = await client.raw('GET', path, { timeoutMs, signal });
    const timing = headers['server-timing'];
    return {
      status,
      durationMs: performance.now() - begun,
      detail: `${status} through the API server`,
      serverTiming: Array.isArray(timing) ? timing.join(', ') : timing,
    };
  } catch (error) {
    signal?.throwIfAborted();
    const words = error instanceof Error ? error.message : String(error);
    return {
      status: undefined,
      durationMs: performance.now() - begun,
      detail: words,
      serverTiming: undefined,
    };
  }
}
