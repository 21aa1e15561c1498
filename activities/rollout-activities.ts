import type { FreshFigures } from './guardian/fresh-figures.ts';
import { heartbeatWhile } from './heartbeat.ts';
import { choosePlacement, optionsOf, unboundStates } from './plan-release.ts';
import { comparedSite, unlikeShown } from '../domain/deployment/comparison.ts';
import { bindComponents } from '../domain/deployment/desired-states.ts';
import type { DeploymentStage, DriverFor } from '../domain/deployment/ports.ts';
import { firstWave, planWaves, stagesOf } from '../domain/deployment/waves.ts';
import type { AttemptRef, PlannedAttemptRef, RolloutSteps } from '../domain/change/change-steps.ts';
import type {
  ChangeRegister,
  ComparisonRegister,
  RolloutRegister,
  StoredAttempt,
} from '../domain/change/ports.ts';
import type { ReleaseChange } from '../domain/change/change-request.ts';
import type { PlannedAttempt } from '../domain/change/story.ts';
import { DomainError } from '../domain/errors.ts';
import type { Optimus } from '../domain/placement/ports.ts';
import { distinctReplicas } from '../domain/placement/rented-machines.ts';
import type { Latency, SimulationInput, SimulationResult } from '../domain/placement/simulation.ts';

export interface RolloutActivityPorts {
  readonly changes: Omit<ChangeRegister, 'riskHistory' | 'storeAssessment'>;
  readonly rollouts: RolloutRegister;
  readonly comparisons: Pick<ComparisonRegister, 'findPreview'>;
  readonly optimus: Pick<Optimus, 'simulate'>;
  readonly driverFor: DriverFor;
  readonly latencies: () => Promise<readonly Latency[]>;
  readonly freshFigures: FreshFigures;
  /** ISO instant. */
  readonly now: () => string;
}

