import type { ChangePlan } from '../change/ports.ts';
import type { Conflict } from '../conflicts/conflict.ts';
import type { LogEntry } from '../change/story.ts';
import type { RecordedDurations } from './durations.ts';
import type { RehearsalReport } from './report.ts';
import type { Scenario } from './scenario.ts';

export const rehearsalStates = ['running', 'done', 'failed'] as const;
export type RehearsalState = (typeof rehearsalStates)[number];

export interface StoredRehearsal {
  readonly id: string;
  readonly changeId: string;
  readonly revision: number;
  readonly requestedBy: string;
  /** ISO instants. */
  readonly requestedAt: string;
  readonly endedAt: string | null;
  readonly state: RehearsalState;
  readonly scenarios: readonly Scenario[];
  readonly report: RehearsalReport | null;
  /** Why there is no report. */
  readonly problem: string | null;
}

export interface NewRehearsal {
  readonly changeId: string;
  readonly scenarios: readonly Scenario[];
  readonly requestedBy: string;
  readonly requestedAt: string;
}

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
  list(changeId: string, limit: number): Promise<readonly StoredRehearsal[]>;
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
  order: { readonly changeId: string; readonly scenarios: readonly Scenario[] },
  options: { readonly signal: AbortSignal; readonly onProgress: (done: number) => void },
) => Promise<RehearsalReport>;

/** The one step of a rehearsal's workflow. Its name is persisted in histories: never renamed. */
export interface RehearsalSteps {
  rehearseChange(input: {
    readonly rehearsalId: string;
    readonly changeId: string;
  }): Promise<{ readonly summary: string }>;
  failRehearsal(input: { readonly rehearsalId: string; readonly problem: string }): Promise<void>;
}
