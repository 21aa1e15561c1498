import type { ObservedInstance, DriverFor, ProbeSample } from '../../domain/deployment/ports.ts';
import { isDomainError } from '../../domain/errors.ts';
import { measuredCost } from '../../domain/guardian/measured-cost.ts';
import { distinctReplicas } from '../../domain/placement/rented-machines.ts';
import type { GuardianPolicy } from '../../domain/guardian/policy.ts';
import type { GuardedApplication, NewSamples } from '../../domain/guardian/ports.ts';
import { wholeApplication } from '../../domain/guardian/slo.ts';
import type { CandidateDatacentre, Offer } from '../../domain/placement/simulation.ts';
import { measureThroughput } from './measure-throughput.ts';

export interface MeasurePorts {
  readonly driverFor: DriverFor;
  readonly offers: () => Promise<readonly Offer[]>;
  readonly datacentres: () => Promise<readonly CandidateDatacentre[]>;
}

/**
 * One measurement of every requirement on what runs. A datacentre that cannot be asked gives no sample: that
 * nobody can look is not the same as that nothing answers.
 */
export async function measureRound(
  ports: MeasurePorts,
  guarded: GuardedApplication,
  policy: GuardianPolicy,
  signal: AbortSignal,
): Promise<NewSamples[]> {
  const { nfrs, verification, components, name } = guarded.planned;
  const tolerated = 1 + policy.tolerancePercent / 100;
  const entries = distinctReplicas(guarded.placement.assignments).filter(({ component }) =>
    components.some((one) => one.entry && one.name === component),
  );
  const probed = await Promise.all(
    entries.map(async ({ component, datacentre }) => {
      const samples = await unlessAway(async () =>
        (await ports.driverFor(datacentre)).probe(
          {
            application: name,
            datacentre,
            component,
            path: verification.path,
            samples: policy.samplesPerMeasurement,
            intervalMs: verification.intervalMs,
            timeoutMs: verification.timeoutMs,
          },
          { signal },
        ),
      );
      return { datacentre, component, samples: samples ?? [] };
    }),
  );
  const maxMs = nfrs.responseTime.p95MaxMs * tolerated;
  const whole = await measureWhole(ports, guarded, tolerated, signal);
  const throughput =
    nfrs.throughput === undefined
      ? []
      : await measureThroughput(
          ports.driverFor,
          guarded,
          nfrs.throughput.minPerSecond / tolerated,
          signal,
        );
  return [
    ...probed.flatMap(({ datacentre, component, samples }): NewSamples[] => {
      const answered = samples.filter(({ ok }) => ok);
      const key = { datacentre, component };
      return [
        { ...key, sli: 'availability', total: samples.length, good: answered.length },
        { ...key, sli: 'responseTime', total: answered.length, good: within(answered, maxMs) },
      ];
    }),
    ...throughput,
    ...whole,
  ].filter(({ total }) => total > 0);
}

function within(samples: readonly ProbeSample[], maxMs: number): number {
  return samples.filter(({ durationMs }) => durationMs <= maxMs).length;
}

/** Cost by today's prices and measured use, and the countries it is in; what is not known is no sample. */
async function measureWhole(
  ports: MeasurePorts,
  guarded: GuardedApplication,
  tolerated: number,
  signal: AbortSignal,
): Promise<NewSamples[]> {
  const { nfrs, name } = guarded.planned;
  const { assignments } = guarded.placement;
  const sites = [...new Set(assignments.map(({ datacentre }) => datacentre))];
  const [offers, datacentres, observed] = await Promise.all([
    ports.offers(),
    ports.datacentres(),
    Promise.all(sites.map((datacentre) => observe(ports, name, datacentre, signal))),
  ]);
  const { monthlyCost } = measuredCost(assignments, offers, observed.flat(), guarded.planned);
  const isOneCurrency = assignments.every(
    ({ offer }) => offers.find(({ id }) => id === offer)?.currency === nfrs.monthlyCost.currency,
  );
  const countries = sites.map((site) => datacentres.find(({ id }) => id === site)?.country);
  const check = (sli: NewSamples['sli'], isGood: boolean): NewSamples => ({
    ...wholeApplication,
    sli,
    total: 1,
    good: isGood ? 1 : 0,
  });
  return [
    ...(monthlyCost === null || !isOneCurrency
      ? []
      : [check('monthlyCost', monthlyCost <= nfrs.monthlyCost.max * tolerated)]),
    ...(countries.length === 0 || countries.includes(undefined)
      ? []
      : [
          check(
            'location',
            countries.every((country) => nfrs.location.countries.includes(country ?? '')),
          ),
        ]),
  ];
}

async function observe(
  { driverFor }: MeasurePorts,
  application: string,
  datacentre: string,
  signal: AbortSignal,
): Promise<(ObservedInstance & { datacentre: string })[]> {
  const observation = await unlessAway(async () =>
    (await driverFor(datacentre)).observe({ application, datacentre }, { signal }),
  );
  return (observation?.instances ?? []).map((instance) => ({ ...instance, datacentre }));
}

/** Undefined when the datacentre, or its driver, cannot be reached. */
export async function unlessAway<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isDomainError(error) && (error.kind === 'unavailable' || error.kind === 'not-found')) {
      return undefined;
    }
    throw error;
  }
}
