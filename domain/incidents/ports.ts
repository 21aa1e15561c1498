import type { SlaBreach } from '../acsmi/judge-sla.ts';
import type { Action } from '../actions/action.ts';
import type { Evaluation } from '../guardian/evaluate.ts';
import type { DecisionView } from '../guardian/ports.ts';
import type { Page } from '../inventory/ports.ts';
import type { Classification, DutyState } from './duties.ts';
import type { EventAssessment, EventReport, EventState } from './event.ts';
import type { StoredEvidence } from './evidence-ports.ts';
import type { IncidentSource, IncidentState, ResponseStep } from './life-cycle.ts';

export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string;
}

export interface StoredEvent extends Omit<EventReport, 'application'> {
  readonly id: string;
  /** For people: EVT-3. */
  readonly label: string;
  readonly application: string | null;
  readonly state: EventState;
  readonly reportedBy: string;
  readonly reportedAt: string;
  readonly incident: string | null;
  readonly decisionReason: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: string | null;
}

/** What people noticed, kept apart from incidents, with who decided what it is and why. */
export interface EventRegister {
  /** Once for each key. */
  report(report: EventReport, by: string, requestKey: string): Promise<StoredEvent>;
  /** @throws DomainError `not-found`, `invalid`, `conflict` for one that is assessed already. */
  assess(idOrLabel: string, assessment: EventAssessment, by: string): Promise<StoredEvent>;
  get(idOrLabel: string): Promise<StoredEvent>;
  /** Newest first. */
  list(
    filter: { readonly states?: readonly EventState[]; readonly reportedBy?: string },
    page: PageQuery,
  ): Promise<Page<StoredEvent>>;
}

export interface IncidentSummary {
  readonly id: string;
  /** For people: INC-3. */
  readonly label: string;
  readonly source: IncidentSource;
  readonly state: IncidentState;
  readonly summary: string;
  readonly category: string | null;
  readonly severity: string | null;
  /** Null until a person has said so. */
  readonly personalData: boolean | null;
  readonly application: string | null;
  readonly violated: readonly string[];
  /** The change it is about; for a guardian's, whose deployment it is. */
  readonly change: string | null;
  readonly awareAt: string;
  readonly openedAt: string;
  readonly respondBy: string | null;
  readonly respondedAt: string | null;
  readonly mitigatedAt: string | null;
  readonly resolvedAt: string | null;
  readonly closedAt: string | null;
}

export interface IncidentDuty {
  readonly duty: string;
  readonly title: string;
  readonly to: string;
  readonly dueAt: string;
  readonly state: DutyState;
  readonly notifiedAt: string | null;
  /** What shows that it was done: a reference, a number of a letter, E2 for a piece of evidence. */
  readonly proof: string | null;
  readonly waivedReason: string | null;
  readonly settledBy: string | null;
  readonly settledAt: string | null;
}

export const changeLinkKinds = ['caused-by', 'fixed-by'] as const;
export type ChangeLinkKind = (typeof changeLinkKinds)[number];

export interface ChangeLink {
  readonly change: string;
  readonly kind: ChangeLinkKind;
  readonly reason: string;
  readonly linkedBy: string;
  readonly linkedAt: string;
}

export interface IncidentReview {
  readonly whatHappened: string;
  readonly rootCause: string;
  readonly lessons: string;
  /** What is to become of the criteria that incidents, and risks, are judged by; null: nothing. */
  readonly criteriaChange: string | null;
  readonly reviewedBy: string;
  readonly reviewedAt: string;
}

export interface IncidentDetail extends IncidentSummary {
  readonly planVersion: number | null;
  readonly classifiedBy: string | null;
  /** What a guardian or a contract was measured by; null for what people reported. */
  readonly evidence: Evaluation | null;
  readonly breach: SlaBreach | null;
  readonly decisions: readonly DecisionView[];
  readonly events: readonly string[];
  readonly duties: readonly IncidentDuty[];
  readonly changes: readonly ChangeLink[];
  readonly custody: readonly StoredEvidence[];
  readonly review: IncidentReview | null;
  readonly actions: readonly Action[];
  /** What stands against closing it; empty when it can be closed, or is. */
  readonly openForClosing: readonly string[];
  readonly log: readonly {
    readonly at: string;
    readonly actor: string;
    readonly message: string;
    readonly step: string | null;
    /** When it was done, where that was said. */
    readonly happenedAt: string | null;
  }[];
}

export interface IncidentReader {
  /** Newest first. */
  list(
    filter: {
      readonly application?: string;
      readonly states?: readonly IncidentState[];
      readonly sources?: readonly IncidentSource[];
      readonly severity?: string;
    },
    page: PageQuery,
  ): Promise<Page<IncidentSummary>>;
  /** By id or label. @throws DomainError `not-found`. */
  get(idOrLabel: string): Promise<IncidentDetail>;
  /** What it is about; null where that is no application. @throws DomainError `not-found`. */
  applicationOf(idOrLabel: string): Promise<string | null>;
}

/** What people do about incidents. Everything throws DomainError `not-found`, `invalid` or `refused`. */
export interface IncidentRegister {
  /** Duties that this makes owed begin to run from the moment of awareness. */
  classify(
    incident: string,
    given: Classification & { readonly reason: string },
    by: string,
  ): Promise<void>;
  step(
    incident: string,
    step: { readonly step: ResponseStep | 'note'; readonly what: string; readonly at?: string },
    by: string,
  ): Promise<void>;
  notify(
    incident: string,
    duty: string,
    given: { readonly at: string; readonly proof: string },
    by: string,
  ): Promise<void>;
  waive(incident: string, duty: string, reason: string, by: string): Promise<void>;
  link(
    incident: string,
    link: { readonly change: string; readonly kind: ChangeLinkKind; readonly reason: string },
    by: string,
  ): Promise<void>;
  unlink(
    incident: string,
    link: { readonly change: string; readonly kind: ChangeLinkKind; readonly reason: string },
    by: string,
  ): Promise<void>;
  review(
    incident: string,
    review: Omit<IncidentReview, 'reviewedBy' | 'reviewedAt'> & {
      /** Labels of those that are to be assessed again because of it. */
      readonly risks: readonly string[];
    },
    by: string,
  ): Promise<void>;
  close(incident: string, reason: string, by: string): Promise<void>;
}
