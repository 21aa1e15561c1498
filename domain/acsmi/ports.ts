import type { Page } from '../inventory/ports.ts';
import type { ComposedSla } from './application-sla.ts';
import type { Contract, ContractState } from './contract.ts';
import type { SlaVerdict } from './judge-sla.ts';

export interface StoredContract {
  readonly id: string;
  /** For people: CON-3. */
  readonly label: string;
  readonly contract: Contract;
  readonly state: ContractState;
  /** Rises with each change. */
  readonly version: number;
  readonly registeredBy: string;
  readonly registeredAt: string;
}

/** A contract as it was from a change on. */
export interface ContractVersion {
  readonly version: number;
  readonly contract: Contract;
  readonly reason: string;
  readonly changedBy: string;
  readonly changedAt: string;
}

export interface JudgedMonth extends SlaVerdict {
  /** Such as 2026-11, of UTC. */
  readonly month: string;
  /** False while it has not passed: then there is neither an incident nor a credit. */
  readonly final: boolean;
  readonly judgedAt: string;
  /** Label of the incident that a breach opened. */
  readonly incident: string | null;
  /** When somebody reported the credit as settled. */
  readonly settledAt: string | null;
}

export interface ContractDetail extends StoredContract {
  /** Newest first. */
  readonly history: readonly ContractVersion[];
  readonly months: readonly JudgedMonth[];
}

export interface ContractFilter {
  readonly provider?: string;
  readonly application?: string;
  readonly states?: readonly ContractState[];
}

export interface ContractRegister {
  /**
   * @throws DomainError `invalid` naming what the inventory does not know, `conflict` when another contract with the
   * provider covers some of the same for the same application at the same time.
   */
  register(contract: Contract, by: string): Promise<StoredContract>;
  /**
   * Replaces all but the provider; what it was stays in its history. `version` must be the one seen.
   * @throws DomainError as above; `refused` for one that has ended, `conflict` when somebody was faster.
   */
  change(
    idOrLabel: string,
    given: { readonly contract: Contract; readonly reason: string; readonly version: number },
    by: string,
  ): Promise<StoredContract>;
  /** Lets it end on a day of UTC, no later than it would. @throws DomainError `invalid`, `refused`. */
  end(
    idOrLabel: string,
    given: { readonly ends: string; readonly reason: string },
    by: string,
  ): Promise<StoredContract>;
  /** By id or label. @throws DomainError `not-found`. */
  get(idOrLabel: string): Promise<ContractDetail>;
  /** Newest first. */
  list(
    filter: ContractFilter,
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<StoredContract>>;
  /** Resolves the incident of a breach. @throws DomainError `not-found` when there is none, `refused`. */
  settle(
    idOrLabel: string,
    month: string,
    given: { readonly reason: string },
    by: string,
  ): Promise<ContractDetail>;
}

export interface ApplicationSla extends ComposedSla {
  readonly application: string;
  readonly release: string;
  readonly change: string;
  readonly verifiedAt: string;
  /** By the terms in force when it was verified; null for deployments before terms were kept. */
  readonly atDeployment: ComposedSla | null;
}

export interface SlaReader {
  /** @throws DomainError `not-found` for an application that is not there, or of which nothing runs. */
  sla(application: string): Promise<ApplicationSla>;
}

export const proposalKinds = ['contract-ends', 'offer-withdrawn'] as const;
export type ProposalKind = (typeof proposalKinds)[number];

export interface ProposalView {
  /** For people: PRO-3. */
  readonly label: string;
  readonly kind: ProposalKind;
  readonly contract: string | null;
  readonly offer: string | null;
  readonly application: string | null;
  readonly reason: string;
  readonly whatToDo: string;
  /** The body of a `POST /changes`; null where nothing runs that would have to move. */
  readonly request: object | null;
  readonly proposedAt: string;
  /** When its reason was gone. */
  readonly closedAt: string | null;
}

export interface ProposalReader {
  /** Newest first. */
  list(
    filter: { readonly application?: string; readonly includeClosed: boolean },
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<ProposalView>>;
  /** By label. @throws DomainError `not-found`. */
  get(label: string): Promise<ProposalView>;
}

/** What a round of the contract watch found. */
export interface ContractRound {
  readonly judged: number;
  readonly breaches: number;
  readonly proposals: number;
}

export interface ContractWatch {
  /**
   * Keeps the newest samples, judges months that are not judged for good, and proposes what contracts and offers
   * that end ask for. As often as one likes: each breach and each proposal is told once.
   */
  round(at: string): Promise<ContractRound>;
}

/** The step that the watch's workflow orders. */
export interface ContractWatchSteps {
  watchContracts(): Promise<ContractRound>;
}
