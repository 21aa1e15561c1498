import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import {
  changeMessages,
  type Acknowledgement,
  type ChangeStatus,
  type ChangeUpdates,
  type ImpactMoved,
} from '../../domain/change/messages.ts';
import type { LiftedStop, StandingStop } from '../../domain/line/line-stop.ts';

const update = <K extends keyof ChangeUpdates>(name: K) =>
  defineUpdate<Acknowledgement, [ChangeUpdates[K]]>(changeMessages[name]);

export const decideUpdate = update('decide');
export const moveWindowUpdate = update('moveWindow');
export const cancelUpdate = update('cancel');
export const pauseUpdate = update('pause');
export const resumeUpdate = update('resume');
export const reportUpdate = update('report');
export const startStepUpdate = update('startStep');
export const endStepUpdate = update('endStep');
export const decideOnRunbookUpdate = update('decideOnRunbook');
export const retryRollbackUpdate = update('retryRollback');
export const startReviewUpdate = update('startReview');
export const closeUpdate = update('close');
export const amendUpdate = update('amend');
export const justifyUpdate = update('justify');

export const lineStoppedSignal = defineSignal<[StandingStop]>(changeMessages.lineStopped);
export const lineResumedSignal = defineSignal<[LiftedStop]>(changeMessages.lineResumed);
export const impactMovedSignal = defineSignal<[ImpactMoved]>(changeMessages.impactMoved);
export const statusQuery = defineQuery<ChangeStatus>(changeMessages.status);
