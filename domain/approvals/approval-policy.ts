import type { ChangeClass } from '../change/change-request.ts';
import type { ImpactFigures } from '../change/ports.ts';

export interface ApprovalPolicySettings {
  /** How long a request waits for its approvals. */
  readonly expiryMs: number;
  /** From this many services down on, two people must approve. */
  readonly twoPersonsFromServicesDown: number;
}

export interface ApprovalTerms {
  readonly approvalsNeeded: number;
  readonly expiresAtMs: number;
  /** Rising, all before the expiry. */
  readonly remindersAtMs: readonly number[];
}

/** Shares of the waiting time after which the approvers are reminded. */
const reminderShares = [0.5, 0.9] as const;

/** Which approvals a change needs, and until when: never later than the window's latest start. */
export function approvalPolicy(
  settings: ApprovalPolicySettings,
  change: {
    readonly changeClass: ChangeClass;
    readonly impact: ImpactFigures;
    readonly nowMs: number;
    readonly latestStartMs: number;
  },
): ApprovalTerms {
  const { nowMs, latestStartMs, impact, changeClass } = change;
  const expiresAtMs = Math.max(nowMs, Math.min(nowMs + settings.expiryMs, latestStartMs));
  const severe = impact.servicesDown >= settings.twoPersonsFromServicesDown;
  return {
    // An emergency is not held up by a second signature; its review is.
    approvalsNeeded: severe && changeClass !== 'emergency' ? 2 : 1,
    expiresAtMs,
    remindersAtMs: reminderShares
      .map((share) => Math.round(nowMs + share * (expiresAtMs - nowMs)))
      .filter((at) => at > nowMs && at < expiresAtMs),
  };
}
