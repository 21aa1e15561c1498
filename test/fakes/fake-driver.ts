import type {
  DatacentreDriver,
  DeploymentStage,
  DeploymentSite,
  DesiredState,
  Fence,
  ObservedInstance,
  ProbeSample,
} from '../../domain/deployment/ports.ts';
import { DomainError } from '../../domain/errors.ts';

/** What a replica does; what is not said is the healthy default. */
export interface Behaviour {
  /** `starting` for ever, until something else is said. */
  readonly state?: ObservedInstance['state'];
  /** Milliseconds that a request takes. */
  readonly durationMs?: number;
  /** Answers this many probes only; the rest of the samples is missing altogether. */
  readonly samples?: number;
}

/** Which replicas a behaviour holds for: what is not named means every one. */
export interface Replicas {
  readonly component?: string;
  readonly datacentre?: string;
  readonly release?: string;
}

interface Site {
  fence: Fence | undefined;
  running: Map<string, { release: string; releaseDigest: string; startedAt: string }>;
}

/** Datacentres in memory that keep to fences and desired states as real ones do, and misbehave on demand. */
export interface FakeDatacentres {
  readonly driver: DatacentreDriver;
  /** Later words win over earlier ones. */
  let(replicas: Replicas, behave: Behaviour): void;
  setReachable(datacentre: string, reachable: boolean): void;
  /** As somebody with access to the datacentre would, past CTC. */
  stop(application: string, datacentre: string, component: string): void;
  /** `datacentre/component` → release, of everything of an application that runs. */
  running(application: string): Record<string, string>;
  /** Every apply and rollback that was carried out, oldest first. */
  readonly effects: string[];
  /** Healthy and reachable everywhere again; what runs goes on. */
  heal(): void;
}

