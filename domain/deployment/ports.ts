import type { ProcessSpec } from '../application/release-definition.ts';

/**
 * Who may act on a target. Tokens rise with every attempt on the same application in the same
 * datacentre; a driver refuses a token lower than the highest it has seen (DomainError `stale`), so that
 * a late worker cannot overwrite a newer attempt.
 */
export interface Fence {
  readonly token: number;
  readonly change: string;
  readonly attempt: number;
}

/** One application in one datacentre. */
export interface DeploymentSite {
  readonly application: string;
  readonly datacentre: string;
}

/** One replica that is to run; at most one of each component in a datacentre. */
export interface DesiredComponent {
  readonly name: string;
  readonly process: ProcessSpec;
  /** Where the components it calls answer, best first. */
  readonly bindings: Readonly<Record<string, readonly string[]>>;
}

/** All that is to run of an application in a datacentre; an empty list means nothing. */
export interface DesiredState extends DeploymentSite {
  readonly release: string;
  /** SHA-256 (hex) of the release's definition. */
  readonly releaseDigest: string;
  readonly components: readonly DesiredComponent[];
}

export interface PlannedAction {
  readonly component: string;
  readonly action: 'start' | 'replace' | 'keep' | 'stop';
  readonly reason: string;
}

export interface DeploymentPlan extends DeploymentSite {
  readonly actions: readonly PlannedAction[];
  /** Address of each planned component: reserved, and the same for every later release. */
  readonly endpoints: readonly { readonly component: string; readonly url: string }[];
}

export interface ObservedInstance {
  readonly component: string;
  readonly release: string;
  readonly releaseDigest: string;
  /** `ready` passed its health check just now; `failed` exited, or missed its ready time-out. */
  readonly state: 'starting' | 'ready' | 'failed';
  readonly url: string;
  /** Why it is in this state, with the exit code or the health check's answer. */
  readonly detail: string;
  /** ISO instant. */
  readonly startedAt: string;
  readonly memoryBytes?: number;
  readonly cpuSeconds?: number;
  /** Last lines of its output when it failed. */
  readonly logTail?: string;
}

export interface Observation extends DeploymentSite {
  /** ISO instant. */
  readonly observedAt: string;
  /** The highest fence seen; undefined before the first apply. */
  readonly fence: Fence | undefined;
  readonly instances: readonly ObservedInstance[];
}

export interface ProbeRequest extends DeploymentSite {
  readonly component: string;
  readonly path: string;
  readonly samples: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export interface ProbeSample {
  readonly component: string;
  /** ISO instant. */
  readonly at: string;
  readonly ok: boolean;
  readonly durationMs: number;
  /** Status line or error, for a person. */
  readonly detail: string;
  /**
   * Own time of each component that took part, where the answer says so by the `Server-Timing` header
   * (W3C; an entry `name;desc="datacentre";dur=ms` for each hop).
   */
  readonly hops: readonly { component: string; datacentre: string; durationMs: number }[];
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Called often while it works: an activity's heartbeat. */
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

/**
 * One kind of datacentre. Every method is idempotent: called again after a crash it finishes what was
 * begun and repeats nothing that was done. Implementations pass test/contracts/datacentre-driver.ts.
 * @throws DomainError `stale` for an outdated fence, `unavailable` when the datacentre cannot be reached,
 * `invalid` when the desired state cannot be run here.
 */
export interface DatacentreDriver {
  /** What `apply` would do, and where the components will answer. Reserves addresses, runs nothing. */
  plan(desired: DesiredState, options?: CallOptions): Promise<DeploymentPlan>;
  /** Makes the datacentre run exactly the desired state: starts, replaces, stops; does not wait for health. */
  apply(desired: DesiredState, fence: Fence, options?: CallOptions): Promise<DeploymentPlan>;
  observe(site: DeploymentSite, options?: CallOptions): Promise<Observation>;
  /** Real requests to one component; an unreachable component gives failed samples, not an error. */
  probe(request: ProbeRequest, options?: CallOptions): Promise<readonly ProbeSample[]>;
  /** As `apply` with the full earlier set, but replaces whatever is not healthy even if it looks the same. */
  rollback(desired: DesiredState, fence: Fence, options?: CallOptions): Promise<DeploymentPlan>;
  /** Stops and forgets everything of the application here. */
  remove(site: DeploymentSite, fence: Fence, options?: CallOptions): Promise<void>;
}

/** The driver that serves a datacentre. @throws DomainError `not-found` naming the datacentre and its driver. */
export type DriverFor = (datacentre: string) => Promise<DatacentreDriver>;
