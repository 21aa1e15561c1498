import type { FailurePolicy } from './rollout-strategy.ts';

/** Why an attempt did not end in a verified deployment. */
export type SetbackReason =
  'site-failed' | 'refused' | 'violated' | 'inconclusive' | 'window-too-short';

export interface Setback {
  readonly reason: SetbackReason;
  readonly onFailure: FailurePolicy;
  readonly redeploymentsLeft: number;
  /** Left of the window, and what another round of waves with its rollback needs of it. */
  readonly remainingMs: number;
  readonly neededMs: number;
}

export interface Recovery {
  /** `pause`: a person decides between trying again and rolling back, as long as a rollback still fits. */
  readonly way: 're-simulate' | 'roll-back' | 'pause';
  readonly because: string;
}

/**
 * Whether a setback is worth another placement. Re-simulation comes before every redeployment, so this
 * only says whether to ask Optimus; no answer there also leads to the rollback. Where the strategy leaves it to a
 * person, it waits for one.
 */
export function decideRecovery(setback: Setback): Recovery {
  const back = (because: string): Recovery => ({ way: 'roll-back', because });
  const waits = setback.onFailure === 'pause' || setback.onFailure === 'rollbackWave';
  if (waits && setback.reason !== 'window-too-short') {
    return { way: 'pause', because: `its strategy says ${setback.onFailure}` };
  }
  if (setback.reason === 'refused') {
    return back('a datacentre refuses what the release asks for, and would again');
  }
  if (setback.reason === 'inconclusive') {
    return back('there is too little evidence to choose another placement by');
  }
  if (setback.reason === 'window-too-short' && setback.remainingMs >= setback.neededMs) {
    return back('the window of the next datacentre, which has its own, leaves no time for it');
  }
  if (setback.reason === 'window-too-short' || setback.remainingMs < setback.neededMs) {
    const seconds = (ms: number): string => (Math.max(0, ms) / 1000).toFixed(0);
    return back(
      `the window has ${seconds(setback.remainingMs)} s left and a redeployment with its rollback may take ${seconds(setback.neededMs)} s`,
    );
  }
  if (setback.redeploymentsLeft <= 0) return back('no redeployments are left');
  return { way: 're-simulate', because: 'fresh measurements may lead to a better placement' };
}
