import type { ApplicationDefinition } from '../application/application-definition.ts';
import { isSoft, type Nfrs } from '../application/nfrs.ts';
import { distinctReplicas } from '../placement/rented-machines.ts';
import type { GuardianPolicy } from './policy.ts';

/** What is measured for as long as an application runs. Persisted: never renamed. */
export const slis = [
  'availability',
  'responseTime',
  'throughput',
  'monthlyCost',
  'location',
] as const;
export type Sli = (typeof slis)[number];

/** One requirement as an objective: the share of good samples that it needs. */
export interface Slo {
  readonly sli: Sli;
  /** The requirement in words, as verification has it. */
  readonly target: string;
  /** Share of samples that must be good, 0 to 1, exclusive. */
  readonly objective: number;
  /** Fewer samples in a window are no data. */
  readonly minSamples: number;
  /** Fewer bad samples in a window are chance. */
  readonly minBad: number;
  /** When the newest sample is older, there is no data. */
  readonly staleAfterMs: number;
  /** One series for each entry replica, or one for the application as a whole. */
  readonly per: 'entry' | 'application';
}

/** Checks of the whole application are exact: a few are enough to tell a slip from a state. */
const fewChecks = { minSamples: 3, minBad: 3, per: 'application' } as const;
/** Measurements that may be missed before there is no data. */
const missable = 3;
const shortestStaleMs = 5 * 60_000;
/** A 95th percentile holds while 95 % of the answers are within it. */
const percentileObjective = 0.95;

/** The objectives that the hard requirements closed in an application's definition stand for. */
export function slosOf(
  nfrs: Nfrs,
  { minSamples, measureEverySeconds }: Pick<GuardianPolicy, 'minSamples' | 'measureEverySeconds'>,
): Slo[] {
  const staleAfterMs = Math.max(shortestStaleMs, missable * measureEverySeconds * 1000);
  const checks = { ...fewChecks, staleAfterMs };
  const probes = {
    minSamples,
    minBad: Math.ceil(minSamples / 5),
    staleAfterMs,
    per: 'entry',
  } as const;
  const slos: Slo[] = [
    {
      sli: 'availability',
      target: `at least ${nfrs.availability.minPercent} % answered`,
      objective: nfrs.availability.minPercent / 100,
      ...probes,
    },
    {
      sli: 'responseTime',
      target: `p95 at most ${nfrs.responseTime.p95MaxMs} ms`,
      objective: percentileObjective,
      ...probes,
    },
    ...(nfrs.throughput === undefined
      ? []
      : [
          {
            sli: 'throughput' as const,
            target: `at least ${nfrs.throughput.minPerSecond} answers a second`,
            objective: 0.9,
            ...checks,
          },
        ]),
    {
      sli: 'monthlyCost',
      target: `at most ${nfrs.monthlyCost.max.toFixed(2)} ${nfrs.monthlyCost.currency} a month`,
      objective: 0.99,
      ...checks,
    },
    {
      sli: 'location',
      target: `only in ${nfrs.location.countries.join(' or ')}`,
      objective: 0.99,
      ...checks,
    },
  ];
  return slos.filter(({ sli }) => !isSoft(nfrs, sli));
}

/** Where an objective is measured: an entry replica, or `''` for the application as a whole. */
export interface SeriesKey {
  readonly datacentre: string;
  readonly component: string;
}

export const wholeApplication: SeriesKey = { datacentre: '', component: '' };

/** Every series that must have data; one that has none is inconclusive, never good. */
export function seriesOf(
  slo: Slo,
  application: Pick<ApplicationDefinition, 'components'>,
  assignments: readonly SeriesKey[],
): SeriesKey[] {
  if (slo.per === 'application') return [wholeApplication];
  const entries = new Set(
    application.components.filter(({ entry }) => entry).map(({ name }) => name),
  );
  return distinctReplicas(assignments)
    .filter(({ component }) => entries.has(component))
    .map(({ datacentre, component }) => ({ datacentre, component }));
}
