import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countPhases, errorRetryMs, runPhase, seriesState, stopsRun } from './analysis.ts';
import { measurementPhases, worstPhase, type MeasurementPhase } from './assess-value.ts';
import { durationMs } from './duration.ts';
import { metricSchema, type Metric } from './metric.ts';

const metric = (more: Partial<Metric> = {}): Metric => ({
  ...metricSchema.parse({
    name: 'm',
    provider: { kind: 'prometheus', query: 'up' },
    successCondition: 'result > 0',
  }),
  ...more,
});
const startedAtMs = 1_000_000;
const measured = (phases: readonly MeasurementPhase[]) =>
  phases.map((phase, index) => ({ number: index + 1, phase, atMs: startedAtMs + index * 1_000 }));
const S = 'Successful';
const F = 'Failed';
const I = 'Inconclusive';
const E = 'Error';

describe('a series of measurements', () => {
  it('begins after the initial delay, and goes on an interval after each measurement', () => {
    const spec = metric({ count: 3, initialDelay: '5s', interval: '30s' });
    expect(seriesState(spec, [], startedAtMs)).toEqual({
      kind: 'running',
      nextNumber: 1,
      dueAtMs: startedAtMs + 5_000,
    });
    expect(seriesState(spec, measured([S, S]), startedAtMs)).toEqual({
      kind: 'running',
      nextNumber: 3,
      dueAtMs: startedAtMs + 1_000 + 30_000,
    });
  });

  it('without interval is tried again ten seconds after an error', () => {
    expect(seriesState(metric(), measured([E]), startedAtMs)).toMatchObject({
      kind: 'running',
      dueAtMs: startedAtMs + errorRetryMs,
    });
  });

  const five: Partial<Metric> = { count: 5, interval: '1s' };
  it.each<[string, Partial<Metric>, MeasurementPhase[], MeasurementPhase | 'running']>([
    ['is successful at its count', {}, [S], S],
    ['fails past its limit, long before its count', five, [F], F],
    ['goes on within its limit', { ...five, failureLimit: 1 }, [F, S], 'running'],
    [
      'is successful with failures within its limit',
      { ...five, failureLimit: 2 },
      [F, S, F, S, S],
      S,
    ],
    ['fails one past its limit', { ...five, failureLimit: 2 }, [F, S, F, F], F],
    ['with -1 never fails', { ...five, failureLimit: -1 }, [F, F, F, F, F], S],
    ['is inconclusive past its limit', five, [S, I], I],
    ['goes on with what is inconclusive', { ...five, inconclusiveLimit: 1 }, [I], 'running'],
    ['takes four errors in a row', {}, [E, E, E, E], 'running'],
    ['is an error with the fifth', {}, [E, E, E, E, E], E],
    ['counts only errors in a row', five, [E, E, E, S, E, E, E, E], 'running'],
    ['does not count errors as measured', { ...five, count: 2 }, [S, E, E], 'running'],
    ['takes no error where none is allowed', { consecutiveErrorLimit: 0 }, [E], E],
    ['says failed before inconclusive', { ...five, inconclusiveLimit: 0 }, [F, I], F],
  ])('%s', (_what, more, phases, wanted) => {
    const state = seriesState(metric(more), measured(phases), startedAtMs);
    expect(state.kind === 'ended' ? state.phase : 'running').toBe(wanted);
  });
});

/** Argo's rule, word by word: counters that are carried along, looked at after each measurement. */
function literally(
  spec: Metric,
  phases: readonly MeasurementPhase[],
): MeasurementPhase | undefined {
  let successful = 0;
  let failed = 0;
  let inconclusive = 0;
  let consecutiveError = 0;
  for (const phase of phases) {
    if (phase === 'Successful') successful += 1;
    if (phase === 'Failed') failed += 1;
    if (phase === 'Inconclusive') inconclusive += 1;
    consecutiveError = phase === 'Error' ? consecutiveError + 1 : 0;
    if (spec.failureLimit >= 0 && failed > spec.failureLimit) return 'Failed';
    if (inconclusive > spec.inconclusiveLimit) return 'Inconclusive';
    if (consecutiveError > spec.consecutiveErrorLimit) return 'Error';
    if (successful + failed + inconclusive >= spec.count) return 'Successful';
  }
  return undefined;
}

