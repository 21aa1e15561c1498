import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { ChangeState } from '../../domain/change/life-cycle.ts';
import type { WaitingFor } from '../../domain/change/story.ts';

/** Names of messages are persisted in histories: never renamed. Who may send them is checked by the API. */

/** Every message says who sends it; roles were checked before it came here. */
export interface Request {
  readonly by: string;
  readonly reason: string;
}

export interface Decision extends Request {
  readonly decision: 'approved' | 'rejected';
  /** The hash of the plan that the person was shown. */
  readonly planHash: string;
}

export interface WindowMove extends Request {
  /** The new revision's number: one more than the revision that the person was shown. */
  readonly revision: number;
  /** The window as asked for and its instants, already checked by the API. */
  readonly window: {
    readonly request: Readonly<Record<string, unknown>>;
    readonly opensAt: string;
    readonly closesAt: string;
  };
}

export interface ImplementationReport extends Request {
  readonly result: 'implemented' | 'backed-out' | 'left-broken';
}

export interface Review extends Request {
  readonly lessons: string;
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

export const decideUpdate = defineUpdate<Acknowledgement, [Decision]>('decide');
export const moveWindowUpdate = defineUpdate<Acknowledgement, [WindowMove]>('moveWindow');
export const cancelUpdate = defineUpdate<Acknowledgement, [Request]>('cancelChange');
export const pauseUpdate = defineUpdate<Acknowledgement, [Request]>('pause');
export const resumeUpdate = defineUpdate<Acknowledgement, [Request]>('resume');
export const reportUpdate = defineUpdate<Acknowledgement, [ImplementationReport]>(
  'reportImplementation',
);
export const retryRollbackUpdate = defineUpdate<Acknowledgement, [Request]>('retryRollback');
export const startReviewUpdate = defineUpdate<Acknowledgement, [Request]>('startReview');
export const closeUpdate = defineUpdate<Acknowledgement, [Review]>('close');

export const statusQuery = defineQuery<ChangeStatus>('status');
