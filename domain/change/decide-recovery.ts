/** Why an attempt did not end in a verified deployment. */
export type SetbackReason = 'site-failed' | 'violated' | 'inconclusive' | 'window-too-short';

export interface Setback {
  readonly reason: SetbackReason;
  readonly redeploymentsLeft: number;
  /** Left of the window, and what another round of waves with its rollback needs of it. */
  readonly remainingMs: number;
  readonly neededMs: number;
}

export interface Recovery {
  readonly way: 're-simulate' | 'roll-back';
  readonly because: string;
}

/**
 * Whether a setback is worth another placement. Re-simulation comes before every redeployment, so this
 * only says whether to ask Optimus; no answer there also leads to the rollback.
 */
export function decideRecovery(setback: Setback): Recovery {
  const back = (because: string): Recovery => ({ way: 'roll-back', because });
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
