import type { ContractRound } from '../../domain/acsmi/ports.ts';
import { contractWatch } from '../steps.ts';

/** One round of looking at contracts and offers; a schedule starts it again and again. */
export function contractWatchWorkflow(): Promise<ContractRound> {
  return contractWatch.watchContracts();
}
