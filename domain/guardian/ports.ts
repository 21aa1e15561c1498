import type { ApplicationDefinition } from '../application/application-definition.ts';
import type { Endpoint } from '../change/ports.ts';
import type {
  Measurement,
  Placement,
  SimulationInput,
  SimulationResult,
} from '../placement/simulation.ts';
import type { CorrectionFacts, Correction } from './decide-correction.ts';
import type { Evaluation, SampledBucket } from './evaluate.ts';
import type { GivenApproval, IncidentRef } from './guardian-steps.ts';
import type { GuardianState, GuardianWait } from './messages.ts';
import type { CorrectionWay, GuardianPolicy } from './policy.ts';
import type { SeriesKey, Sli } from './slo.ts';

/** The principal that asks for corrections, and the one that a policy approves them in the name of. */
export const guardianPrincipal = 'guardian';
export const policyPrincipal = 'guardian-policy';

/** Where a change comes from that no person asked for; kept with it for good. */
export interface ChangeOrigin {
  readonly kind: 'guardian';
  readonly incident: string;
  readonly incidentLabel: string;
  readonly decision: string;
  readonly number: number;
  readonly way: CorrectionWay;
  /** The change whose deployment it corrects, and the release that ran. */
  readonly corrects: {
    readonly changeId: string;
    readonly label: string;
    readonly release: string;
  };
}

/** Why a policy and not a person approved. */
export type PolicyApproval =
  | GuardianApproval
  | { readonly policy: 'template'; readonly template: string; readonly version: number };

export interface GuardianApproval {
  readonly policy: 'guardian';
  readonly application: string;
  /** Of the definition that holds the policy. */
  readonly definitionVersion: number;
  readonly mode: string;
}

/** What runs of an application, and what it is held to. */
export interface GuardedApplication {
  /** As it is now: its policy counts. */
  readonly definition: ApplicationDefinition;
  readonly definitionVersion: number;
  /** As it was when what runs was planned: its requirements were closed then. */
  readonly planned: ApplicationDefinition;
  readonly changeId: string;
  readonly label: string;
  readonly attempt: number;
  readonly release: string;
  readonly placement: Placement;
  readonly endpoints: readonly Endpoint[];
  readonly verifiedAt: string;
  readonly byRollBack: boolean;
  /** A change that is at work on it, or has left something to mend. */
  readonly otherChange: string | null;
  /** What is measured now would tell of that change, not of what runs. */
  readonly isChanging: boolean;
}

export interface NewSamples extends SeriesKey {
  readonly sli: Sli;
  readonly total: number;
  readonly good: number;
}

/** Samples and what was made of them. */
export interface SampleStore {
  add(
    deployment: Pick<GuardedApplication, 'changeId' | 'attempt'> & { readonly application: string },
    samples: readonly NewSamples[],
    at: string,
  ): Promise<void>;
  /** Of the budget's period. */
  buckets(
    deployment: Pick<GuardedApplication, 'changeId' | 'attempt'> & { readonly application: string },
    nowMs: number,
  ): Promise<readonly SampledBucket[]>;
  /** Merges minutes that are old into hours, and drops what no window looks back to. */
  compact(application: string, nowMs: number): Promise<void>;
}

export interface SimulationOrder {
  readonly way: CorrectionWay;
  readonly release: string;
  readonly input: SimulationInput;
}

