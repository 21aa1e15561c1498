import type { ComparisonSteps } from '../domain/change/change-steps.ts';
import type {
  ChangeRegister,
  ComparisonRegister,
  RolloutRegister,
} from '../domain/change/ports.ts';
import {
  comparedSite,
  describeSites,
  differencesIn,
  driftVerdict,
  type ComparedSite,
} from '../domain/deployment/comparison.ts';
import type { DesiredState, DriverFor } from '../domain/deployment/ports.ts';
import { DomainError } from '../domain/errors.ts';
import type { Optimus } from '../domain/placement/ports.ts';
import { heartbeatWhile } from './heartbeat.ts';
import { choosePlacement, optionsOf, unboundStates } from './plan-release.ts';

export interface ComparisonActivityPorts {
  readonly changes: ChangeRegister;
  readonly rollouts: Pick<RolloutRegister, 'simulationInput' | 'occupiedDatacentres'>;
  readonly comparisons: ComparisonRegister;
  readonly optimus: Pick<Optimus, 'simulate'>;
  readonly driverFor: DriverFor;
  /** ISO instant. */
  readonly now: () => string;
}

/** A datacentre that takes longer cannot be told about; it holds nobody else up. */
const patienceMs = 15_000;

/** Looks at datacentres and touches nothing: what a release would do there, what has drifted there. */
export function createComparisonActivities(ports: ComparisonActivityPorts): ComparisonSteps {
  const { changes, rollouts, comparisons, optimus, driverFor, now } = ports;

  const compare = async (state: DesiredState, signal: AbortSignal): Promise<ComparedSite> => {
    const { datacentre } = state;
    try {
      const driver = await driverFor(datacentre);
      const limits = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
      return comparedSite(await driver.plan(state, { signal: limits }));
    } catch (error) {
      signal.throwIfAborted();
      const problem = error instanceof Error ? error.message : String(error);
      return { datacentre, actions: [], problem };
    }
  };
  const compareAll = (states: readonly DesiredState[]): Promise<readonly ComparedSite[]> =>
    heartbeatWhile((signal) => Promise.all(states.map((state) => compare(state, signal))));

  return {
    async previewRollout({ changeId, revision }) {
      const { request } = await changes.requestedChange(changeId);
      if (request.kind !== 'release') return { summary: 'Nothing is deployed by CTC.' };
      const input = await rollouts.simulationInput(changeId);
      const simulated = await heartbeatWhile((signal) => optimus.simulate(input, { signal }));
      const best = choosePlacement(simulated, request);
      const release = await changes.release(request.application, request.release);
      const states =
        best === undefined
          ? {}
          : unboundStates({
              application: await changes.plannedApplication(changeId),
              release,
              placement: best.placement,
              occupied: await rollouts.occupiedDatacentres(changeId, request.application),
              options: optionsOf(request),
            });
      const sites = await compareAll(Object.values(states));
      const summary =
        best === undefined
          ? 'Deployed now, no placement would meet the requirements.'
          : `Deployed now it would do this. ${describeSites(sites)}.`;
      const preview = { revision, release: request.release, at: now(), summary, sites };
      await comparisons.storePreview(changeId, preview);
      return { summary };
    },

    listVerified: (page) => comparisons.verifiedApplications(page),

    async checkDrift({ application }) {
      const verified = await changes.lastVerified(application);
      if (verified === undefined) {
        throw new DomainError('not-found', `No release of "${application}" was verified yet.`, {
          code: 'nothing-verified',
          remedy: 'Deploy one: drift is what differs from the last verified release.',
        });
      }
      const busy = await comparisons.atWork(application);
      if (busy !== undefined) {
        throw new DomainError('conflict', `${busy} works on ${application} now.`, {
          code: 'change-at-work',
          remedy: 'Ask again when it has ended: what differs meanwhile is its work.',
        });
      }
      const sites = await compareAll(Object.values(verified.desired));
      const verdict = driftVerdict(sites);
      const drifted = sites.filter((site) => differencesIn(site).length > 0);
      const report = {
        application,
        at: now(),
        verified: { release: verified.version, change: verified.label, at: verified.verifiedAt },
        verdict,
        summary:
          verdict === 'in-step'
            ? `What runs is what ${verified.label} verified: release ${verified.version}.`
            : `Release ${verified.version}, verified by ${verified.label}: ${describeSites(verdict === 'drifted' ? drifted : sites)}.`,
        sites,
      };
      await comparisons.storeDrift(report);
      return report;
    },
  };
}