export function createFakeDatacentres(): FakeDatacentres {
  const sites = new Map<string, Site>();
  const unreachable = new Set<string>();
  const effects: string[] = [];
  let scripts: { replicas: Replicas; behave: Behaviour }[] = [];

  const siteOf = ({ application, datacentre }: DeploymentSite): Site => {
    if (unreachable.has(datacentre)) {
      throw new DomainError('unavailable', `Datacentre ${datacentre} does not answer.`, {
        code: 'datacentre-unreachable',
      });
    }
    const key = `${application}@${datacentre}`;
    const site = sites.get(key) ?? { fence: undefined, running: new Map() };
    sites.set(key, site);
    return site;
  };
  const behaviourOf = (replica: Required<Replicas>): Behaviour =>
    Object.assign(
      {},
      ...scripts
        .filter(({ replicas }) =>
          Object.entries(replicas).every(
            ([name, value]) => replica[name as keyof Replicas] === value,
          ),
        )
        .map(({ behave }) => behave),
    ) as Behaviour;
  const passFence = (site: Site, fence: Fence): void => {
    if (site.fence !== undefined && fence.token < site.fence.token) {
      throw new DomainError('stale', `Attempt ${fence.token} is older than ${site.fence.token}.`, {
        code: 'fenced-off',
      });
    }
    site.fence = fence;
  };
  const planFor = (desired: DesiredState): Awaited<ReturnType<DatacentreDriver['plan']>> => {
    const { running } = siteOf(desired);
    const wanted = new Set(desired.components.map(({ name }) => name));
    return {
      application: desired.application,
      datacentre: desired.datacentre,
      actions: [
        ...desired.components.map(({ name }) => {
          const now = running.get(name);
          const action =
            now === undefined
              ? ('start' as const)
              : now.releaseDigest === desired.releaseDigest
                ? ('keep' as const)
                : ('replace' as const);
          return { component: name, action, reason: 'what runs against what is wanted' };
        }),
        ...[...running.keys()]
          .filter((name) => !wanted.has(name))
          .map((component) => ({
            component,
            action: 'stop' as const,
            reason: 'it is wanted no more',
          })),
      ],
      endpoints: desired.components.map(({ name }) => ({
        component: name,
        url: `http://${desired.application}-${name}.${desired.datacentre}.example`,
      })),
    };
  };
  const makeSo = (
    desired: DesiredState,
    fence: Fence,
    stage: DeploymentStage,
  ): Awaited<ReturnType<DatacentreDriver['plan']>> => {
    const plan = planFor(desired);
    const site = siteOf(desired);
    passFence(site, fence);
    // A share of the replicas beside the old ones: what runs is still counted as the old release.
    if (stage !== 'full') return plan;
    const startedAt = new Date().toISOString();
    site.running = new Map(
      desired.components.map(({ name }) => [
        name,
        { release: desired.release, releaseDigest: desired.releaseDigest, startedAt },
      ]),
    );
    return plan;
  };

  const driver: DatacentreDriver = {
    plan: (desired) => soon(() => planFor(desired)),
    apply: (desired, fence, { stage = 'full' } = {}) =>
      soon(() => {
        const plan = makeSo(desired, fence, stage);
        effects.push(`apply ${desired.datacentre}${stage === 'full' ? '' : ` ${stage}`}`);
        return plan;
      }),
    rollback: (desired, fence, { stage = 'full' } = {}) =>
      soon(() => {
        const plan = makeSo(desired, fence, stage);
        effects.push(`rollback ${desired.datacentre}`);
        return plan;
      }),
    observe: (site) =>
      soon(() => {
        const { application, datacentre } = site;
        const { fence, running } = siteOf(site);
        return {
          application,
          datacentre,
          observedAt: new Date().toISOString(),
          fence,
          instances: [...running].map(([component, { release, releaseDigest, startedAt }]) => {
            const { state = 'ready' } = behaviourOf({ component, datacentre, release });
            return {
              component,
              release,
              releaseDigest,
              state,
              url: `http://${application}-${component}.${datacentre}.example`,
              detail: state === 'failed' ? 'exited with code 1' : state,
              startedAt,
            };
          }),
        };
      }),
    probe: (request) =>
      soon((): readonly ProbeSample[] => {
        const { component, datacentre } = request;
        const replica = siteOf(request).running.get(component);
        const {
          state = replica === undefined ? 'failed' : 'ready',
          durationMs = 40,
          samples = request.samples,
        } = behaviourOf({ component, datacentre, release: replica?.release ?? '' });
        return Array.from({ length: Math.min(samples, request.samples) }, () => ({
          component,
          at: new Date().toISOString(),
          ok: state === 'ready',
          durationMs,
          detail: state === 'ready' ? '200 OK' : 'connection refused',
          hops: state === 'ready' ? [{ component, datacentre, durationMs }] : [],
        }));
      }),
    remove: (site, fence) =>
      soon(() => {
        const found = siteOf(site);
        passFence(found, fence);
        found.running = new Map();
      }),
  };

  return {
    driver,
    effects,
    let: (replicas, behave) => {
      scripts.push({ replicas, behave });
    },
    setReachable: (datacentre, reachable) => {
      if (reachable) unreachable.delete(datacentre);
      else unreachable.add(datacentre);
    },
    stop: (application, datacentre, component) => {
      sites.get(`${application}@${datacentre}`)?.running.delete(component);
    },
    running: (application) =>
      Object.fromEntries(
        [...sites]
          .filter(([key]) => key.startsWith(`${application}@`))
          .flatMap(([key, { running }]) =>
            [...running].map(([component, { release }]): [string, string] => [
              `${key.slice(application.length + 1)}/${component}`,
              release,
            ]),
          )
          .sort(([a], [b]) => a.localeCompare(b)),
      ),
    heal: () => {
      scripts = [];
      unreachable.clear();
    },
  };
}

/** What `act` answers or throws, as a promise. */
// eslint-disable-next-line @typescript-eslint/require-await -- async is what turns a throw into a rejection
async function soon<T>(act: () => T): Promise<T> {
  return act();
}
