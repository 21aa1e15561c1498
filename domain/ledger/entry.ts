/** What an entry is about: a change, an incident, a principal … by the id that the record knows it by. */
export interface LedgerSubject {
  readonly kind: string;
  readonly id: string;
}

/** Something that happened, before it has its place in the log. Never holds a secret. */
export interface NewLedgerEntry {
  /** ISO instant; now unless said. */
  readonly at?: string;
  readonly actor: string;
  /** Of what and what: `change.approve`, `token.issued`. */
  readonly action: string;
  readonly subject: LedgerSubject;
  readonly details?: Readonly<Record<string, unknown>>;
  /** What may have to be erased: stands in the log under the key of its subject, as `details.sealed`. */
  readonly sealed?: Readonly<Record<string, unknown>>;
}

/** AES-256-GCM of canonical JSON, bound to the entry's subject; base64. Without its key it says nothing any more. */
export interface Sealed {
  readonly key: string;
  readonly nonce: string;
  readonly text: string;
}

/** An entry of the log; its RFC 8785 JSON is the leaf that is hashed. */
export interface LedgerEntry {
  /** From 1, without gaps. */
  readonly sequence: number;
  /** ISO instant in UTC. */
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: LedgerSubject;
  readonly details: Readonly<Record<string, unknown>>;
  /** The leaf hash of the entry before (hex); zeros for the first. */
  readonly previousHash: string;
}

/** Before the first entry. */
export const noHash = '0'.repeat(64);

/** What the keyholder signs: the log of this origin had this root at this size. Its RFC 8785 JSON is signed. */
export interface CheckpointNote {
  /** ISO instant. */
  readonly at: string;
  readonly keyId: string;
  readonly origin: string;
  /** Hex. */
  readonly rootHash: string;
  readonly treeSize: number;
}

export interface Checkpoint {
  readonly note: CheckpointNote;
  /** Ed25519 over the note, base64. */
  readonly signature: string;
}

/** What the old key signs (RFC 8785 JSON) when another takes its place. */
export interface KeyChange {
  /** ISO instant. */
  readonly at: string;
  readonly newKeyId: string;
  /** SubjectPublicKeyInfo (DER), base64. */
  readonly newPublicKey: string;
  readonly oldKeyId: string;
  readonly origin: string;
}

/** Actions of the log about itself, which a verifier knows. */
export const ledgerActions = {
  keyAdded: 'ledger.key-added',
  keyChanged: 'ledger.key-changed',
  pruned: 'ledger.pruned',
  erased: 'ledger.erased',
  exported: 'ledger.exported',
} as const;
