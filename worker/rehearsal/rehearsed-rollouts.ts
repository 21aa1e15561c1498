import type { AttemptRef } from '../../domain/change/change-steps.ts';
import { withoutSites } from '../../domain/change/leave-out.ts';
import type { RolloutRegister, StoredAttempt } from '../../domain/change/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Measurement, SimulationResult } from '../../domain/placement/simulation.ts';
import type { VerificationReport } from '../../domain/verification/judge-verification.ts';

/** What one rehearsed change simulates, deploys and measures, in memory; what was there before it is read. */
export function createRehearsedRollouts(
  real: Pick<RolloutRegister, 'simulationInput' | 'occupiedDatacentres'>,
): RolloutRegister {
  const simulations = new Map<number, SimulationResult>();
  const attempts = new Map<number, StoredAttempt>();
  const verifications = new Map<number, VerificationReport>();
  const measured: (Measurement & { readonly attempt: number })[] = [];
  const attemptOf = ({ attempt }: AttemptRef): StoredAttempt => {
    const found = attempts.get(attempt);
    if (found !== undefined) return found;
    throw new DomainError('not-found', `The rehearsed change has no attempt ${attempt}.`, {
      code: 'no-such-attempt',
    });
  };

  return {
    findSimulation: ({ attempt }) => Promise.resolve(simulations.get(attempt)),

    async simulationInput(changeId, measuredSince) {
      const input = await real.simulationInput(changeId, measuredSince);
      const newest = new Map<string, Measurement>();
      for (const { attempt, ...measurement } of measured) {
        if (attempts.get(attempt)?.kind === 'rollback') continue;
        if (measuredSince !== undefined && measurement.measuredAt < measuredSince) continue;
        newest.set(`${measurement.component}@${measurement.datacentre}`, measurement);
      }
      return { ...input, measurements: [...input.measurements, ...newest.values()] };
    },

    storeSimulation({ attempt }, _input, result) {
      simulations.set(attempt, result);
      return Promise.resolve();
    },

    findAttempt: ({ attempt }) => Promise.resolve(attempts.get(attempt)),

    hasAttempts: () => Promise.resolve(attempts.size > 0),

    async occupiedDatacentres(changeId, application) {
      const before = await real.occupiedDatacentres(changeId, application);
      const now = [...attempts.values()].flatMap(({ desired }) => Object.keys(desired));
      return [...new Set([...before, ...now])].sort();
    },

    storeAttempt(attempt) {
      if (!attempts.has(attempt.attempt)) attempts.set(attempt.attempt, attempt);
      return Promise.resolve();
    },

    leaveOut(ref, instead) {
      attempts.set(ref.attempt, withoutSites(attemptOf(ref), instead));
      return Promise.resolve();
    },

    // eslint-disable-next-line @typescript-eslint/require-await -- async is what turns a throw into a rejection
    async siteTarget(ref) {
      const desired = attemptOf(ref).desired[ref.datacentre];
      if (desired === undefined) {
        throw new DomainError('not-found', `It has nothing for ${ref.datacentre}.`, {
          code: 'no-such-site',
        });
      }
      const { changeId: change, attempt } = ref;
      return { desired, fence: { token: attempt, change, attempt } };
    },

    storeMeasurements({ attempt }, measurements) {
      measured.push(...measurements.map((one) => ({ ...one, attempt })));
      return Promise.resolve();
    },

    findVerification: ({ attempt }) => Promise.resolve(verifications.get(attempt)),

    storeVerification({ attempt }, report) {
      verifications.set(attempt, report);
      return Promise.resolve();
    },
  };
}