const specs = fc
  .record({
    count: fc.integer({ min: 1, max: 8 }),
    failureLimit: fc.integer({ min: -1, max: 5 }),
    inconclusiveLimit: fc.integer({ min: 0, max: 5 }),
    consecutiveErrorLimit: fc.integer({ min: 0, max: 3 }),
    interval: fc.constantFrom('1s', '30s', undefined),
  })
  .map(({ interval, ...rest }) =>
    metric({ ...rest, ...(interval === undefined ? {} : { interval }) }),
  );
const manyPhases = fc.array(fc.constantFrom(...measurementPhases), { maxLength: 30 });

describe('any series', () => {
  it('ends just when and how the literal rule says, and stays so', () => {
    fc.assert(
      fc.property(specs, manyPhases, (spec, phases) => {
        for (let taken = 0; taken <= phases.length; taken += 1) {
          const state = seriesState(spec, measured(phases.slice(0, taken)), startedAtMs);
          const wanted = literally(spec, phases.slice(0, taken));
          expect(state.kind === 'ended' ? state.phase : undefined).toBe(wanted);
          // Nothing is measured after the end.
          if (state.kind === 'ended') return;
          expect(state.nextNumber).toBe(taken + 1);
        }
      }),
    );
  });

  it('ends after a bounded number of measurements', () => {
    fc.assert(
      fc.property(
        specs,
        fc.infiniteStream(fc.constantFrom(...measurementPhases)),
        (spec, stream) => {
          const most =
            spec.count * (spec.consecutiveErrorLimit + 1) + spec.consecutiveErrorLimit + 1;
          const phases: MeasurementPhase[] = [];
          while (seriesState(spec, measured(phases), startedAtMs).kind === 'running') {
            expect(phases.length).toBeLessThan(most);
            phases.push(stream.next().value as MeasurementPhase);
          }
        },
      ),
    );
  });

  it('never passes without a success when its metric is one that is registered', () => {
    fc.assert(
      fc.property(specs, manyPhases, (spec, phases) => {
        const registered = metricSchema.safeParse({ interval: '1s', ...spec });
        if (!registered.success || spec.failureLimit < 0) return;
        const state = seriesState(spec, measured(phases), startedAtMs);
        if (state.kind === 'running' || state.phase !== 'Successful') return;
        expect(countPhases(measured(phases)).successful).toBeGreaterThan(0);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is due an interval after what was measured last, whichever process asks', () => {
    fc.assert(
      fc.property(specs, manyPhases, (spec, phases) => {
        const state = seriesState(spec, measured(phases), startedAtMs);
        fc.pre(state.kind === 'running' && phases.length > 0);
        const waitMs = spec.interval === undefined ? errorRetryMs : durationMs(spec.interval);
        const lastMs = startedAtMs + (phases.length - 1) * 1_000;
        expect(state).toMatchObject({ dueAtMs: lastMs + waitMs });
      }),
    );
  });
});

describe('a run of metrics', () => {
  const ended = (phase: MeasurementPhase) => ({ kind: 'ended', phase, because: '' }) as const;
  const running = { kind: 'running', nextNumber: 1, dueAtMs: 0 } as const;

  it('is as bad as its worst metric', () => {
    const of = (...phases: MeasurementPhase[]) =>
      runPhase([{ metric: metric(), series: phases.map(ended) }]);
    expect(of(S, S)).toBe(S);
    expect(of(S, I)).toBe(I);
    expect(of(I, E)).toBe(E);
    expect(of(E, F, S)).toBe(F);
  });

  it('goes on while a metric does, also one that is only recorded', () => {
    expect(runPhase([{ metric: metric(), series: [ended(S), running] }])).toBeUndefined();
    expect(
      runPhase([
        { metric: metric(), series: [ended(S)] },
        { metric: metric({ dryRun: true }), series: [running] },
      ]),
    ).toBeUndefined();
  });

  it('ends at once with the first that cannot become good any more', () => {
    expect(runPhase([{ metric: metric(), series: [ended(F), running] }])).toBe(F);
    expect(stopsRun(metric(), ended(E))).toBe(true);
    expect(stopsRun(metric(), ended(S))).toBe(false);
  });

  it('is not decided, nor ended, by a dry run', () => {
    const dry = metric({ dryRun: true });
    expect(stopsRun(dry, ended(F))).toBe(false);
    expect(
      runPhase([
        { metric: metric(), series: [ended(S)] },
        { metric: dry, series: [ended(F)] },
      ]),
    ).toBe(S);
    expect(runPhase([{ metric: dry, series: [ended(F)] }])).toBeNull();
  });

  it('does not pass where there is nothing to measure', () => {
    expect(runPhase([{ metric: metric(), series: [] }])).toBe(I);
    expect(worstPhase([])).toBe(I);
  });
});
