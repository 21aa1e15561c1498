import type { DriverFor, ProbeSample } from '../../domain/deployment/ports.ts';
import type { GuardedApplication, NewSamples } from '../../domain/guardian/ports.ts';
import { wholeApplication } from '../../domain/guardian/slo.ts';
import { distinctReplicas } from '../../domain/placement/rented-machines.ts';
import { unlessAway } from './measure-round.ts';

/** A measurement must not be a load test: more than this is not asked for, and is no data. */
const mostPerSecond = 200;
const fewestRequests = 5;

/**
 * Asks the entries together for as many answers as the requirement promises within a second, and counts what
 * came. A requirement that this would need too much traffic for cannot be measured here.
 */
export async function measureThroughput(
  driverFor: DriverFor,
  { planned, placement }: GuardedApplication,
  minPerSecond: number,
  signal: AbortSignal,
): Promise<NewSamples[]> {
  const entries = distinctReplicas(placement.assignments).filter(({ component }) =>
    planned.components.some((one) => one.entry && one.name === component),
  );
  if (entries.length === 0 || minPerSecond > mostPerSecond) return [];
  const perEntry = minPerSecond / entries.length;
  const intervalMs = 1000 / perEntry;
  const requests = Math.max(fewestRequests, Math.ceil(perEntry));
  const bursts = await Promise.all(
    entries.map(({ component, datacentre }) =>
      unlessAway(async () =>
        (await driverFor(datacentre)).probe(
          {
            application: planned.name,
            datacentre,
            component,
            path: planned.verification.path,
            samples: requests,
            intervalMs,
            timeoutMs: planned.verification.timeoutMs,
          },
          { signal },
        ),
      ),
    ),
  );
  if (bursts.some((samples) => samples === undefined || samples.length < requests)) return [];
  const perSecond = bursts.reduce(
    (sum, samples) => sum + ratePerSecond(samples ?? [], intervalMs),
    0,
  );
  // Clocks and timers are not exact to the last request.
  const isGood = perSecond >= minPerSecond * 0.95;
  return [{ ...wholeApplication, sli: 'throughput', total: 1, good: isGood ? 1 : 0 }];
}

/** Answers by the time they took to come, without the time that a single one takes. */
function ratePerSecond(samples: readonly ProbeSample[], intervalMs: number): number {
  const answered = samples.filter(({ ok }) => ok);
  if (answered.length === 0) return 0;
  const begunMs = Math.min(...samples.map(({ at }) => Date.parse(at)));
  const endedMs = Math.max(...answered.map(({ at, durationMs }) => Date.parse(at) + durationMs));
  const durations = answered.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  const usualMs = durations[Math.floor(durations.length / 2)] ?? 0;
  const spentMs = Math.max(samples.length * intervalMs, endedMs - begunMs - usualMs);
  return (1000 * answered.length) / spentMs;
}
