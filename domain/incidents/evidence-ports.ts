export interface EvidenceGiven {
  readonly what: string;
  /** How it was obtained. */
  readonly how: string;
  /** Where it was found or, when only its hash is kept here, where it is. */
  readonly location: string;
  /** Who obtained it, and has it now. */
  readonly obtainedBy: string;
  readonly obtainedAt: string;
}

export interface EvidenceHandover {
  readonly number: number;
  readonly givenBy: string;
  readonly takenBy: string;
  readonly reason: string;
  readonly at: string;
  readonly recordedBy: string;
  readonly recordedAt: string;
}

export interface StoredEvidence extends EvidenceGiven {
  /** Within its incident: E1, E2 … */
  readonly label: string;
  /** Hex. */
  readonly sha256: string;
  /** Null where only a reference is kept. */
  readonly sizeBytes: number | null;
  readonly fileName: string | null;
  readonly mediaType: string | null;
  /** Whether the content is kept here. */
  readonly stored: boolean;
  /** Who has it now. */
  readonly custodian: string;
  readonly recordedBy: string;
  readonly recordedAt: string;
  readonly handovers: readonly EvidenceHandover[];
}

/** Evidence of incidents with its chain of custody. Nothing of it is ever changed or removed. */
export interface EvidenceStore {
  /** The content is hashed here. */
  addFile(
    incident: string,
    evidence: EvidenceGiven & {
      readonly fileName: string;
      readonly mediaType: string;
      readonly content: Buffer;
    },
    by: string,
  ): Promise<StoredEvidence>;
  /** What stays elsewhere, known by its hash. */
  addReference(
    incident: string,
    evidence: EvidenceGiven & { readonly sha256: string },
    by: string,
  ): Promise<StoredEvidence>;
  handOver(
    incident: string,
    evidence: string,
    given: { readonly to: string; readonly reason: string; readonly at: string },
    by: string,
  ): Promise<StoredEvidence>;
  /**
   * Checked against its hash, and written into the log, before a byte of it goes.
   * @throws DomainError `not-found`; `conflict` when what is stored is no longer what was taken.
   */
  read(
    incident: string,
    evidence: string,
    by: string,
  ): Promise<{ readonly evidence: StoredEvidence; readonly content: Buffer }>;
}
