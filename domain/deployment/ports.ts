import type { KubernetesSpec, ProcessSpec } from '../application/release-definition.ts';

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

/** One component that is to run, at most once in a datacentre: as a process, or as API objects. */
export type DesiredComponent = {
  readonly name: string;
  /** Where the components it calls answer, best first. */
  readonly bindings: Readonly<Record<string, readonly string[]>>;
} & (
  | { readonly process: ProcessSpec; readonly kubernetes?: never }
  | { readonly kubernetes: KubernetesSpec; readonly process?: never }
);

/**
 * A part of the way to the desired state, where a datacentre goes it in steps. `canary`: only a share of the
 * replicas runs the new release, beside the old one. `prepare`: what is switched (blue/green) stands, and gets
 * no request yet. `full`: all of it.
 */
export const deploymentStages = ['canary', 'prepare', 'full'] as const;
export type DeploymentStage = (typeof deploymentStages)[number];

export interface RolloutOptions {
  /** Share of the replicas that get the new release first, 1 to 99. */
  readonly canaryPercent?: number;
  /** Take over fields that somebody else manages. Only where the change says so. */
  readonly forceConflicts?: boolean;
}

/** All that is to run of an application in a datacentre; an empty list means nothing. */
export interface DesiredState extends DeploymentSite {
  readonly release: string;
  /** SHA-256 (hex) of the release's definition. */
  readonly releaseDigest: string;
  readonly components: readonly DesiredComponent[];
  readonly options?: RolloutOptions;
}

export interface PlannedAction {
  readonly component: string;
  readonly action: 'start' | 'replace' | 'keep' | 'stop';
  readonly reason: string;
}

/** One field that would differ; a path such as `spec.replicas`. Values of Secrets are not shown. */
export interface FieldChange {
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What an apply would do to one object outside, by the outside's own dry run. */
export interface PlannedObject {
  readonly component: string;
  /** `Deployment shop/web`. */
  readonly object: string;
  readonly action: 'create' | 'update' | 'keep' | 'delete' | 'unknown';
  readonly changes: readonly FieldChange[];
  /** Fields that somebody else manages, who would have to be overruled. */
  readonly conflicts: readonly { readonly manager: string; readonly fields: readonly string[] }[];
  /** Why it could not be told, or what is refused. */
  readonly problem?: string;
}

export interface DeploymentPlan extends DeploymentSite {
  readonly actions: readonly PlannedAction[];
  /** Where the datacentre can tell: each object, with what differs. */
  readonly objects?: readonly PlannedObject[];
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

export interface ApplyOptions extends CallOptions {
  /** Default `full`; what knows no stages takes each as `full`. */
  readonly stage?: DeploymentStage;
}

/**
 * One kind of datacentre. Every method is idempotent: called again after a crash it finishes what was
 * begun and repeats nothing that was done. Implementations pass test/contracts/datacentre-driver.ts.
 * @throws DomainError `stale` for an outdated fence, `unavailable` when the datacentre cannot be reached,
 * `invalid` when the desired state cannot be run here.
 */
export interface DatacentreDriver {
  /** How often it is worth looking whether it has become ready; default 200. */
  readonly pollMs?: number;
  /** What `apply` would do, and where the components will answer. Reserves addresses, runs nothing. */
  plan(desired: DesiredState, options?: CallOptions): Promise<DeploymentPlan>;
  /** Makes the datacentre run exactly the desired state: starts, replaces, stops; does not wait for health. */
  apply(desired: DesiredState, fence: Fence, options?: ApplyOptions): Promise<DeploymentPlan>;
  observe(site: DeploymentSite, options?: CallOptions): Promise<Observation>;
  /** Real requests to one component; an unreachable component gives failed samples, not an error. */
  probe(request: ProbeRequest, options?: CallOptions): Promise<readonly ProbeSample[]>;
  /** As `apply` with the full earlier set, but replaces whatever is not healthy even if it looks the same. */
  rollback(desired: DesiredState, fence: Fence, options?: ApplyOptions): Promise<DeploymentPlan>;
  /** Stops and forgets everything of the application here. */
  remove(site: DeploymentSite, fence: Fence, options?: CallOptions): Promise<void>;
}

/** The driver that serves a datacentre. @throws DomainError `not-found` naming the datacentre and its driver. */
export type DriverFor = (datacentre: string) => Promise<DatacentreDriver>;
