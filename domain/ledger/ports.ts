import type { Page } from '../inventory/ports.ts';
import type { Checkpoint, LedgerEntry, LedgerSubject, NewLedgerEntry } from './entry.ts';

export interface StoredLedgerEntry extends LedgerEntry {
  /** The entry's leaf hash, hex. */
  readonly hash: string;
  /** What is sealed in it; null where it was erased, missing where nothing is. */
  readonly revealed?: Readonly<Record<string, unknown>> | null;
}

export interface LedgerQuery {
  readonly actor?: string;
  readonly action?: string;
  readonly subjectKind?: string;
  readonly subjectId?: string;
  /** ISO instants: from then on, and before then. */
  readonly from?: string;
  readonly before?: string;
  readonly limit: number;
  readonly cursor?: string;
}

export interface LedgerKeyView {
  readonly id: string;
  /** SubjectPublicKeyInfo (DER), base64. */
  readonly publicKey: string;
  /** ISO instants; `to` is null for the one in use. */
  readonly from: string;
  readonly to: string | null;
}

/** Hashes are hex. */
export interface InclusionProof {
  readonly sequence: number;
  readonly treeSize: number;
  readonly leafHash: string;
  readonly rootHash: string;
  readonly proof: readonly string[];
}

export interface ConsistencyProof {
  readonly from: number;
  readonly to: number;
  readonly fromRootHash: string;
  readonly toRootHash: string;
  readonly proof: readonly string[];
}

/** Reads of the intervention log, and what is done about the log as a whole. */
export interface Ledger {
  /** Writes what has no other write to go with. It stands in the log when this returns. */
  record(entry: NewLedgerEntry): Promise<void>;
  /** Newest first. */
  list(query: LedgerQuery): Promise<Page<StoredLedgerEntry>>;
  /** Newest first. */
  checkpoints(query: {
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<Page<Checkpoint>>;
  keys(): Promise<LedgerKeyView[]>;
  /**
   * @throws DomainError `invalid` for sizes beyond the newest checkpoint, `not-found` for what has been pruned.
   */
  inclusionProof(sequence: number, treeSize: number): Promise<InclusionProof>;
  /** @throws DomainError as `inclusionProof`. */
  consistencyProof(from: number, to: number): Promise<ConsistencyProof>;
  /** Lines of JSON that `ctc log verify` takes, up to a checkpoint made for it. */
  export(by: string): Promise<AsyncIterable<string>>;
  /**
   * Erases what is sealed about a subject, and what the record keeps of an event in words; entries stay in their
   * places and prove what they proved. @throws DomainError `not-found` where nothing is sealed.
   */
  erase(request: {
    readonly subject: LedgerSubject;
    readonly by: string;
    readonly reason: string;
  }): Promise<{ readonly keys: number }>;
  /**
   * Removes all entries up to the last checkpoint before the instant; what remains can still be verified.
   * @throws DomainError `refused` when there are none.
   */
  prune(request: {
    /** ISO instant. */
    readonly before: string;
    readonly by: string;
    readonly reason: string;
  }): Promise<{ readonly upTo: number; readonly removed: number }>;
}
