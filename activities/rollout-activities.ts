import type { FreshFigures } from './guardian/fresh-figures.ts';
import { heartbeatWhile } from './heartbeat.ts';
import { bindComponents, desiredStates } from '../domain/deployment/desired-states.ts';
import type { DriverFor } from '../domain/deployment/ports.ts';
import { planWaves } from '../domain/deployment/waves.ts';
import type { RolloutSteps } from '../domain/change/change-steps.ts';
import type { ChangeRegister, RolloutRegister, StoredAttempt } from '../domain/change/ports.ts';
import type { PlannedAttempt } from '../domain/change/story.ts';
import { DomainError } from '../domain/errors.ts';
import type { Optimus } from '../domain/placement/ports.ts';
import type { Latency, SimulationInput, SimulationResult } from '../domain/placement/simulation.ts';

export interface RolloutActivityPorts {
  readonly changes: ChangeRegister;
  readonly rollouts: RolloutRegister;
  readonly optimus: Optimus;
  readonly driverFor: DriverFor;
  readonly latencies: () => Promise<readonly Latency[]>;
  readonly freshFigures: FreshFigures;
  /** ISO instant. */
  readonly now: () => string;
}

/** Where an application is to run, and the order in which it gets there. */
export function createRolloutActivities(ports: RolloutActivityPorts): RolloutSteps {
  const { changes, rollouts, optimus, driverFor, latencies, now } = ports;

  const planForward = async (
    ref: { changeId: string; attempt: number },
    kind: 'deploy' | 'redeploy',
  ): Promise<StoredAttempt> => {
    const { request } = await changes.requestedChange(ref.changeId);
    if (request.kind !== 'release') throw notARelease(ref.changeId);
    const simulation = await rollouts.findSimulation(ref);
    const best = simulation?.placements[0];
    if (best === undefined) {
      throw new DomainError('conflict', `Attempt ${ref.attempt} has no simulated placement.`, {
        code: 'not-simulated',
      });
    }
    const application = await changes.plannedApplication(ref.changeId);
    const release = await changes.release(request.application, request.release);
    const occupied = await rollouts.occupiedDatacentres(ref.changeId, request.application);
    const unbound = desiredStates({
      application,
      release: release.definition,
      releaseDigest: release.digest,
      placement: best.placement,
      occupied,
    });
    const planned = await Promise.all(
      Object.values(unbound)
        .filter(({ components }) => components.length > 0)
        .map(async (state) => (await driverFor(state.datacentre)).plan(state)),
    );
    const endpoints = planned.flatMap((plan) =>
      plan.endpoints.map((endpoint) => ({ ...endpoint, datacentre: plan.datacentre })),
    );
    return {
      ...ref,
      kind,
      application: request.application,
      releaseVersion: request.release,
      releaseDigest: release.digest,
      placement: best.placement,
      waves: planWaves({
        order: request.datacentres,
        waves: request.strategy.waves,
        placement: best.placement,
        occupied,
      }),
      desired: bindComponents(unbound, application, endpoints, await latencies()),
      endpoints,
    };
  };

  /** The full earlier set wherever this change or the release before it may run something. */
  const planBackward = async (ref: {
    changeId: string;
    attempt: number;
  }): Promise<StoredAttempt | undefined> => {
    const { request } = await changes.requestedChange(ref.changeId);
    if (request.kind !== 'release') throw notARelease(ref.changeId);
    const name = request.application;
    // Stopped before its first attempt: what runs is the release before it, untouched.
    if (!(await rollouts.hasAttempts(ref.changeId))) return undefined;
    const touched = await rollouts.occupiedDatacentres(ref.changeId, name);
    const previous = await changes.lastVerified(name, ref.changeId);
    const release = previous ?? (await releaseOf(request.application, request.release));
    return {
      ...ref,
      kind: 'rollback',
      application: name,
      releaseVersion: release.version,
      releaseDigest: release.digest,
      placement: previous?.placement ?? { assignments: [] },
      endpoints: previous?.endpoints ?? [],
      // All at once: while it is broken everywhere, an order would only prolong it.
      waves: [touched],
      desired: Object.fromEntries(
        touched.map((datacentre) => [
          datacentre,
          previous?.desired[datacentre] ?? {
            application: name,
            datacentre,
            release: release.version,
            releaseDigest: release.digest,
            components: [],
          },
        ]),
      ),
    };
  };

  /** A correction is simulated with what its guardian has measured, besides what it measures itself. */
  const inputFor = async (changeId: string): Promise<SimulationInput> => {
    const hasBegun = await rollouts.hasAttempts(changeId);
    const figures = await ports.freshFigures(changeId, { hasBegun });
    const input = await rollouts.simulationInput(changeId);
    const candidates = new Set(input.datacentres.map(({ id }) => id));
    const known = figures.filter(({ datacentre }) => candidates.has(datacentre));
    return { ...input, measurements: [...known, ...input.measurements] };
  };

  const releaseOf = async (
    application: string,
    version: string,
  ): Promise<{ version: string; digest: string }> => ({
    version,
    digest: (await changes.release(application, version)).digest,
  });

  return {
    async simulatePlacement(ref) {
      let result = await rollouts.findSimulation(ref);
      if (result === undefined) {
        const input = await inputFor(ref.changeId);
        result = await heartbeatWhile((signal) => optimus.simulate(input, { signal }));
        await rollouts.storeSimulation(ref, input, result, now());
      }
      return describeSimulation(result);
    },

    async planAttempt({ kind, ...ref }) {
      const known = await rollouts.findAttempt(ref);
      if (known !== undefined) return describeAttempt(known);
      const attempt = kind === 'rollback' ? await planBackward(ref) : await planForward(ref, kind);
      if (attempt === undefined) {
        return { waves: [], leavesSomething: false, summary: 'Nothing was touched yet.' };
      }
      await rollouts.storeAttempt(attempt, now());
      return describeAttempt(attempt);
    },
  };
}

