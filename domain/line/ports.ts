import type { Page } from '../inventory/ports.ts';
import type { LineScope, LineStopRequest } from './line-stop.ts';

export interface StoredLineStop {
  readonly id: string;
  readonly scope: LineScope;
  readonly reason: string;
  readonly stoppedBy: string;
  readonly stoppedAt: string;
  readonly resumed: { readonly by: string; readonly at: string; readonly reason: string } | null;
  /** Changes that it covered when it was declared, or that have come to it since. */
  readonly covered: number;
  /** Those of them that are paused now, by it or by somebody. */
  readonly paused: number;
}

/** Stops of the line: who declared them and why, and who let the line go on. */
export interface LineStopRegister {
  /**
   * Counts for every step that begins after it returns, whether the workflow engine is there or not; the changes
   * it covers are told through the outbox. The same person and key again give the same stop again.
   * @throws DomainError `invalid` for a scope that is not in the inventory.
   */
  stop(
    request: LineStopRequest & { readonly by: string; readonly requestKey: string },
  ): Promise<StoredLineStop>;
  /** @throws DomainError `not-found`, and `refused` when it was lifted before. */
  resume(id: string, by: string, reason: string): Promise<StoredLineStop>;
  /** @throws DomainError `not-found`. */
  get(id: string): Promise<StoredLineStop>;
  /** Newest first. */
  list(query: {
    readonly includeResumed: boolean;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<Page<StoredLineStop>>;
}
