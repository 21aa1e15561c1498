import type { ChangePlan } from '../change/ports.ts';
import type { Conflict } from '../conflicts/conflict.ts';
import type { LogEntry } from '../change/story.ts';
import type { RecordedDurations } from './durations.ts';
import type { RehearsalReport } from './report.ts';
import type { Scenario } from './scenario.ts';

export const rehearsalStates = ['running', 'done', 'failed'] as const;
export type RehearsalState = (typeof rehearsalStates)[number];

export interface RehearsalSummary {
  readonly id: string;
  readonly changeId: string;
  readonly revision: number;
  readonly requestedBy: string;
  /** ISO instants. */
  readonly requestedAt: string;
  readonly endedAt: string | null;
  readonly state: RehearsalState;
  /** Of the plan that was rehearsed; null while there is no report. */
  readonly planHash: string | null;
  readonly summary: string | null;
  /** Why there is no report. */
  readonly problem: string | null;
}

export interface StoredRehearsal extends RehearsalSummary {
  readonly scenarios: readonly Scenario[];
  readonly report: RehearsalReport | null;
}

/** What is to be rehearsed. */
export type RehearsalOrder = Pick<StoredRehearsal, 'changeId' | 'scenarios'>;

export type NewRehearsal = RehearsalOrder & Pick<RehearsalSummary, 'requestedBy' | 'requestedAt'>;

/** The rehearsals of changes. */
export interface RehearsalRegister {
  /**
   * Stores it together with the wish to carry it out.
   * @throws DomainError `conflict` while another one of the change is running, and where its plan has moved on.
   */
  request(rehearsal: NewRehearsal, revision: number): Promise<StoredRehearsal>;
  /** @throws DomainError `not-found`. */
  get(changeId: string, id: string): Promise<StoredRehearsal>;
  /** Newest first. */
  list(changeId: string, limit: number): Promise<readonly RehearsalSummary[]>;
  /** Once: a later end of the same rehearsal changes nothing. The change's log tells of it, too. */
  end(
    id: string,
    ending: { readonly report: RehearsalReport } | { readonly problem: string },
    at: string,
  ): Promise<void>;
}

/** What a rehearsal reads of the world; it writes nothing. */
export interface RehearsalReader {
  /** Principals who may approve the change, in a stable order. */
  approvers(changeId: string): Promise<readonly string[]>;
  /** Who would be told; `involved` have acted in the rehearsal. */
  audience(
    changeId: string,
    entry: Pick<LogEntry, 'alert' | 'alertAlso' | 'actor'>,
    involved: readonly string[],
  ): Promise<readonly string[]>;
  durations(application: string, datacentres: readonly string[]): Promise<RecordedDurations>;
  /** Those that stand now. */
  conflicts(changeId: string): Promise<readonly Conflict[]>;
  plan(changeId: string): Promise<{
    /** Null before the first assessment. */
    readonly plan: ChangePlan | null;
    readonly planHash: string | null;
  }>;
}

/** Runs the scenarios of a change, in a process of its own. */
export type Rehearse = (
  order: RehearsalOrder,
  options: { readonly signal: AbortSignal; readonly onProgress: (done: number) => void },
) => Promise<RehearsalReport>;

/** The steps of a rehearsal's workflow. Names are persisted in histories: never renamed. */
export interface RehearsalSteps {
  rehearseChange(input: {
    readonly rehearsalId: string;
    readonly changeId: string;
  }): Promise<{ readonly summary: string }>;
  failRehearsal(input: { readonly rehearsalId: string; readonly problem: string }): Promise<void>;
}
