import type { StepState } from '../runbook/runbook-run.ts';
import type { EvidenceKind, Runbook } from '../runbook/runbook.ts';
import type { StepRole } from '../runbook/step-rules.ts';
import type { PolicyApproval } from '../guardian/ports.ts';
import type { PreApproval } from '../approvals/template.ts';
import type { DecisionOverride } from './messages.ts';
import type { DeploymentStage } from '../deployment/ports.ts';
import type { ChangeEvent, ChangeState } from './life-cycle.ts';
import type { RolloutPolicy } from './rollout-strategy.ts';

/**
 * What passes between the workflow and its activities. Payloads are JSON and small: documents stay in
 * PostgreSQL and are named by change, revision and attempt.
 */

/** What a change waits for, and when it wakes by itself (ISO instant), for `ctc change why` and the pages. */
export interface WaitingFor {
  readonly what:
    | 'assessment'
    | 'approval'
    | 'window'
    | 'simulation'
    | 'wave'
    | 'bake'
    | 'datacentre'
    | 'verification'
    | 'people'
    | 'resume'
    | 'line'
    | 'rollback'
    | 'review';
  readonly detail: string;
  readonly until?: string;
  /** It cannot come to a good end without a person. */
  readonly needsPerson?: boolean;
  /** How many approvals it needs in all. */
  readonly approvals?: number;
  /** While somebody has it on hold: who, why, and since when (ISO instant). */
  readonly hold?: { readonly by: string; readonly reason: string; readonly since: string };
}

/** The plan in what the workflow needs of it; times are epoch milliseconds. */
export interface AssessedPlan {
  readonly label: string;
  readonly title: string;
  readonly requester: string;
  readonly revision: number;
  readonly planHash: string;
  readonly carriedOutBy: 'ctc' | 'people';
  /** What people carry out step by step; without one they report the outcome as a whole. */
  readonly runbook?: Runbook;
  readonly needsReview: boolean;
  readonly opensAtMs: number;
  readonly latestStartMs: number;
  readonly closesAtMs: number;
  /** The end of the preparation, and the beginning of the rollback reserve; missing where there is none. */
  readonly workFromMs?: number;
  readonly workUntilMs?: number;
  /** Each datacentre's own window; missing where the window is the same for all. */
  readonly sites?: readonly PlannedSite[];
  /** When it is missed, the next window of its series counts. */
  readonly comesAgain?: boolean;
  readonly waveBudgetMs: number;
  readonly rollbackBudgetMs: number;
  readonly maxRedeployments: number;
  /** How a release goes out; missing for what people carry out. */
  readonly rollout?: RolloutPolicy;
  /** Fewest signatures that can do; the policies may ask for more. */
  readonly approvalsNeeded: number;
  /** Whom the policies ask, for people; missing in plans of before there were policies. */
  readonly approvers?: string;
  /** A template approves it: no person is waited for. */
  readonly preApproved?: PreApproval;
  /** Approvals that come afterwards are due so long after the first; missing where none do. */
  readonly justifyWithinMs?: number;
  /** Whoever approved it may not carry it out. */
  readonly separateImplementer?: boolean;
  readonly approvalExpiresAtMs: number;
  /** When to remind the approvers, rising, all before the expiry. */
  readonly remindersAtMs: readonly number[];
  readonly summary: string;
}

/** A wave begins in a datacentre only within its own window. */
export interface PlannedSite {
  readonly datacentre: string;
  readonly workFromMs: number;
  readonly latestStartMs: number;
  readonly workUntilMs: number;
  readonly closesAtMs: number;
}

export interface LogEntry {
  readonly changeId: string;
  /** Unique within the change: written once however often it is sent. */
  readonly key: string;
  /** Principal id, or `workflow`. */
  readonly actor: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Whom to alert besides the requester. */
  readonly alert?: 'requester' | 'approvers' | 'everyone-involved';
  /** Principals to alert whether or not they are of that audience. */
  readonly alertAlso?: readonly string[];
}

export interface TransitionEntry extends LogEntry {
  readonly event: ChangeEvent;
  readonly from: ChangeState;
  readonly to: ChangeState;
  readonly waitingFor: WaitingFor | null;
  /** With `verify`: the attempt that runs from now on, and that a later rollback leads back to. */
  readonly verifiedAttempt?: number;
}

/** A step of the runbook that begins, or ends; each time it begins it is another try. */
export interface RunbookStepEntry extends LogEntry {
  readonly event: 'start-step' | 'complete-step' | 'fail-step' | 'skip-step';
  readonly step: string;
  readonly try: number;
  readonly state: StepState;
  /** As what the actor acted. */
  readonly role: StepRole;
  /** When a step that begins is to be done. */
  readonly dueAt?: string;
  readonly reason: string;
  readonly evidence?: { readonly kind: EvidenceKind; readonly content: string };
  readonly waitingFor?: WaitingFor;
}

export interface DecisionEntry extends LogEntry {
  readonly planHash: string;
  readonly decision: 'approved' | 'rejected';
  readonly by: string;
  readonly reason: string;
  readonly approvalsNeeded: number;
  readonly override?: DecisionOverride;
  readonly policy?: PolicyApproval;
  readonly waitingFor: WaitingFor | null;
}

/** What a decision has come to; `open` names what is still asked for where it did not decide. */
export interface DecisionOutcome {
  readonly decided: boolean;
  readonly approvals: number;
  readonly open?: readonly string[];
}

export type SimulationOutcome =
  | { readonly status: 'placed'; readonly datacentres: readonly string[]; readonly summary: string }
  | { readonly status: 'infeasible'; readonly summary: string };

export const attemptKinds = ['deploy', 'redeploy', 'rollback'] as const;
export type AttemptKind = (typeof attemptKinds)[number];

export interface PlannedAttempt {
  readonly waves: readonly (readonly string[])[];
  /** Datacentres that are brought to the new state in steps; the others in one. */
  readonly stages?: Readonly<Record<string, readonly DeploymentStage[]>>;
  /** False when a rollback leads back to nothing: there was no verified release before. */
  readonly leavesSomething: boolean;
  readonly summary: string;
}

export interface SiteOutcome {
  readonly datacentre: string;
  readonly outcome: 'applied' | 'restored' | 'failed' | 'unreachable' | 'needs-a-person';
  readonly detail: string;
  /** Milliseconds until the longest of its stages was ready, or had failed. */
  readonly tookMs?: number;
  /** The datacentre takes nothing of the kind: it would refuse it again. */
  readonly refused?: true;
}

export interface VerificationOutcome {
  readonly verdict: 'passed' | 'violated' | 'inconclusive';
  readonly summary: string;
}
