export interface OutboxEntry {
  readonly key: string;
  readonly payload: { readonly changeId: string };
}

/** Requests that were accepted and whose workflow has not been started yet. */
export interface Outbox {
  /**
   * Hands at most `limit` due entries to `deliver` and marks those that it delivered; the others are due
   * again later. Returns how many it handled. Two callers never get the same entry at once.
   */
  dispatch(limit: number, deliver: (entry: OutboxEntry) => Promise<void>): Promise<number>;
}