/** Where an application is to run, and the order in which it gets there. */
export function createRolloutActivities(ports: RolloutActivityPorts): RolloutSteps {
  const { changes, rollouts, comparisons, optimus, driverFor, latencies, now } = ports;

  const releaseRequest = async (
    changeId: string,
  ): Promise<{ readonly request: ReleaseChange; readonly revision: number }> => {
    const { request, revision } = await changes.requestedChange(changeId);
    if (request.kind !== 'release') throw notARelease(changeId);
    return { request, revision };
  };

  const planForward = async (
    ref: AttemptRef,
    kind: 'deploy' | 'redeploy',
  ): Promise<StoredAttempt> => {
    const { request, revision } = await releaseRequest(ref.changeId);
    const simulation = await rollouts.findSimulation(ref);
    const best = simulation === undefined ? undefined : choosePlacement(simulation, request);
    if (best === undefined) {
      throw new DomainError('conflict', `Attempt ${ref.attempt} has no simulated placement.`, {
        code: 'not-simulated',
      });
    }
    const application = await changes.plannedApplication(ref.changeId);
    const release = await changes.release(request.application, request.release);
    const occupied = await rollouts.occupiedDatacentres(ref.changeId, request.application);
    const { placement } = best;
    const options = optionsOf(request);
    const unbound = unboundStates({ application, release, placement, occupied, options });
    const planned = await Promise.all(
      Object.values(unbound).map(async (state) => (await driverFor(state.datacentre)).plan(state)),
    );
    const shown = await comparisons.findPreview(ref.changeId, revision);
    const endpoints = planned.flatMap((plan) =>
      plan.endpoints.map((endpoint) => ({ ...endpoint, datacentre: plan.datacentre })),
    );
    const unlike =
      kind === 'redeploy' || shown === undefined
        ? []
        : unlikeShown(shown.sites, planned.map(comparedSite));
    return {
      ...ref,
      kind,
      application: request.application,
      releaseVersion: request.release,
      releaseDigest: release.digest,
      placement,
      waves: planWaves({
        order: request.datacentres,
        waves: request.strategy.waves,
        placement,
        occupied,
      }),
      desired: bindComponents(unbound, application, endpoints, await latencies()),
      endpoints,
      ...(unlike.length === 0 ? {} : { unlikeShown: unlike }),
    };
  };

  /**
   * The full earlier set wherever this change or the release before it may run something, or only in the
   * datacentres that are named.
   */
  const planBackward = async (
    ref: AttemptRef,
    only: readonly string[] | undefined,
  ): Promise<StoredAttempt | undefined> => {
    const { request } = await releaseRequest(ref.changeId);
    const name = request.application;
    // Stopped before its first attempt: what runs is the release before it, untouched.
    if (!(await rollouts.hasAttempts(ref.changeId))) return undefined;
    const occupied = await rollouts.occupiedDatacentres(ref.changeId, name);
    const touched = only === undefined ? occupied : occupied.filter((id) => only.includes(id));
    // What an earlier change was allowed to take over from others is not this one's to take.
    const options = request.strategy.forceConflicts ? { forceConflicts: true } : {};
    const here = <T extends { datacentre: string }>(all: readonly T[] | undefined): T[] =>
      (all ?? []).filter(({ datacentre }) => touched.includes(datacentre));
    const previous = await changes.lastVerified(name, ref.changeId);
    const release = previous ?? (await releaseOf(request.application, request.release));
    return {
      ...ref,
      kind: 'rollback',
      application: name,
      releaseVersion: release.version,
      releaseDigest: release.digest,
      placement: { assignments: here(previous?.placement.assignments) },
      endpoints: here(previous?.endpoints),
      // All at once: while it is broken everywhere, an order would only prolong it.
      waves: [touched],
      desired: Object.fromEntries(
        touched.map((datacentre) => [
          datacentre,
          {
            ...(previous?.desired[datacentre] ?? {
              application: name,
              datacentre,
              release: release.version,
              releaseDigest: release.digest,
              components: [],
            }),
            options,
          },
        ]),
      ),
    };
  };

  /** A correction is simulated with what its guardian has measured, besides what it measures itself. */
  const inputFor = async (changeId: string, since?: string): Promise<SimulationInput> => {
    const hasBegun = await rollouts.hasAttempts(changeId);
    const figures = await ports.freshFigures(changeId, { hasBegun });
    const input = await rollouts.simulationInput(changeId, since);
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
    async simulatePlacement({ measuredSince, ...ref }) {
      let result = await rollouts.findSimulation(ref);
      if (result === undefined) {
        const input = await inputFor(ref.changeId, measuredSince);
        result = await heartbeatWhile((signal) => optimus.simulate(input, { signal }));
        await rollouts.storeSimulation(ref, input, result, now());
      }
      return describeSimulation(result, (await releaseRequest(ref.changeId)).request);
    },

    async planAttempt({ kind, only, ...ref }: PlannedAttemptRef) {
      let attempt = await rollouts.findAttempt(ref);
      if (attempt === undefined) {
        attempt =
          kind === 'rollback'
            ? await planBackward(ref, only?.datacentres)
            : await planForward(ref, kind);
        if (attempt === undefined) {
          return { waves: [], leavesSomething: false, summary: 'Nothing was touched yet.' };
        }
        await rollouts.storeAttempt(attempt, now());
      }
      // From here on the attempt that goes on stands for what really runs there.
      if (only !== undefined) {
        await rollouts.leaveOut({ changeId: ref.changeId, attempt: only.leftOutOf }, attempt);
      }
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
  request: ReleaseChange,
): Awaited<ReturnType<RolloutSteps['simulatePlacement']>> {
  const best = choosePlacement(result, request);
  if (best === undefined && result.placements.length > 0) {
    const { datacentres, strategy } = request;
    const first = firstWave({ order: datacentres, waves: strategy.waves }).join(' or ');
    return {
      status: 'infeasible',
      summary: `Optimus: none of ${result.placements.length} placements uses ${first}, the mandatory first wave.`,
    };
  }
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
      const here = placement.assignments.filter(
        (assignment) => assignment.datacentre === datacentre,
      );
      const components = distinctReplicas(here).map(({ component }) => {
        const instances = here.filter((one) => one.component === component).length;
        return instances > 1 ? `${instances} × ${component}` : component;
      });
      return `${datacentre} (${components.join(', ')})`;
    })
    .join(', ');
  const rejected = result.rejectedDatacentres
    .map(({ datacentre, reasons }) => ` Not ${datacentre}: ${reasons.join('; ')}.`)
    .join('');
  const gap =
    result.status === 'feasible'
      ? ` (at most ${(result.proof?.gapPercent ?? 100).toFixed(2)} % dearer than the best there may be, for the time limit came)`
      : '';
  return {
    status: 'placed',
    datacentres,
    summary:
      `Optimus: best of ${result.placements.length} placements${gap}: ${where}; predicted ` +
      `${predicted.availabilityPercent.toFixed(3)} % available, p95 ${predicted.responseTimeP95Ms.toFixed(0)} ms, ` +
      `${predicted.monthlyCost.toFixed(2)} ${predicted.currency} a month.${rejected}`,
  };
}

function describeAttempt(attempt: StoredAttempt): PlannedAttempt {
  const { kind, releaseVersion, waves, placement, unlikeShown: unlike = [] } = attempt;
  const leavesSomething = placement.assignments.length > 0;
  const order = waves.map((wave) => wave.join(' + ')).join(', then ');
  const stages = Object.entries(attempt.desired).flatMap(([datacentre, state]) => {
    const steps = stagesOf(state);
    return steps.length > 1 ? [[datacentre, steps] as [string, readonly DeploymentStage[]]] : [];
  });
  return {
    waves,
    ...(stages.length === 0 ? {} : { stages: Object.fromEntries(stages) }),
    leavesSomething,
    summary:
      kind !== 'rollback'
        ? `Waves: ${order}.${
            unlike.length === 0
              ? ''
              : ` Not what was shown before approval, for the datacentres have changed since: ${unlike.join(', ')}.`
          }`
        : leavesSomething
          ? `Back to release ${releaseVersion}, the last verified one, in ${order}.`
          : `There was no release before it: everything of it is removed from ${order}.`,
  };
}
