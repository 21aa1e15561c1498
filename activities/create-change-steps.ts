import type { ChangeSteps, LineSteps, RecordSteps } from '../domain/change/change-steps.ts';
import type { GuardianRegister } from '../domain/guardian/ports.ts';
import type { InventoryReader } from '../domain/inventory/ports.ts';
import {
  createAssessmentActivities,
  type AssessmentActivityPorts,
} from './assessment-activities.ts';
import { createBakeActivities } from './bake-activities.ts';
import {
  createComparisonActivities,
  type ComparisonActivityPorts,
} from './comparison-activities.ts';
import { createFreshFigures } from './guardian/fresh-figures.ts';
import { createRolloutActivities, type RolloutActivityPorts } from './rollout-activities.ts';
import type { AnalysisPorts } from './run-analysis.ts';
import { createSiteActivities } from './site-activities.ts';
import { withMappedFailures } from './to-application-failure.ts';
import { createVerificationActivities } from './verification-activities.ts';
import { createWindowActivities } from './window-activities.ts';

export type ChangeStepPorts = Omit<AssessmentActivityPorts, 'inventory'> &
  Omit<RolloutActivityPorts, 'latencies' | 'comparisons' | 'freshFigures'> &
  Pick<ComparisonActivityPorts, 'comparisons'> &
  AnalysisPorts & {
    readonly record: RecordSteps;
    readonly line: LineSteps;
    readonly guardians: GuardianRegister;
    readonly inventory: Pick<
      InventoryReader,
      'candidateDatacentres' | 'datacentres' | 'latencies' | 'offers'
    >;
  };

/** Everything that the workflows order, made of the ports; errors come as Temporal understands them. */
export function createChangeSteps(ports: ChangeStepPorts): ChangeSteps {
  const { inventory } = ports;
  return withMappedFailures({
    ...ports.record,
    ...ports.line,
    ...createAssessmentActivities(ports),
    ...createWindowActivities(ports),
    ...createRolloutActivities({
      ...ports,
      latencies: () => inventory.latencies(),
      freshFigures: createFreshFigures(ports),
    }),
    ...createSiteActivities(ports),
    ...createBakeActivities(ports),
    ...createComparisonActivities(ports),
    ...createVerificationActivities({
      ...ports,
      offers: () => inventory.offers(),
      datacentres: () => inventory.candidateDatacentres(),
    }),
  });
}
