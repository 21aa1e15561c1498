import type { AssessedRisk, ImpactFigures } from '../change/ports.ts';
import type { ApprovalPolicy, PolicyInForce } from './policy.ts';
import type { ChangeTemplate, TemplateInForce } from './template.ts';
import type { Standing, StepStanding } from './standing.ts';
import type { ApprovalTerms } from './terms.ts';

export const treatmentOptions = ['modify', 'retain', 'avoid', 'share'] as const;

/** How the risk of one plan is treated (ISO 27001, 6.1.3). */
export interface RiskTreatment {
  readonly option: (typeof treatmentOptions)[number];
  readonly description: string;
  readonly by: string;
  /** ISO instant. */
  readonly at: string;
}

/** How one plan stands with the policies that it was assessed under. */
export interface PlanApprovals {
  readonly change: string;
  readonly state: string;
  readonly planHash: string | null;
  readonly risk: AssessedRisk | null;
  /** Null in plans of before there were policies. */
  readonly terms: ApprovalTerms | null;
  readonly outcome: Standing['outcome'] | null;
  readonly steps: readonly (StepStanding & {
    /** Who could sign it now; the requester and those who have signed are not among them. */
    readonly may: readonly string[];
  })[];
  /** What is missing before anybody may approve. */
  readonly unmet: readonly { readonly requirement: string; readonly wayOut: string }[];
  readonly treatment: RiskTreatment | null;
  readonly justification: {
    readonly by: string;
    readonly settled: string | null;
    readonly isLate: boolean;
    readonly steps: readonly StepStanding[];
  } | null;
}

/** One line of the advisory board's agenda. */
export interface AgendaItem {
  readonly change: string;
  readonly title: string;
  readonly class: string;
  readonly department: string;
  readonly requester: string;
  readonly windowOpensAt: string;
  readonly expiresAt: string | null;
  readonly risk: { readonly level: string; readonly score: number } | null;
  readonly impact: ImpactFigures;
  readonly conflicts: { readonly blocking: number; readonly warnings: number };
  /** What the policies still ask for. */
  readonly open: readonly string[];
  /** The caller's own signature would count for it now. */
  readonly mine: boolean;
}

export interface ApprovalReader {
  /** By id or label. @throws DomainError `not-found`. */
  approvals(idOrLabel: string): Promise<PlanApprovals>;
  /** What waits for a decision, that which expires first at the top. */
  agenda(
    caller: string,
    page: { readonly limit: number; readonly cursor?: string; readonly mine: boolean },
  ): Promise<{ readonly rows: readonly AgendaItem[]; readonly nextCursor?: string }>;
  /** Says how the risk of the plan as it is is treated. @throws DomainError `conflict` where there is none. */
  treat(
    idOrLabel: string,
    planHash: string,
    treatment: Pick<RiskTreatment, 'option' | 'description' | 'by'>,
  ): Promise<RiskTreatment>;
  /** Who could sign what policies ask for about facts that somebody makes up. */
  whoMay(
    terms: ApprovalTerms,
  ): Promise<
    readonly { readonly policy: string; readonly step: string; readonly may: readonly string[] }[]
  >;
}

export type PolicyState = 'proposed' | 'in-force' | 'superseded' | 'retired';

/** One version of something that one person proposes and another puts in force. */
export interface VersionRecord {
  readonly id: string;
  readonly version: number;
  readonly state: PolicyState;
  readonly reason: string;
  readonly proposedBy: string;
  readonly proposedAt: string;
  readonly approvedBy: string | null;
  readonly approvedAt: string | null;
  readonly retiredBy: string | null;
  readonly retiredAt: string | null;
}

export interface PolicyVersion extends VersionRecord {
  readonly policy: ApprovalPolicy;
}

/** Versions of policies: what is on record is never rewritten, and nobody approves what they proposed. */
export interface PolicyRegister {
  /** The newest approved version of each that was not retired. */
  inForce(): Promise<PolicyInForce[]>;
  /** Every version, newest first within each policy; of one policy where it is named. */
  versions(id?: string): Promise<PolicyVersion[]>;
  propose(policy: ApprovalPolicy, reason: string, by: string): Promise<PolicyVersion>;
  /**
   * In force from now on, in place of the version before.
   * @throws DomainError `refused` for whoever proposed it, and for what is not the newest version.
   */
  approve(id: string, version: number, reason: string, by: string): Promise<PolicyVersion>;
  /** No longer in force, and no other version in its place. */
  retire(id: string, reason: string, by: string): Promise<PolicyVersion>;
}

export interface TemplateVersion extends VersionRecord {
  readonly template: ChangeTemplate;
  /** Approves nothing any more, although it is in force. */
  readonly isExpired: boolean;
}

/** Versions of templates, made by two people like policies. */
export interface TemplateRegister {
  findInForce(id: string): Promise<TemplateInForce | undefined>;
  versions(id?: string): Promise<TemplateVersion[]>;
  /** @throws DomainError `invalid` for what no request could follow. */
  propose(template: ChangeTemplate, reason: string, by: string): Promise<TemplateVersion>;
  /** @throws DomainError `refused` for whoever proposed it, and for what is not the newest version. */
  approve(id: string, version: number, reason: string, by: string): Promise<TemplateVersion>;
  retire(id: string, reason: string, by: string): Promise<TemplateVersion>;
}

export interface Delegation {
  readonly id: string;
  readonly delegator: string;
  readonly delegate: string;
  /** ISO instants. */
  readonly from: string;
  readonly until: string;
  readonly reason: string;
  readonly endedAt: string | null;
}

/** Who stands in for whom when changes are decided on. */
export interface DelegationRegister {
  /** @throws DomainError `invalid` where it leads to nobody, or to oneself, or lasts too long. */
  delegate(input: Omit<Delegation, 'id' | 'endedAt'>): Promise<Delegation>;
  /** Given by or to somebody, or all; the newest first. */
  list(of?: string): Promise<Delegation[]>;
  /** @throws DomainError `forbidden` for one of somebody else, unless `anyones`. */
  end(id: string, by: string, anyones: boolean): Promise<Delegation>;
}
