import type { DriftReport } from '../deployment/comparison.ts';
import type { DeploymentStage } from '../deployment/ports.ts';
import type { LineView } from '../line/line-stop.ts';
import type { Justification } from './messages.ts';
import type {
  DecisionOutcome,
  AssessedPlan,
  AttemptKind,
  DecisionEntry,
  LogEntry,
  PlannedAttempt,
  RunbookStepEntry,
  SimulationOutcome,
  SiteOutcome,
  TransitionEntry,
  VerificationOutcome,
  WaitingFor,
} from './story.ts';

/**
 * The steps that the workflows order and the activities carry out. Each is idempotent: repeated after a
 * crash with the same arguments it has no second effect. Names are persisted in histories: never renamed.
 */

export interface AttemptRef {
  readonly changeId: string;
  readonly attempt: number;
}

export interface SiteRef extends AttemptRef {
  readonly datacentre: string;
  /** `restore` also replaces what looks the same but is not healthy. */
  readonly mode: 'apply' | 'restore';
  /** Default `full`. */
  readonly stage?: DeploymentStage;
}

/** Until when a stage must be ready; default: as its components say. */
export interface AwaitedSite extends SiteRef {
  /** Epoch milliseconds. */
  readonly deadlineMs?: number;
}

/** What has been applied stands, and is watched before more is risked. */
export interface BakeRef extends AttemptRef {
  readonly datacentre: string;
  readonly stage: 'canary' | 'full';
  /** Epoch milliseconds; not before. */
  readonly untilMs: number;
  /** Probes of each entry; where there is none, looks that found all of it ready. 0: as a verification takes. */
  readonly samples: number;
}

/** What one rollback leads back: everything, or a few datacentres of an attempt that goes on without them. */
export interface PlannedAttemptRef extends AttemptRef {
  readonly kind: AttemptKind;
  readonly only?: { readonly datacentres: readonly string[]; readonly leftOutOf: number };
}

export interface WindowMoveEntry extends LogEntry {
  readonly revision: number;
  readonly request: Readonly<Record<string, unknown>>;
  readonly opensAt: string;
  readonly closesAt: string;
  readonly from: TransitionEntry['from'];
  /** Default `move-window`. */
  readonly event?: 'move-window' | 'miss-occurrence' | 'impact-moved' | 'amend';
}

export interface JustificationEntry
  extends LogEntry, Pick<Justification, 'by' | 'decision' | 'reason'> {}

export interface JustificationOutcome {
  readonly settled: Justification['decision'] | null;
  readonly open: readonly string[];
}

/** A window as it is stored: as it was asked for, and resolved. */
export type FoundWindow = Pick<WindowMoveEntry, 'request' | 'opensAt' | 'closesAt'>;

/** Short database steps, run as local activities. */
export interface RecordSteps {
  /** Compare-and-set on the state together with the log entry and its alerts. */
  recordTransition(entry: TransitionEntry): Promise<void>;
  recordEntry(entry: LogEntry & { readonly waitingFor?: WaitingFor }): Promise<void>;
  /** The step, its evidence and its log entry together. */
  recordRunbookStep(entry: RunbookStepEntry): Promise<void>;
  /**
   * Stores a decision, and with the last approval needed the state `scheduled`. Answers whether the change
   * is decided. Fails as `refused` when a blocking conflict with an approved change stands against it.
   */
  recordDecision(entry: DecisionEntry): Promise<DecisionOutcome>;
  /**
   * Stores what somebody holds of a change that began before it was approved in full. Answers what it is from now
   * on, or what is still asked.
   */
  recordJustification(entry: JustificationEntry): Promise<JustificationOutcome>;
  recordWindowMove(entry: WindowMoveEntry): Promise<void>;
  recordSiteOutcomes(attempt: AttemptRef, outcomes: readonly SiteOutcome[]): Promise<void>;
  /** Gives the targets free for other changes. */
  releaseTargets(changeId: string): Promise<void>;
}

export interface WindowSteps {
  /** The next window of the change's series; null where the series has ended, or there is none. */
  findNextWindow(input: { changeId: string }): Promise<FoundWindow | null>;
}

/** A short database step, run as a local activity. */
export interface LineSteps {
  /**
   * Which stops hold what the change is about to do in `datacentres` (missing: as a whole), and which of the
   * `known` ones were lifted.
   */
  lookAtLine(input: {
    readonly changeId: string;
    readonly known: readonly string[];
    readonly datacentres?: readonly string[];
  }): Promise<LineView>;
}

export interface AssessmentSteps {
  assessChange(input: { changeId: string }): Promise<AssessedPlan>;
}

export interface RolloutSteps {
  /** `measuredSince` (ISO instant): what this change measured earlier no longer counts. */
  simulatePlacement(
    attempt: AttemptRef & { readonly measuredSince?: string },
  ): Promise<SimulationOutcome>;
  planAttempt(attempt: PlannedAttemptRef): Promise<PlannedAttempt>;
}

export interface ComparisonSteps {
  /** What the release would do to each datacentre now; stored with the plan's revision. Touches nothing. */
  previewRollout(plan: {
    readonly changeId: string;
    readonly revision: number;
  }): Promise<{ summary: string }>;
  /** Holds what runs against what was verified last, and stores the report. */
  checkDrift(input: { readonly application: string }): Promise<DriftReport>;
  /** Applications that something was verified of, by name, after the one that is named. */
  listVerified(page: {
    readonly after: string;
    readonly limit: number;
  }): Promise<readonly string[]>;
}

export interface SiteSteps {
  applySite(site: SiteRef): Promise<void>;
  /** Waits until everything that was applied is healthy, or something has failed for good. */
  awaitSite(site: AwaitedSite): Promise<{ ready: boolean; detail: string }>;
}

export interface BakeSteps {
  /** Whether it held. Ends as soon as it does not. */
  bakeSite(bake: BakeRef): Promise<{ ok: boolean; detail: string }>;
}

export interface VerificationSteps {
  verifyAttempt(attempt: AttemptRef): Promise<VerificationOutcome>;
}

export type ChangeSteps = RecordSteps &
  LineSteps &
  WindowSteps &
  AssessmentSteps &
  RolloutSteps &
  ComparisonSteps &
  SiteSteps &
  BakeSteps &
  VerificationSteps;
