import type { Page } from '../inventory/ports.ts';
import type { FreezePeriod } from './freeze.ts';

export interface StoredFreeze {
  readonly id: string;
  readonly freeze: FreezePeriod;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly lifted: { readonly by: string; readonly at: string; readonly reason: string } | null;
  /** Its next times in force, at most a few; ISO instants. */
  readonly next: readonly { readonly from: string; readonly to: string }[];
}

/** Times in which something must not be disturbed: who declared them, and who lifted them and why. */
export interface FreezeRegister {
  /**
   * In force for every change that is not approved yet; the conflicts of those that are planned are computed
   * anew. @throws DomainError `invalid` for times that cannot be resolved and a scope that is not in the
   * inventory.
   */
  create(freeze: FreezePeriod, by: string): Promise<StoredFreeze>;
  /** @throws DomainError `not-found`, and `refused` when it was lifted before. */
  lift(id: string, by: string, reason: string): Promise<StoredFreeze>;
  /** @throws DomainError `not-found`. */
  get(id: string): Promise<StoredFreeze>;
  /** Newest first. */
  list(query: {
    readonly includeLifted: boolean;
    /** Those of customers too. */
    readonly ofCustomers: boolean;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<Page<StoredFreeze>>;
}
