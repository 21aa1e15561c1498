import type { Target } from '../access/grants.ts';
import type { ApprovalTerms } from '../approvals/terms.ts';
import type { ApplicationDefinition } from '../application/application-definition.ts';
import type { ReleaseDefinition } from '../application/release-definition.ts';
import type { Conflict } from '../conflicts/conflict.ts';
import type { ImpactSnapshot } from '../impact/ports.ts';
import type { DeploymentPreview, DriftReport } from '../deployment/comparison.ts';
import type { DesiredState, Fence } from '../deployment/ports.ts';
import type {
  Measurement,
  Placement,
  SimulationInput,
  SimulationResult,
} from '../placement/simulation.ts';
import type { VerificationReport } from '../verification/judge-verification.ts';
import type { ResolvedWindow, SiteWindow } from '../windows/window.ts';
import type { AttemptRef } from './change-steps.ts';
import type { ChangeRequest } from './change-request.ts';
import type { ChangeRisk, RiskFacts } from './change-risk.ts';
import type { AttemptKind } from './story.ts';

/** A change as it was asked for, with its window's instants. */
export interface RequestedChange {
  readonly id: string;
  readonly label: string;
  readonly requester: string;
  readonly revision: number;
  readonly request: ChangeRequest;
  readonly window: ResolvedWindow;
}

export interface VerifiedRelease {
  readonly changeId: string;
  /** Of the change: `CHG-12`. */
  readonly label: string;
  /** ISO instant. */
  readonly verifiedAt: string;
  readonly attempt: number;
  readonly version: string;
  readonly digest: string;
  readonly placement: Placement;
  readonly desired: Readonly<Record<string, DesiredState>>;
  readonly endpoints: readonly Endpoint[];
}

/** Where a component answers. */
export interface Endpoint {
  readonly datacentre: string;
  readonly component: string;
  readonly url: string;
}

/** What an approval is tied to: its canonical JSON gives the plan's hash. */
export interface ChangePlan {
  readonly change: string;
  readonly revision: number;
  readonly request: ChangeRequest;
  readonly window: {
    readonly opensAt: string;
    readonly latestStartAt: string;
    readonly closesAt: string;
    /** Missing where the window has no preparation, no rollback reserve, and is the same everywhere. */
    readonly workFrom?: string;
    readonly workUntil?: string;
    readonly sites?: readonly SiteWindow[];
  };
  readonly releaseDigest: string | null;
  readonly application: ApplicationDefinition | null;
  readonly rollsBackTo: { readonly version: string; readonly digest: string } | null;
  readonly impact: ImpactFigures;
  /** With the facts that it was computed from; missing in plans of before it was. */
  readonly risk?: AssessedRisk;
  /** What the policies in force asked for; missing in plans of before there were policies. */
  readonly approval?: ApprovalTerms;
  /** What those who decide must know besides, such as a runbook that does not fit; missing where nothing. */
  readonly findings?: readonly string[];
}

export interface AssessedRisk extends ChangeRisk {
  readonly facts: RiskFacts;
}

/** What the record tells of a change besides its impact. */
export interface RiskHistory {
  readonly similar: RiskFacts['similar'];
  readonly conflicts: RiskFacts['conflicts'];
  /** The very release was verified in production before. */
  readonly isReleaseVerified: boolean;
  /** Something of the application was rolled back whole before, or a rehearsal of the change did. */
  readonly hasRolledBack: boolean;
  /** Departments and datacentres that it touches. */
  readonly target: Target;
}

export interface ImpactFigures {
  readonly servicesDown: number;
  readonly servicesDegraded: number;
  readonly servicesAtRisk: number;
  readonly customers: number;
}

export interface StoredAssessment {
  readonly changeId: string;
  readonly revision: number;
  readonly snapshot: ImpactSnapshot;
  readonly plan: ChangePlan;
  readonly planHash: string;
  readonly approvalsNeeded: number;
  readonly approvalExpiresAt: string;
  readonly at: string;
}

