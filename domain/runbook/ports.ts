import type { ChangeState } from '../change/life-cycle.ts';
import type { ChangeDetail } from '../change/readers.ts';
import type { WaitingFor } from '../change/story.ts';
import type { StepState } from './runbook-run.ts';
import type { EvidenceKind, OverrunPolicy, RunbookGroup, RunbookStep } from './runbook.ts';
import type { StepRole } from './step-rules.ts';

/** Each time a step begins it is another try. */
export interface StepTryView {
  readonly try: number;
  readonly state: StepState;
  readonly startedAt: string | null;
  readonly startedBy: string | null;
  readonly startedAs: StepRole | null;
  /** When it is expected to be done. */
  readonly dueAt: string | null;
  readonly endedAt: string | null;
  readonly endedBy: string | null;
  readonly endedAs: StepRole | null;
  readonly reason: string | null;
  readonly evidence: { readonly kind: EvidenceKind; readonly content: string } | null;
}

export interface StepView extends RunbookStep {
  /** Of the last try. */
  readonly state: StepState;
  /** Worked on, or to begin, now. */
  readonly current: boolean;
  readonly tries: readonly StepTryView[];
}

export interface RunbookView {
  readonly change: string;
  readonly state: ChangeState;
  readonly waitingFor: WaitingFor | null;
  readonly onOverrun: OverrunPolicy;
  readonly findings: readonly string[];
  readonly expectedWorkMinutes: number;
  readonly expectedRollbackMinutes: number;
  readonly workFrom: string;
  readonly workUntil: string;
  readonly closesAt: string;
  /** When the rollback must begin to end within the window. */
  readonly rollBackBy: string;
  /** Id of the step. */
  readonly pointOfNoReturn: string | null;
  readonly groups: readonly {
    readonly group: RunbookGroup;
    readonly steps: readonly StepView[];
  }[];
}

/** How the runbooks of changes went, by the record. */
export interface RunbookReader {
  /** @throws DomainError `not-found` for a change without a runbook. */
  view(change: ChangeDetail): Promise<RunbookView>;
}
