import type { ApplicationDefinition } from './application-definition.ts';
import type { ReleaseDefinition } from './release-definition.ts';

export interface RegisteredApplication {
  readonly definition: ApplicationDefinition;
  readonly version: number;
  readonly updatedAt: string;
  readonly updatedBy: string;
  /** What was verified last and is to run: null before the first. */
  readonly running: {
    readonly release: string;
    readonly change: string;
    readonly verifiedAt: string;
    readonly placement: unknown;
  } | null;
}

export interface RegisteredRelease {
  readonly application: string;
  readonly version: string;
  readonly digest: string;
  readonly definition: ReleaseDefinition;
  readonly registeredAt: string;
  readonly registeredBy: string;
}

export interface ApplicationRegister {
  list(): Promise<RegisteredApplication[]>;
  /** @throws DomainError `not-found`. */
  get(name: string): Promise<RegisteredApplication>;
  /**
   * Stores the definition as a new version; `version` must be the one seen, undefined for a first one.
   * @throws DomainError `conflict` when somebody else was faster, `invalid` for an unknown department or item.
   */
  put(
    definition: ApplicationDefinition,
    by: string,
    seenVersion: number | undefined,
  ): Promise<RegisteredApplication>;
  releases(application: string): Promise<RegisteredRelease[]>;
  /** @throws DomainError `conflict` when the version exists with other content: releases are immutable. */
  addRelease(definition: ReleaseDefinition, digest: string, by: string): Promise<RegisteredRelease>;
}
