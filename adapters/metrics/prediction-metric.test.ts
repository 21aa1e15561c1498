import { describe, expect, it } from 'vitest';
import { describeMetricProviderContract } from '../../test/contracts/metric-provider.ts';
import { metricRequest, noSignal } from '../../test/support/metric-requests.ts';
import type { DatacentreDriver, ProbeSample } from '../../domain/deployment/ports.ts';
import type { RankedPlacement, SimulationResult } from '../../domain/placement/simulation.ts';
import { createPredictionMetric } from './prediction-metric.ts';

const { target } = metricRequest<'prediction'>({ kind: 'prediction', of: 'availability' });
const predicted = {
  availabilityPercent: 99.9,
  monthlyCost: 1,
  currency: 'EUR',
  responseTimeP95Ms: 100,
  countries: ['ES'],
};
const simulation = (
  placements: RankedPlacement[] = [
    { rank: 1, placement: { assignments: [...target.placement.assignments].reverse() }, predicted },
  ],
): SimulationResult => ({
  engine: { name: 'x', version: '1' },
  inputsHash: 'a'.repeat(64),
  status: 'optimal',
  placements,
  rejectedDatacentres: [],
  contradictions: [],
});
const sample = (ok: boolean, durationMs: number): ProbeSample => ({
  component: 'web',
  at: '2026-11-24T12:00:00.000Z',
  ok,
  durationMs,
  detail: '',
  hops: [],
});
const provider = (samples: readonly ProbeSample[] | 'never', result = simulation()) =>
  createPredictionMetric({
    findSimulation: () => Promise.resolve(result),
    driverFor: () =>
      Promise.resolve({
        probe: (_request, { signal } = {}) =>
          new Promise((resolve, reject) => {
            if (samples !== 'never') resolve(samples);
            const stop = () => reject(signal?.reason as Error);
            if (signal?.aborted === true) stop();
            signal?.addEventListener('abort', stop);
          }),
      } as Partial<DatacentreDriver> as DatacentreDriver),
  });
const of = (what: 'responseTimeP95Ms' | 'availability') =>
  metricRequest<'prediction'>({ kind: 'prediction', of: what });
const five = [10, 20, 30, 40, 150].map((ms) => sample(true, ms));

describeMetricProviderContract<'prediction'>('a prediction', () => {
  const good = of('responseTimeP95Ms');
  const byName: Readonly<Record<string, ReturnType<typeof provider>>> = {
    good: provider(five),
    broken: provider(five, simulation([])),
    hanging: provider('never'),
  };
  return Promise.resolve({
    provider: {
      measure: (request, options) => byName[request.metric]!.measure(request, options),
    },
    good: { ...good, metric: 'good' },
    broken: { ...good, metric: 'broken' },
    hanging: { ...good, metric: 'hanging' },
  });
});

describe('a prediction', () => {
  it('is held against the worst entry, as it answers now', async () => {
    const { value, detail } = await provider(five).measure(of('responseTimeP95Ms'), noSignal());
    expect(value).toEqual({ measured: 150, predicted: 100, ratio: 1.5 });
    expect(detail).toBe('150 ms measured, 100 ms predicted');
  });

  it('of availability counts what is not answered', async () => {
    const four = [...five.slice(1), sample(false, 1000)];
    const { value } = await provider(four).measure(of('availability'), noSignal());
    expect(value).toEqual({ measured: 80, predicted: 99.9, ratio: 0.8008 });
  });

  it.each([
    ['one sample too few', five.slice(1)],
    ['no answer to time', five.map(() => sample(false, 1000))],
  ])('has no data with %s', async (_what, samples) => {
    const { value } = await provider(samples).measure(of('responseTimeP95Ms'), noSignal());
    expect(value).toBeUndefined();
  });

  it('is an error where Optimus predicted another placement', async () => {
    const other = simulation([{ rank: 1, placement: { assignments: [] }, predicted }]);
    await expect(
      provider(five, other).measure(of('availability'), noSignal()),
    ).rejects.toMatchObject({ code: 'no-prediction' });
  });
});
