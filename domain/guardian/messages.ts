import type { Message } from '../change/messages.ts';
import type { WaitingFor } from '../change/story.ts';

/** Names of the messages to an application's guardian. They are persisted in histories: never renamed. */
export const guardianMessages = {
  verified: 'verified',
  correctionEnded: 'correctionEnded',
  pause: 'pauseGuardian',
  resume: 'resumeGuardian',
  approve: 'approveCorrection',
  decline: 'declineCorrection',
  liftHold: 'liftHold',
  status: 'guardianStatus',
} as const;

/** Another release was verified, or the definition has changed: what runs is to be read again. */
export interface Verified {
  readonly change: string;
  readonly attempt: number;
}

/** A change that a guardian has asked for has ended, however it did. */
export interface CorrectionEnded {
  readonly change: string;
}

export interface Answer extends Message {
  /** The proposal that the person was shown. */
  readonly decision: string;
}

export interface GuardianAcknowledgement {
  readonly state: string;
  readonly message: string;
}

/** What a guardian is doing. Persisted: never renamed. */
export const guardianStates = [
  'watching',
  'paused',
  'correcting',
  'waiting-for-approval',
  'ended',
] as const;
export type GuardianState = (typeof guardianStates)[number];

export interface GuardianStatus {
  readonly state: GuardianState;
  readonly waitingFor: GuardianWait | null;
  readonly incident: string | null;
  readonly proposal: string | null;
  readonly heldSince: string | null;
}

export interface GuardianWait extends Omit<WaitingFor, 'what'> {
  readonly what: 'measurement' | 'decision' | 'approval' | 'correction' | 'resume';
}

export interface GuardianUpdates {
  readonly pause: Message;
  readonly resume: Message;
  readonly approve: Answer;
  readonly decline: Answer;
  readonly liftHold: Message;
}

/** Sends what people decide to the guardians of applications. */
export interface GuardianMessenger {
  /** As `ChangeMessenger.send`. */
  send<K extends keyof GuardianUpdates>(
    application: string,
    update: K,
    message: GuardianUpdates[K],
    key: string,
  ): Promise<GuardianAcknowledgement>;
}
