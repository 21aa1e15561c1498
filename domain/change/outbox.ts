import type { Verified } from '../guardian/messages.ts';
import type { ImpactMoved } from './messages.ts';

export interface OutboxEntry {
  readonly topic: 'start-change' | 'impact-moved' | 'guard-application';
  readonly key: string;
  readonly payload: {
    readonly changeId: string;
    readonly moved?: ImpactMoved;
    readonly guard?: { readonly application: string; readonly verified: Verified };
  };
}

/** What workflows are still to be told: that they start, that their impact has moved, or what runs now. */
export interface Outbox {
  /**
   * Hands at most `limit` due entries to `deliver` and marks those that it delivered; the others are due
   * again later. Returns how many it handled. Two callers never get the same entry at once.
   */
  dispatch(limit: number, deliver: (entry: OutboxEntry) => Promise<void>): Promise<number>;
}
