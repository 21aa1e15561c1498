import type { ContractWatch, ContractWatchSteps } from '../domain/acsmi/ports.ts';
import { withMappedFailures } from './to-application-failure.ts';

export interface ContractWatchPorts {
  readonly contractWatch: ContractWatch;
  /** ISO instant. */
  readonly now: () => string;
}

/** Looks at contracts and offers once. */
export function createContractWatchSteps(ports: ContractWatchPorts): ContractWatchSteps {
  return withMappedFailures({
    watchContracts: () => ports.contractWatch.round(ports.now()),
  });
}
