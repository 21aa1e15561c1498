import type { GuardianRecordSteps, GuardianSteps } from '../../domain/guardian/guardian-steps.ts';
import { withMappedFailures } from '../to-application-failure.ts';
import {
  createCorrectionActivities,
  type CorrectionActivityPorts,
} from './correction-activities.ts';
import { createWatchActivities, type WatchActivityPorts } from './watch-activities.ts';

export type GuardianStepPorts = CorrectionActivityPorts &
  WatchActivityPorts & { readonly guardianRecord: GuardianRecordSteps };

/** Everything that guardians order, made of the ports; errors come as Temporal understands them. */
export function createGuardianSteps(ports: GuardianStepPorts): GuardianSteps {
  return withMappedFailures({
    ...ports.guardianRecord,
    ...createWatchActivities(ports),
    ...createCorrectionActivities(ports),
  });
}
