import { isSoft, type Nfrs } from '../application/nfrs.ts';
import type { ProbeSample } from '../deployment/ports.ts';
import type { JudgedMetric } from './analysis-report.ts';

/** What was measured at one entry component in one datacentre. */
export interface EntryEvidence {
  readonly datacentre: string;
  readonly component: string;
  readonly samplesWanted: number;
  readonly samples: readonly ProbeSample[];
}

export interface MeasuredEntry {
  readonly datacentre: string;
  readonly component: string;
  readonly samples: number;
  readonly answered: number;
  readonly availabilityPercent: number;
  /** Undefined when nothing was answered. */
  readonly responseTimeP95Ms: number | undefined;
}

export interface JudgedRequirement {
  readonly requirement: 'availability' | 'responseTime' | 'monthlyCost' | 'location';
  readonly verdict: 'holds' | 'violated' | 'inconclusive';
  readonly target: string;
  readonly measured: string;
  /** Datacentres that violate it. */
  readonly datacentres: readonly string[];
  /** A soft requirement is measured, and decides nothing. */
  readonly soft?: true;
}

export interface VerificationReport {
  readonly verdict: 'passed' | 'violated' | 'inconclusive';
  readonly summary: string;
  readonly requirements: readonly JudgedRequirement[];
  readonly entries: readonly MeasuredEntry[];
  /** Absent where the application has no metrics, or they were not measured. */
  readonly metrics?: readonly JudgedMetric[];
}

/**
 * The 95th percentile by nearest rank; undefined for no values. Exact for the samples given, so with fewer
 * than 20 it is the maximum.
 */
export function p95(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1];
}

/**
 * Holds the measured figures against the requirements closed in the application's definition. No data is
 * inconclusive, never success: no entry, or fewer samples than wanted, cannot pass. An unanswered probe is
 * data: it counts against availability.
 */
export function judgeVerification(
  nfrs: Nfrs,
  entries: readonly EntryEvidence[],
  placement: {
    readonly monthlyCost: number;
    readonly currency: string;
    readonly sites: readonly { readonly datacentre: string; readonly country: string }[];
  },
): VerificationReport {
  const measured = entries.map(measureEntry);
  const lacking = entries.filter(({ samples, samplesWanted }) => samples.length < samplesWanted);
  const inconclusive = entries.length === 0 || lacking.length > 0;
  const judge = (
    requirement: JudgedRequirement['requirement'],
    target: string,
    figures: string,
    offenders: readonly string[],
    needsProbes: boolean,
  ): JudgedRequirement => ({
    requirement,
    verdict:
      offenders.length > 0 ? 'violated' : needsProbes && inconclusive ? 'inconclusive' : 'holds',
    target,
    measured: figures,
    datacentres: offenders,
    ...(isSoft(nfrs, requirement) ? { soft: true } : {}),
  });

  const slow = measured.filter(
    ({ responseTimeP95Ms }) => (responseTimeP95Ms ?? 0) > nfrs.responseTime.p95MaxMs,
  );
  const failing = measured.filter(
    ({ availabilityPercent }) => availabilityPercent < nfrs.availability.minPercent,
  );
  const abroad = placement.sites.filter(
    ({ country }) => !nfrs.location.countries.includes(country),
  );
  const tooDear = placement.monthlyCost > nfrs.monthlyCost.max;
  const requirements = [
    judge(
      'availability',
      `at least ${nfrs.availability.minPercent} %`,
      listFigures(measured, (entry) => `${entry.availabilityPercent.toFixed(2)} %`),
      failing.map(({ datacentre }) => datacentre),
      true,
    ),
    judge(
      'responseTime',
      `p95 at most ${nfrs.responseTime.p95MaxMs} ms`,
      listFigures(measured, ({ responseTimeP95Ms }) =>
        responseTimeP95Ms === undefined ? 'no answer' : `${responseTimeP95Ms.toFixed(0)} ms`,
      ),
      slow.map(({ datacentre }) => datacentre),
      true,
    ),
    judge(
      'monthlyCost',
      `at most ${nfrs.monthlyCost.max.toFixed(2)} ${nfrs.monthlyCost.currency}`,
      `${placement.monthlyCost.toFixed(2)} ${placement.currency}`,
      tooDear ? placement.sites.map(({ datacentre }) => datacentre) : [],
      false,
    ),
    judge(
      'location',
      nfrs.location.countries.join(' or '),
      placement.sites.map(({ datacentre, country }) => `${datacentre} in ${country}`).join(', '),
      abroad.map(({ datacentre }) => datacentre),
      false,
    ),
  ];
  const violated = requirements.filter(
    ({ verdict, soft }) => verdict === 'violated' && soft !== true,
  );
  const verdict = violated.length > 0 ? 'violated' : inconclusive ? 'inconclusive' : 'passed';
  return {
    verdict,
    summary: summarise(verdict, requirements, violated),
    requirements,
    entries: measured,
  };
}

function measureEntry({ datacentre, component, samples }: EntryEvidence): MeasuredEntry {
  const answered = samples.filter(({ ok }) => ok);
  return {
    datacentre,
    component,
    samples: samples.length,
    answered: answered.length,
    availabilityPercent: samples.length === 0 ? 0 : (100 * answered.length) / samples.length,
    responseTimeP95Ms: p95(answered.map(({ durationMs }) => durationMs)),
  };
}

function listFigures(
  entries: readonly MeasuredEntry[],
  figure: (entry: MeasuredEntry) => string,
): string {
  if (entries.length === 0) return 'nothing was measured';
  return entries
    .map((entry) => `${entry.component}@${entry.datacentre} ${figure(entry)}`)
    .join(', ');
}

function summarise(
  verdict: VerificationReport['verdict'],
  requirements: readonly JudgedRequirement[],
  violated: readonly JudgedRequirement[],
): string {
  const say = ({ requirement, target, measured }: JudgedRequirement): string =>
    `${requirement} ${target}: ${measured}`;
  const gaveWay = requirements.filter((one) => one.verdict === 'violated' && one.soft === true);
  const hold = requirements.filter((one) => !gaveWay.includes(one));
  switch (verdict) {
    case 'passed':
      return gaveWay.length === 0
        ? `Every requirement holds. ${requirements.map(say).join('; ')}.`
        : `Every hard requirement holds. ${hold.map(say).join('; ')}. Soft, and not met: ${gaveWay.map(say).join('; ')}.`;
    case 'violated':
      return `Violated: ${violated.map(say).join('; ')}.`;
    case 'inconclusive':
      return `Too little evidence to tell: ${requirements.map(say).join('; ')}.`;
  }
}