/** Guardians, incidents and decisions. */
export interface GuardianRegister {
  /** Undefined while nothing of it is verified. */
  guarded(application: string): Promise<GuardedApplication | undefined>;
  storeEvaluation(guarded: GuardedApplication, evaluation: Evaluation, at: string): Promise<void>;
  openIncident(application: string, at: string): Promise<{ incident: string; label: string }>;
  applicationOf(incident: string): Promise<string>;
  findFigures(ref: IncidentRef): Promise<{ readonly measuredAt: string } | undefined>;
  storeFigures(
    ref: IncidentRef,
    figures: readonly Measurement[],
    measuredAt: string,
  ): Promise<void>;
  /** What Optimus is to be asked about each way that the policy and the past leave open. */
  simulationOrders(ref: IncidentRef, nowMs: number): Promise<readonly SimulationOrder[]>;
  findSimulations(ref: IncidentRef): Promise<boolean>;
  storeSimulation(
    ref: IncidentRef,
    order: SimulationOrder,
    result: SimulationResult,
    at: string,
  ): Promise<void>;
  /**
   * Decides on all facts together, one guardian at a time, and writes the decision down: what begins at once
   * has its place among the company's corrections when this returns.
   */
  decide(
    input: IncidentRef & {
      readonly heldSince: string | null;
      readonly approval: GivenApproval | null;
    },
    choose: (facts: CorrectionFacts) => Correction,
    at: string,
  ): Promise<StoredDecision>;
  decision(id: string): Promise<StoredDecision>;
  /** What the change is to carry: allowed datacentres in their order, and where it comes from. */
  correctionOrder(decision: string): Promise<CorrectionOrder>;
  noteRequested(decision: string, changeId: string): Promise<void>;
  noteEnded(decision: string, outcome: string, at: string): Promise<void>;
  /** Of a correction that has been asked for: what it was decided on, if it may have grown old. */
  correctionOf(changeId: string): Promise<
    | (IncidentRef & {
        readonly way: CorrectionWay;
        readonly application: string;
        readonly measuredAt: string;
        readonly maxInputAgeSeconds: number;
      })
    | undefined
  >;
}

export interface StoredDecision {
  readonly id: string;
  readonly incident: string;
  readonly application: string;
  readonly number: number;
  readonly way: CorrectionWay | 'wait';
  readonly because: string;
  readonly untilMs: number;
  readonly needsApproval: boolean;
  readonly approvedBy: string | null;
  readonly approvalReason: string | null;
  readonly changeId: string | null;
}

export interface CorrectionOrder {
  readonly application: ApplicationDefinition;
  readonly policy: GuardianPolicy;
  readonly release: string;
  readonly datacentres: readonly string[];
  readonly because: string;
  readonly origin: ChangeOrigin;
  readonly policyApproval: GuardianApproval;
}

export interface GuardianView {
  readonly application: string;
  readonly state: GuardianState;
  readonly mode: string;
  readonly waitingFor: GuardianWait | null;
  readonly pausedBy: string | null;
  readonly heldSince: string | null;
  readonly deployment: {
    readonly change: string;
    readonly release: string;
    readonly attempt: number;
  } | null;
  readonly evaluation: Evaluation | null;
  readonly evaluatedAt: string | null;
  /** Label of the incident that is not resolved. */
  readonly incident: string | null;
  /** What waits for an operator. */
  readonly proposal: DecisionView | null;
}

export interface DecisionView {
  readonly id: string;
  readonly number: number;
  readonly way: string;
  readonly because: string;
  readonly decidedAt: string;
  readonly needsApproval: boolean;
  readonly until: string | null;
  readonly release: string | null;
  readonly placement: Placement | null;
  readonly predicted: unknown;
  readonly approvedBy: string | null;
  readonly change: string | null;
  readonly outcome: string | null;
  readonly simulations: readonly {
    readonly id: string;
    readonly way: string;
    readonly inputsHash: string;
    readonly measuredAt: string;
    readonly simulatedAt: string;
    readonly engine: string;
    readonly status: string;
    /** The chosen one is marked; the others are the runners-up. */
    readonly placements: readonly {
      readonly rank: number;
      readonly chosen: boolean;
      readonly placement: Placement;
      readonly predicted: unknown;
    }[];
  }[];
}

export interface GuardianReader {
  /** @throws DomainError `not-found` for an application that is not guarded. */
  view(application: string): Promise<GuardianView>;
}
