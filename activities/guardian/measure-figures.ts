import type { DriverFor, ProbeSample } from '../../domain/deployment/ports.ts';
import type { GuardedApplication } from '../../domain/guardian/ports.ts';
import { distinctReplicas } from '../../domain/placement/rented-machines.ts';
import type { Measurement } from '../../domain/placement/simulation.ts';
import { measurementsOf } from '../verification-activities.ts';
import { unlessAway } from './measure-round.ts';

/**
 * Own time and availability of every replica that runs, as Optimus takes them; measured as at the first
 * deployment. A replica in a datacentre that cannot be asked counts as not available: nothing could be
 * deployed there either.
 */
export async function measureFigures(
  driverFor: DriverFor,
  { planned, placement }: GuardedApplication,
  now: () => string,
  signal: AbortSignal,
): Promise<Measurement[]> {
  const { path, samples, intervalMs, timeoutMs } = planned.verification;
  const probed = await Promise.all(
    distinctReplicas(placement.assignments).map(async ({ component, datacentre }) => {
      const request = { component, datacentre, path, samples, intervalMs, timeoutMs };
      const results = await unlessAway(async () =>
        (await driverFor(datacentre)).probe({ application: planned.name, ...request }, { signal }),
      );
      return { component, datacentre, results: results ?? [unanswered(component, now())] };
    }),
  );
  return measurementsOf(probed, now());
}

function unanswered(component: string, at: string): ProbeSample {
  return { component, at, ok: false, durationMs: 0, detail: 'it cannot be asked', hops: [] };
}