function notARelease(changeId: string): DomainError {
  return new DomainError('invalid', `Change ${changeId} does not deploy a release.`, {
    code: 'not-a-release',
  });
}

function describeSimulation(
  result: SimulationResult,
): Awaited<ReturnType<RolloutSteps['simulatePlacement']>> {
  const best = result.placements[0];
  if (best === undefined) {
    return {
      status: 'infeasible',
      summary: `Optimus: no placement meets the requirements. ${result.contradictions.join(' ')}`,
    };
  }
  const { placement, predicted } = best;
  const datacentres = [...new Set(placement.assignments.map((a) => a.datacentre))].sort();
  const where = datacentres
    .map((datacentre) => {
      const components = placement.assignments
        .filter((assignment) => assignment.datacentre === datacentre)
        .map(({ component }) => component);
      return `${datacentre} (${components.join(', ')})`;
    })
    .join(', ');
  const rejected = result.rejectedDatacentres
    .map(({ datacentre, reasons }) => ` Not ${datacentre}: ${reasons.join('; ')}.`)
    .join('');
  return {
    status: 'placed',
    datacentres,
    summary:
      `Optimus: best of ${result.placements.length} placements: ${where}; predicted ` +
      `${predicted.availabilityPercent.toFixed(3)} % available, p95 ${predicted.responseTimeP95Ms.toFixed(0)} ms, ` +
      `${predicted.monthlyCost.toFixed(2)} ${predicted.currency} a month.${rejected}`,
  };
}

function describeAttempt(attempt: StoredAttempt): PlannedAttempt {
  const { kind, releaseVersion, waves, placement } = attempt;
  const leavesSomething = placement.assignments.length > 0;
  const order = waves.map((wave) => wave.join(' + ')).join(', then ');
  return {
    waves,
    leavesSomething,
    summary:
      kind !== 'rollback'
        ? `Waves: ${order}.`
        : leavesSomething
          ? `Back to release ${releaseVersion}, the last verified one, in ${order}.`
          : `There was no release before it: everything of it is removed from ${order}.`,
  };
}
