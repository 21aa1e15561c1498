import type { Message } from '../../domain/change/messages.ts';
import type { GivenApproval } from '../../domain/guardian/guardian-steps.ts';
import type { GuardianState, GuardianWait } from '../../domain/guardian/messages.ts';
import { guardianRecord } from '../steps.ts';

/** An incident that is not resolved; `decisions` counts what was decided about it. */
export interface RunningIncident {
  readonly id: string;
  readonly label: string;
  readonly decisions: number;
}

export interface Proposal {
  readonly decision: string;
  readonly expiresAtMs: number;
}

/** What one run of a guardian hands over to the next: all that PostgreSQL does not know better. */
export interface CarriedState {
  readonly paused: Message | null;
  readonly heldSince: string | null;
  readonly incident: RunningIncident | null;
  readonly proposal: Proposal | null;
  readonly approval: GivenApproval | null;
  readonly decideAgainAtMs: number;
  readonly notes: number;
}

export const nothingCarried: CarriedState = {
  paused: null,
  heldSince: null,
  incident: null,
  proposal: null,
  approval: null,
  decideAgainAtMs: 0,
  notes: 0,
};

/** The state of one running guardian: what handlers read and write. */
export interface GuardianStory {
  readonly application: string;
  state: GuardianState;
  waitingFor: GuardianWait | null;
  paused: Message | null;
  /** ISO instant of the rollback since which nothing moves by itself. */
  heldSince: string | null;
  incident: RunningIncident | null;
  proposal: Proposal | null;
  /** Given by a person, and not yet acted on. */
  approval: GivenApproval | null;
  /** A standing decision to wait holds until then. */
  decideAgainAtMs: number;
  /** The change whose end is waited for. */
  following: string | null;
  /** Something has happened that is to be looked at now. */
  woken: boolean;
  /** Ends what is waited for or measured, so that the story goes on at once. */
  wake: () => void;
  /** What it does, for the pages; written down only when it differs. */
  show(state: GuardianState, waitingFor: GuardianWait | null): Promise<void>;
  /** The next log entry's key within the incident: stable in replay, and across runs. */
  nextKey(): string;
  carry(): CarriedState;
}

export function createGuardianStory(application: string, carried: CarriedState): GuardianStory {
  const { notes, ...state } = carried;
  let written = notes;
  let shown = '';
  const story: GuardianStory = {
    application,
    ...state,
    state: 'watching',
    waitingFor: null,
    following: null,
    woken: false,
    wake: () => {
      story.woken = true;
    },
    async show(now, waitingFor) {
      story.state = now;
      story.waitingFor = waitingFor;
      const record = {
        application,
        state: now,
        waitingFor,
        pausedBy: story.paused?.by ?? null,
        heldSince: story.heldSince,
      };
      // Its next look is not worth a write each time.
      const summary = JSON.stringify({ ...record, waitingFor: waitingFor?.detail });
      if (summary === shown) return;
      shown = summary;
      await guardianRecord.recordGuardian(record);
    },
    nextKey: () => {
      written += 1;
      return `workflow/${written}`;
    },
    carry: () => ({
      paused: story.paused,
      heldSince: story.heldSince,
      incident: story.incident,
      proposal: story.proposal,
      approval: story.approval,
      decideAgainAtMs: story.decideAgainAtMs,
      notes: written,
    }),
  };
  return story;
}
