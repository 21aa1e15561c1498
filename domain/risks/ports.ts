import type { Action } from '../actions/action.ts';
import type { Finding } from '../incidents/findings.ts';
import type { Page } from '../inventory/ports.ts';
import type { Control } from './annex-a.ts';
import type { Rated, RiskCriteria } from './criteria.ts';
import type { RiskFindingKind } from './findings.ts';
import type { ControlDecision, Risk } from './risk.ts';

export interface CriteriaVersion {
  /** 0 while none have been adopted: nothing can be assessed then. */
  readonly version: number;
  readonly criteria: RiskCriteria | null;
  readonly reason: string | null;
  readonly adoptedBy: string | null;
  readonly adoptedAt: string | null;
}

export interface RiskAssessment {
  readonly version: number;
  readonly criteriaVersion: number;
  readonly risk: Risk;
  readonly inherent: Rated;
  /** Null while no treatment is decided. */
  readonly residual: Rated | null;
  readonly reason: string;
  readonly assessedBy: string;
  readonly assessedAt: string;
}

export interface RiskAcceptance {
  /** Of the assessment that was accepted. */
  readonly version: number;
  readonly acceptedBy: string;
  readonly acceptedAt: string;
  readonly reason: string;
  /** Why it is accepted although it is above what the criteria accept; null where it is not. */
  readonly exception: string | null;
}

export interface RiskTrigger {
  readonly reason: string;
  /** What it comes from, such as INC-3; null where a person just says so. */
  readonly from: string | null;
  readonly by: string;
  readonly at: string;
}

export interface StoredRisk extends RiskAssessment {
  readonly id: string;
  /** For people: RSK-3. */
  readonly label: string;
  readonly state: 'open' | 'closed';
  /** Of this assessment; an older one does not count any more. */
  readonly acceptance: RiskAcceptance | null;
  /** Day. */
  readonly reviewOn: string;
  readonly reviewOverdue: boolean;
  /** What has happened since that asks for another assessment. */
  readonly triggers: readonly RiskTrigger[];
}

export interface RiskDetail extends StoredRisk {
  readonly history: readonly RiskAssessment[];
  readonly acceptances: readonly RiskAcceptance[];
  readonly actions: readonly Action[];
}

export interface DecidedControl extends Control {
  /** Null while nobody has decided about it. */
  readonly decision:
    | (ControlDecision & {
        readonly version: number;
        readonly decidedBy: string;
        readonly decidedAt: string;
      })
    | null;
  /** Labels of open risks that are treated by it. */
  readonly risks: readonly string[];
}

/** Criteria, risks and what is decided about controls, each in all its versions. */
export interface RiskRegister {
  criteria(): Promise<CriteriaVersion>;
  /** @throws DomainError `not-found`. */
  criteriaOf(version: number): Promise<CriteriaVersion>;
  criteriaVersions(): Promise<readonly Omit<CriteriaVersion, 'criteria'>[]>;
  /** @throws DomainError `conflict` when others are in force than those that were seen. */
  adoptCriteria(
    criteria: RiskCriteria,
    given: { readonly reason: string; readonly seenVersion: number },
    by: string,
  ): Promise<CriteriaVersion>;

  /** @throws DomainError `refused` while there are no criteria, `invalid`. */
  register(risk: Risk, by: string): Promise<StoredRisk>;
  /** What it was stays in its history, and is no longer accepted. */
  assess(
    idOrLabel: string,
    given: { readonly risk: Risk; readonly reason: string },
    by: string,
  ): Promise<StoredRisk>;
  /** By the owner and nobody else, and what the owner has seen. @throws DomainError `forbidden`. */
  accept(
    idOrLabel: string,
    given: {
      readonly reason: string;
      readonly exception: string | null;
      readonly seenVersion: number;
    },
    by: string,
  ): Promise<StoredRisk>;
  trigger(
    idOrLabel: string,
    given: { readonly reason: string; readonly from: string | null },
    by: string,
  ): Promise<StoredRisk>;
  close(idOrLabel: string, reason: string, by: string): Promise<StoredRisk>;
  get(idOrLabel: string): Promise<RiskDetail>;
  /** Newest first. */
  list(
    filter: {
      readonly state?: 'open' | 'closed';
      readonly owner?: string;
      readonly band?: string;
    },
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<StoredRisk>>;
  /** All open ones with their actions, for the reports. */
  openRisks(): Promise<readonly (StoredRisk & { readonly actions: readonly Action[] })[]>;

  /** All 93, in their order. */
  controls(): Promise<readonly DecidedControl[]>;
  /** @throws DomainError `not-found` for what is no control of Annex A. */
  decideControl(number: string, decision: ControlDecision, by: string): Promise<DecidedControl>;

  findings(): Promise<readonly Finding<RiskFindingKind>[]>;
}
