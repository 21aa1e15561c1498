import type { CorrectionEnded, Verified } from '../guardian/messages.ts';
import type { LiftedStop, StandingStop } from '../line/line-stop.ts';
import type { ImpactMoved } from './messages.ts';

export interface OutboxEntry {
  readonly topic:
    | 'start-change'
    | 'impact-moved'
    | 'line-stopped'
    | 'line-resumed'
    | 'guard-application'
    | 'correction-ended'
    | 'rehearse-change';
  readonly key: string;
  readonly payload: {
    readonly changeId: string;
    readonly moved?: ImpactMoved;
    readonly stopped?: StandingStop;
    readonly lifted?: LiftedStop;
    readonly guard?: { readonly application: string; readonly verified: Verified };
    /** Id of the rehearsal that is to run. */
    readonly rehearsal?: string;
    readonly ended?: { readonly application: string; readonly correction: CorrectionEnded };
  };
}

/** What workflows are still to be told: that they start, what the inventory moved, how the line stands, what runs. */
export interface Outbox {
  /**
   * Hands at most `limit` due entries to `deliver` and marks those that it delivered; the others are due
   * again later. Returns how many it handled. Two callers never get the same entry at once.
   */
  dispatch(limit: number, deliver: (entry: OutboxEntry) => Promise<void>): Promise<number>;
}
