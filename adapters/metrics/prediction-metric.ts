import type { RolloutRegister } from '../../domain/change/ports.ts';
import type { DriverFor, ProbeSample } from '../../domain/deployment/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { distinctReplicas } from '../../domain/placement/rented-machines.ts';
import type { Placement, PredictedNfrs } from '../../domain/placement/simulation.ts';
import { p95 } from '../../domain/verification/judge-verification.ts';
import type {
  Measured,
  MetricProvider,
  MetricTarget,
} from '../../domain/verification/metric-ports.ts';

export interface PredictionMetricDeps {
  readonly findSimulation: RolloutRegister['findSimulation'];
  readonly driverFor: DriverFor;
}

/**
 * Probes the entries anew and holds the worst of them against what Optimus predicted for the placement.
 * Fewer answers than wanted are no data.
 */
export function createPredictionMetric({
  findSimulation,
  driverFor,
}: PredictionMetricDeps): MetricProvider<'prediction'> {
  return {
    async measure({ provider, args, target }, { signal }) {
      const simulation = await findSimulation(target.ref);
      const ranked = simulation?.placements.find(({ placement }) =>
        isSame(placement, target.placement),
      );
      if (ranked === undefined) {
        throw new DomainError('invalid', 'Optimus predicted nothing for this placement.', {
          code: 'no-prediction',
          remedy: 'Measure against a figure of your own, such as a Prometheus query.',
        });
      }
      const probed = await probeEntries(target, args.application, driverFor, signal);
      const predicted = predictedFigure(ranked.predicted, provider.of);
      const measured = probed.some(({ length }) => length < target.probe.samples)
        ? undefined
        : measuredFigure(probed, provider.of);
      const unit = provider.of === 'availability' ? '%' : 'ms';
      return describe(measured, predicted, unit);
    },
  };
}

async function probeEntries(
  { placement, probe }: MetricTarget,
  application: string,
  driverFor: DriverFor,
  signal: AbortSignal,
): Promise<(readonly ProbeSample[])[]> {
  const { entries, ...how } = probe;
  const replicas = distinctReplicas(placement.assignments).filter(({ component }) =>
    entries.includes(component),
  );
  return Promise.all(
    replicas.map(async ({ component, datacentre }) => {
      const driver = await driverFor(datacentre);
      return driver.probe({ application, datacentre, component, ...how }, { signal });
    }),
  );
}

/** Of the worst entry; undefined where there is none, or where one has no answer to time. */
function measuredFigure(
  probed: readonly (readonly ProbeSample[])[],
  of: 'responseTimeP95Ms' | 'availability',
): number | undefined {
  const figures = probed.map((samples) => {
    const answered = samples.filter(({ ok }) => ok);
    if (of === 'availability') return (100 * answered.length) / samples.length;
    return p95(answered.map(({ durationMs }) => durationMs));
  });
  const known = figures.filter((figure) => figure !== undefined);
  if (known.length === 0 || known.length < figures.length) return undefined;
  return of === 'availability' ? Math.min(...known) : Math.max(...known);
}

function predictedFigure(
  predicted: PredictedNfrs,
  of: 'responseTimeP95Ms' | 'availability',
): number {
  return of === 'availability' ? predicted.availabilityPercent : predicted.responseTimeP95Ms;
}

function describe(measured: number | undefined, predicted: number, unit: string): Measured {
  const promised = `${round(predicted)} ${unit} predicted`;
  if (measured === undefined || !Number.isFinite(measured)) {
    return { value: undefined, detail: `too few answers; ${promised}` };
  }
  return {
    value: {
      measured: round(measured),
      predicted: round(predicted),
      ratio: round(measured / predicted),
    },
    detail: `${round(measured)} ${unit} measured, ${promised}`,
  };
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

function isSame(one: Placement, other: Placement): boolean {
  const key = ({ assignments }: Placement): string =>
    assignments
      .map(({ component, datacentre, offer }) => `${component}@${datacentre}:${offer}`)
      .sort()
      .join(' ');
  return key(one) === key(other);
}
