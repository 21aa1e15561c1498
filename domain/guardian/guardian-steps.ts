import type { CorrectionWay } from './policy.ts';
import type { GuardianState, GuardianWait } from './messages.ts';

/**
 * The steps that the guardian orders and the activities carry out; idempotent as those of changes. Names are
 * persisted in histories: never renamed.
 */

export interface Watched {
  /**
   * `unguarded`: nothing of it runs, or its policy says so. `changing`: a change is at work on it, and what
   * is measured would tell of that. `no-data` is neither good nor bad.
   */
  readonly kind: 'unguarded' | 'changing' | 'holding' | 'violated' | 'no-data';
  readonly summary: string;
  /** Until the next measurement. */
  readonly measureAgainInMs: number;
}

export interface IncidentRef {
  readonly incident: string;
  /** Counts the decisions of the incident, from 1. */
  readonly number: number;
}

/** A person's answer to a proposal. */
export interface GivenApproval {
  readonly decision: string;
  readonly by: string;
  readonly reason: string;
}

export interface Decided {
  readonly decision: string;
  readonly way: CorrectionWay | 'wait';
  readonly because: string;
  /** Of a wait: when to decide again. Of a proposal: when it expires. */
  readonly untilMs: number;
  readonly needsApproval: boolean;
}

export interface RequestedCorrection {
  readonly changeId: string;
  readonly label: string;
}

export interface GuardianRecord {
  readonly application: string;
  readonly state: GuardianState;
  readonly waitingFor: GuardianWait | null;
  readonly pausedBy: string | null;
  readonly heldSince: string | null;
}

export interface IncidentNote {
  readonly incident: string;
  /** Unique within the incident: written once however often it is sent. */
  readonly key: string;
  readonly actor: string;
  readonly message: string;
  readonly to?: 'open' | 'mitigated' | 'resolved';
  /** Tells those who are responsible. */
  readonly alert?: boolean;
}

/** Short database steps, run as local activities. */
export interface GuardianRecordSteps {
  recordGuardian(record: GuardianRecord): Promise<void>;
  noteIncident(note: IncidentNote): Promise<void>;
  /** The proposal is off: declined, expired, or no longer needed. */
  withdrawProposal(withdrawn: {
    readonly decision: string;
    readonly message: string;
  }): Promise<void>;
}

export interface GuardianMeasureSteps {
  /** Measures for a period, and answers as soon as something is violated. */
  watchApplication(input: { readonly application: string }): Promise<Watched>;
  /** Measures everything that runs of the application: what Optimus is asked with. */
  measureForCorrection(ref: IncidentRef): Promise<{ readonly summary: string }>;
}

export interface GuardianCorrectionSteps {
  /** The application's unresolved incident, opened if there is none. */
  openIncident(input: {
    readonly application: string;
  }): Promise<{ readonly incident: string; readonly label: string }>;
  simulateCorrection(ref: IncidentRef): Promise<{ readonly summary: string }>;
  /** Decides, and takes a place among the company's corrections when it is to begin at once. */
  decideCorrection(
    input: IncidentRef & {
      readonly heldSince: string | null;
      readonly approval: GivenApproval | null;
    },
  ): Promise<Decided>;
  requestCorrection(input: { readonly decision: string }): Promise<RequestedCorrection>;
  /** Approves the change by the policy, or by the person who approved the proposal. */
  approveCorrection(input: {
    readonly decision: string;
    readonly changeId: string;
  }): Promise<{ readonly approved: boolean; readonly detail: string }>;
  /** Null while the change has not ended. */
  lookAtCorrection(input: {
    readonly decision: string;
    readonly changeId: string;
  }): Promise<EndedCorrection | null>;
}

export interface EndedCorrection {
  readonly completed: boolean;
  readonly way: CorrectionWay;
  readonly detail: string;
}

export type GuardianSteps = GuardianRecordSteps & GuardianMeasureSteps & GuardianCorrectionSteps;
