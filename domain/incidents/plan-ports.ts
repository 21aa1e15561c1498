import type { Finding, IncidentFindingKind } from './findings.ts';
import type { IncidentPlan } from './plan.ts';

export interface PlanInForce {
  /** 0: the default one, which nobody has adopted. */
  readonly version: number;
  readonly plan: IncidentPlan;
  readonly reason: string | null;
  readonly adoptedBy: string | null;
  readonly adoptedAt: string | null;
  readonly contactsVerifiedAt: Readonly<Record<string, string>>;
}

export interface Exercise {
  readonly id: string;
  readonly planVersion: number;
  /** Day. */
  readonly heldOn: string;
  readonly scenario: string;
  readonly participants: readonly string[];
  readonly outcome: string;
  readonly recordedBy: string;
  readonly recordedAt: string;
}

/** The incident plan in all its versions, and what shows that it works. */
export interface IncidentPlanStore {
  inForce(): Promise<PlanInForce>;
  /** @throws DomainError `not-found`. */
  version(version: number): Promise<Omit<PlanInForce, 'contactsVerifiedAt'>>;
  /** Newest first. */
  versions(): Promise<readonly Omit<PlanInForce, 'plan' | 'contactsVerifiedAt'>[]>;
  /** @throws DomainError `conflict` when the plan in force is another than the one that was seen. */
  adopt(
    plan: IncidentPlan,
    given: { readonly reason: string; readonly seenVersion: number },
    by: string,
  ): Promise<PlanInForce>;
  /** @throws DomainError `not-found`. */
  verifyContact(contact: string, how: string, by: string): Promise<void>;
  recordExercise(
    exercise: Pick<Exercise, 'heldOn' | 'scenario' | 'participants' | 'outcome'>,
    by: string,
  ): Promise<Exercise>;
  /** Newest first. */
  exercises(): Promise<readonly Exercise[]>;
}

export interface IncidentFindings {
  /** Of the plan, of events, incidents, duties, reviews and their actions. */
  list(): Promise<readonly Finding<IncidentFindingKind>[]>;
}
