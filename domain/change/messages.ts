import type { StepResult } from '../runbook/runbook-run.ts';
import type { StepSender } from '../runbook/step-rules.ts';
import type { PolicyApproval } from '../guardian/ports.ts';
import type { ChangeState } from './life-cycle.ts';
import type { WaitingFor } from './story.ts';

/** Names of the messages to a change's workflow. They are persisted in histories: never renamed. */
export const changeMessages = {
  decide: 'decide',
  moveWindow: 'moveWindow',
  cancel: 'cancelChange',
  pause: 'pause',
  resume: 'resume',
  report: 'reportImplementation',
  startStep: 'startStep',
  endStep: 'endStep',
  decideOnRunbook: 'decideOnRunbook',
  retryRollback: 'retryRollback',
  startReview: 'startReview',
  close: 'close',
  amend: 'amend',
  justify: 'justify',
  impactMoved: 'impactMoved',
  lineStopped: 'lineStopped',
  lineResumed: 'lineResumed',
  status: 'status',
} as const;

/** Every message says who sends it; the API has checked the sender's roles before. */
export interface Message {
  readonly by: string;
  readonly reason: string;
}

/** Approves in spite of blocking conflicts; who may was checked by the API. */
export interface DecisionOverride {
  readonly reason: string;
  readonly conflicts: boolean;
  readonly freezes: boolean;
}

export interface Decision extends Message {
  readonly decision: 'approved' | 'rejected';
  /** The hash of the plan that the person was shown. */
  readonly planHash: string;
  readonly override?: DecisionOverride;
  /** A policy and not a person decides: never sent by the API. */
  readonly policy?: PolicyApproval;
}

export interface WindowMove extends Message {
  /** The new revision's number: one more than the revision that the person was shown. */
  readonly revision: number;
  /** The window as asked for and as resolved; both were checked by the API. */
  readonly window: {
    readonly request: Readonly<Record<string, unknown>>;
    readonly opensAt: string;
    readonly closesAt: string;
  };
}

/** The inventory has changed what a plan affects so much that its approval no longer holds. */
export interface ImpactMoved {
  /** Of the plan that was compared; a later one was assessed with the newer inventory. */
  readonly revision: number;
  readonly message: string;
  /** The window as it is: only the assessment and the approvals are void. */
  readonly window: WindowMove['window'];
}

export interface ImplementationReport extends Message {
  readonly result: 'implemented' | 'backed-out' | 'left-broken';
}

/** Begins a step, or tries one again that has failed. */
export interface StepStart extends Message, StepSender {
  readonly step: string;
}

export interface StepEnd extends StepStart {
  readonly result: StepResult;
  /** A text, or the URL of what shows that it was done. */
  readonly evidence?: string;
}

export const runbookDecisions = ['roll-back', 'go-on'] as const;

/** Whether it is rolled back now, or goes on although its rollback no longer fits into the window. */
export interface RunbookDecision extends Message {
  readonly decision: (typeof runbookDecisions)[number];
}

export interface Review extends Message {
  readonly lessons: string;
}

/** Brings what was left out of the request; the window stays what it is. */
export interface Amendment extends Message, WindowMove {
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Of what began before it was approved in full. */
export interface Justification extends Message {
  readonly decision: 'justified' | 'not-justified';
}

export interface Acknowledgement {
  readonly state: ChangeState;
  readonly message: string;
}

export interface ChangeStatus {
  readonly state: ChangeState;
  readonly revision: number;
  readonly planHash: string | null;
  readonly attempt: number;
  readonly waitingFor: WaitingFor | null;
}

/** What each update carries. */
export interface ChangeUpdates {
  readonly decide: Decision;
  readonly moveWindow: WindowMove;
  readonly cancel: Message;
  readonly pause: Message;
  readonly resume: Message;
  readonly report: ImplementationReport;
  readonly startStep: StepStart;
  readonly endStep: StepEnd;
  readonly decideOnRunbook: RunbookDecision;
  readonly retryRollback: Message;
  readonly startReview: Message;
  readonly close: Review;
  readonly amend: Amendment;
  readonly justify: Justification;
}

/** Sends decisions to the workflows of changes. */
export interface ChangeMessenger {
  /**
   * `key` makes it happen once: the same key again gives the first answer again.
   * @throws DomainError `refused` with the workflow's words; `unavailable` while Temporal or every worker
   * is away (nothing is known to have happened: send it again with the same key).
   */
  send<K extends keyof ChangeUpdates>(
    changeId: string,
    update: K,
    message: ChangeUpdates[K],
    key: string,
  ): Promise<Acknowledgement>;
}
