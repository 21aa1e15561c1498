import { DomainError } from '../errors.ts';
import { distinctReplicas } from '../placement/rented-machines.ts';
import type { Placement } from '../placement/simulation.ts';
import type { Metric } from './metric.ts';

/** One row of measurements: a metric, for the whole application, a datacentre or a replica. */
export interface MetricSeries {
  readonly metric: Metric;
  /** Of the series within its metric: empty, `mad`, or `web@mad`. Persisted. */
  readonly scopeKey: string;
  readonly datacentre?: string;
  readonly component?: string;
}

/** So that a definition cannot make a worker measure without end. */
const mostSeries = 1_000;

/** Of an attempt, what says where its release stands. */
export interface PlacedRelease {
  readonly releaseDigest: string;
  readonly placement: Placement;
  /** By datacentre: what is to run there. */
  readonly desired: Readonly<Record<string, { readonly releaseDigest: string }>>;
}

/**
 * Where the release that is verified stands. A datacentre that was given back runs the one before it, which says
 * nothing of the new one.
 */
export function standingPlacement({ releaseDigest, placement, desired }: PlacedRelease): Placement {
  return {
    ...placement,
    assignments: placement.assignments.filter(
      ({ datacentre }) => desired[datacentre]?.releaseDigest === releaseDigest,
    ),
  };
}

/** The series of every metric, over the placement that is verified. */
export function seriesOf(
  metrics: readonly Metric[],
  { assignments }: Pick<Placement, 'assignments'>,
): MetricSeries[] {
  const datacentres = [...new Set(assignments.map(({ datacentre }) => datacentre))].sort();
  const series = metrics.flatMap((metric): MetricSeries[] => {
    switch (metric.scope) {
      case 'application':
        return [{ metric, scopeKey: '' }];
      case 'datacentre':
        return datacentres.map((datacentre) => ({ metric, scopeKey: datacentre, datacentre }));
      case 'component':
        return distinctReplicas(assignments)
          .filter(({ component }) => metric.components?.includes(component) !== false)
          .map(({ component, datacentre }) => ({
            metric,
            scopeKey: `${component}@${datacentre}`,
            datacentre,
            component,
          }));
    }
  });
  if (series.length <= mostSeries) return series;
  throw new DomainError(
    'invalid',
    `The metrics would be measured in ${series.length} series; at most ${mostSeries} are.`,
    { code: 'too-many-series', remedy: 'Give some of them a wider scope, or name components.' },
  );
}
