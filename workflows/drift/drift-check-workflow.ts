import type { DriftReport } from '../../domain/deployment/comparison.ts';
import { comparison } from '../steps.ts';

export interface DriftCheckInput {
  readonly application: string;
}

/** Holds what runs of an application against what was verified last; the report is stored, too. */
export function driftCheckWorkflow({ application }: DriftCheckInput): Promise<DriftReport> {
  return comparison.checkDrift({ application });
}
