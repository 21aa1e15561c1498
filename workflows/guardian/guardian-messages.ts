import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import {
  guardianMessages,
  type CorrectionEnded,
  type GuardianAcknowledgement,
  type GuardianStatus,
  type GuardianUpdates,
  type Verified,
} from '../../domain/guardian/messages.ts';

const update = <K extends keyof GuardianUpdates>(name: K) =>
  defineUpdate<GuardianAcknowledgement, [GuardianUpdates[K]]>(guardianMessages[name]);

export const pauseGuardianUpdate = update('pause');
export const resumeGuardianUpdate = update('resume');
export const approveCorrectionUpdate = update('approve');
export const declineCorrectionUpdate = update('decline');
export const liftHoldUpdate = update('liftHold');

export const verifiedSignal = defineSignal<[Verified]>(guardianMessages.verified);
export const correctionEndedSignal = defineSignal<[CorrectionEnded]>(
  guardianMessages.correctionEnded,
);
export const guardianStatusQuery = defineQuery<GuardianStatus>(guardianMessages.status);