/** What was asked for, and what was found out about it. */
export interface ChangeRegister {
  requestedChange(changeId: string): Promise<RequestedChange>;
  release(
    application: string,
    version: string,
  ): Promise<{ definition: ReleaseDefinition; digest: string }>;
  application(name: string): Promise<ApplicationDefinition>;
  /**
   * The application as it was when the plan was approved: what is changed in its definition afterwards
   * counts for the next change. @throws DomainError `not-found` before the first assessment.
   */
  plannedApplication(changeId: string): Promise<ApplicationDefinition>;
  /** Of what is to be assessed, at an instant (ISO). */
  riskHistory(changeId: string, releaseDigest: string | null, at: string): Promise<RiskHistory>;
  /** The newest verified release, not counting what the named change itself verified. */
  lastVerified(application: string, notBy?: string): Promise<VerifiedRelease | undefined>;
  /**
   * Stores an assessment, and the conflicts that the change has with all interventions that have not ended;
   * one assessment at a time, so that two changes cannot both miss each other.
   */
  storeAssessment(assessment: StoredAssessment): Promise<readonly Conflict[]>;
}

export interface StoredAttempt extends AttemptRef {
  readonly kind: AttemptKind;
  readonly application: string;
  readonly releaseVersion: string;
  readonly releaseDigest: string;
  readonly placement: Placement;
  readonly waves: readonly (readonly string[])[];
  readonly desired: Readonly<Record<string, DesiredState>>;
  readonly endpoints: readonly Endpoint[];
  /** Datacentres in which it is not what those who approved it were shown; missing where there are none. */
  readonly unlikeShown?: readonly string[];
}

/** What was found when datacentres were only looked at. */
export interface ComparisonRegister {
  /** Replaces an earlier one of the same revision. */
  storePreview(changeId: string, preview: DeploymentPreview): Promise<void>;
  findPreview(changeId: string, revision: number): Promise<DeploymentPreview | undefined>;
  /** What has drifted is reported as an event for review, once for as long as it stands. */
  storeDrift(report: DriftReport): Promise<void>;
  /** Those that something was verified of, by name, after the one that is named. */
  verifiedApplications(page: {
    readonly after: string;
    readonly limit: number;
  }): Promise<readonly string[]>;
  latestDrift(application: string): Promise<DriftReport | undefined>;
  /** The change that works on the application now: `CHG-12`. */
  atWork(application: string): Promise<string | undefined>;
}

/** What was simulated, deployed and measured. */
export interface RolloutRegister {
  findSimulation(ref: AttemptRef): Promise<SimulationResult | undefined>;
  /**
   * What Optimus is to be asked now: current capacity, figures measured during this change, or since the
   * instant (ISO) that is named.
   */
  simulationInput(changeId: string, measuredSince?: string): Promise<SimulationInput>;
  storeSimulation(
    ref: AttemptRef,
    input: SimulationInput,
    result: SimulationResult,
    at: string,
  ): Promise<void>;
  findAttempt(ref: AttemptRef): Promise<StoredAttempt | undefined>;
  /** Whether the change has begun to deploy anything. */
  hasAttempts(changeId: string): Promise<boolean>;
  /** Datacentres in which this change, or the release before it, may run something. */
  occupiedDatacentres(changeId: string, application: string): Promise<readonly string[]>;
  /**
   * Stores the attempt and takes the lease of every datacentre in it, in one transaction.
   * @throws DomainError `unavailable` naming the change that still holds one.
   */
  storeAttempt(attempt: StoredAttempt, at: string): Promise<void>;
  /** From now on `attempt` says of the datacentres of `instead` what that says of them. */
  leaveOut(attempt: AttemptRef, instead: StoredAttempt): Promise<void>;
  siteTarget(
    ref: AttemptRef & { readonly datacentre: string },
  ): Promise<{ desired: DesiredState; fence: Fence }>;
  storeMeasurements(ref: AttemptRef, measurements: readonly Measurement[]): Promise<void>;
  findVerification(ref: AttemptRef): Promise<VerificationReport | undefined>;
  storeVerification(ref: AttemptRef, report: VerificationReport, at: string): Promise<void>;
}
