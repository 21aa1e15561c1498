import type { DriverFor } from '../../domain/deployment/ports.ts';
import type { GuardianRegister } from '../../domain/guardian/ports.ts';
import type { Measurement } from '../../domain/placement/simulation.ts';
import { heartbeatWhile } from '../heartbeat.ts';
import { measureFigures } from './measure-figures.ts';

/** The figures that a guardian's change is simulated with; none for a change that a person asked for. */
export type FreshFigures = (
  changeId: string,
  state: { readonly hasBegun: boolean },
) => Promise<readonly Measurement[]>;

/**
 * Figures no older than the policy allows: measured again when the change has waited for long, as long as it
 * has not begun to change what they are measured on.
 */
export function createFreshFigures(ports: {
  readonly guardians: GuardianRegister;
  readonly driverFor: DriverFor;
  /** ISO instant. */
  readonly now: () => string;
}): FreshFigures {
  const { guardians, driverFor, now } = ports;
  return async (changeId, { hasBegun }) => {
    const correction = await guardians.correctionOf(changeId);
    if (correction === undefined) return [];
    const nowMs = Date.parse(now());
    const ageMs = nowMs - Date.parse(correction.measuredAt);
    if (!hasBegun && ageMs > correction.maxInputAgeSeconds * 1000) {
      const guarded = await guardians.guarded(correction.application);
      if (guarded !== undefined) {
        const figures = await heartbeatWhile((signal) =>
          measureFigures(driverFor, guarded, now, signal),
        );
        await guardians.storeFigures(correction, figures, now());
      }
    }
    const orders = await guardians.simulationOrders(correction, nowMs);
    return orders.find(({ way }) => way === correction.way)?.input.measurements ?? [];
  };
}
