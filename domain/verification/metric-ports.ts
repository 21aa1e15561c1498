import type { AttemptRef } from '../change/change-steps.ts';
import type { Placement } from '../placement/simulation.ts';
import type { MeasurementPhase } from './assess-value.ts';
import type { Metric } from './metric.ts';
import type { MetricArguments } from './metric-arguments.ts';
import type { MetricProviderKind, ProviderSpecOf } from './metric-providers.ts';
import type { MetricValue } from './metric-value.ts';

/** What is to be measured, once. */
export interface MetricRequest<Kind extends MetricProviderKind = MetricProviderKind> {
  readonly provider: ProviderSpecOf<Kind>;
  readonly metric: string;
  readonly scope: Metric['scope'];
  /** Of the measurement within its series; with the series it names a measurement for ever. */
  readonly number: number;
  readonly args: MetricArguments;
  /** Of one measurement. */
  readonly timeoutMs: number;
  readonly target: MetricTarget;
}

/** The attempt that is verified, in what providers need of it. */
export interface MetricTarget {
  readonly ref: AttemptRef;
  readonly placement: Placement;
  /** Where the replica of the series answers; only with the scope `component`. */
  readonly endpoint?: string;
  /** How entries are probed. */
  readonly probe: {
    readonly entries: readonly string[];
    readonly path: string;
    readonly samples: number;
    readonly intervalMs: number;
    readonly timeoutMs: number;
  };
}

export interface Measured {
  /** Undefined: it was measured, and there is no data. */
  readonly value: MetricValue | undefined;
  /** For a person: what was asked and answered, beyond the value. */
  readonly detail: string;
}

/**
 * One way to measure. Implementations pass test/contracts/metric-provider.ts. An answer that says something
 * bad is a value; only what could not be measured is an error, which says what to do.
 * @throws DomainError `unavailable` when trying again may help, `invalid` or `refused` when it will not.
 */
export interface MetricProvider<Kind extends MetricProviderKind = MetricProviderKind> {
  measure(
    request: MetricRequest<Kind>,
    options: { readonly signal: AbortSignal },
  ): Promise<Measured>;
}

/** The health of what runs of a release in a cluster, at this moment. */
export interface ClusterHealth {
  /** Where it runs, for a person. */
  readonly namespace: string;
  /** Replicas that should run, and those that are ready, of the workloads asked for. */
  readonly wanted: number;
  readonly ready: number;
  /** Pods that belong to the release now, ready or not. */
  readonly pods: number;
  /** Restarts of all their containers, since each pod was made. */
  readonly restarts: number;
}

/** Implemented by drivers of clusters. */
export interface ClusterHealthReader {
  /**
   * Undefined when nothing of the application is there. Counts only pods of the release in force.
   * @throws DomainError `unavailable` when the cluster cannot be reached, `invalid` when the datacentre is
   * none.
   */
  readHealth(
    request: {
      readonly application: string;
      readonly datacentre: string;
      /** Absent: all components. */
      readonly component?: string;
    },
    options: { readonly signal: AbortSignal },
  ): Promise<ClusterHealth | undefined>;
}

/** A measurement as it is kept: never changed once recorded. */
export interface RecordedMeasurement {
  readonly metric: string;
  readonly scopeKey: string;
  readonly number: number;
  readonly phase: MeasurementPhase;
  readonly value: MetricValue;
  readonly detail: string;
  /** ISO instant when it was finished. */
  readonly at: string;
}

/** What was measured of metrics, kept as it is taken. */
export interface AnalysisRegister {
  /** Begins the analysis of an attempt, or goes on with it; measurements are by rising number. */
  open(
    ref: AttemptRef,
    at: string,
  ): Promise<{ startedAt: string; measurements: readonly RecordedMeasurement[] }>;
  /** Gives what is recorded under its number: another process may have been first. */
  record(ref: AttemptRef, measurement: RecordedMeasurement): Promise<RecordedMeasurement>;
}
