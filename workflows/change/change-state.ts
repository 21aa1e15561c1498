import { ApplicationFailure, CancellationScope, log } from '@temporalio/workflow';
import { Mutex } from 'async-mutex';
import {
  transitionFor,
  type ChangeEvent,
  type ChangeState,
  type HoldableState,
} from '../../domain/change/life-cycle.ts';
import type { Justification, Message } from '../../domain/change/messages.ts';
import type {
  AssessedPlan,
  LogEntry,
  RunbookStepEntry,
  WaitingFor,
} from '../../domain/change/story.ts';
import type { RunbookRun } from '../../domain/runbook/runbook-run.ts';
import type { StandingStop } from '../../domain/line/line-stop.ts';
import { record } from '../steps.ts';

/** What one step of the story says of itself. */
export interface StepNote {
  readonly message: string;
  readonly actor?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly waitingFor?: WaitingFor;
  readonly alert?: LogEntry['alert'];
  readonly alertAlso?: readonly string[];
  readonly verifiedAttempt?: number;
  /** For events that lead to several states: which one. */
  readonly to?: ChangeState;
}

/** Where a story stands still: in which state, and before which wave. */
export interface Held {
  readonly state: HoldableState;
  readonly wave?: readonly string[];
}

/** The state of one running change: what handlers read and write, and how each step is recorded. */
export interface ChangeStory {
  readonly changeId: string;
  state: ChangeState;
  waitingFor: WaitingFor | null;
  plan: AssessedPlan | null;
  attempt: number;
  /** Who decided on the plan that stands now. */
  deciders: Set<string>;
  /** What those hold who approve it afterwards. */
  justified: Justification['decision'] | null;
  /** Set by a person: the story holds at its next step that can wait. `since` is an ISO instant. */
  hold: (Message & { readonly since: string }) | null;
  /** Where it is paused, and goes on. */
  held: Held | null;
  /** Stops of the line. */
  readonly line: {
    /** Those that covered it when it looked last. */
    standing: readonly StandingStop[];
    /** Ids of those that its people have been told of, and not that they were lifted. */
    readonly told: Set<string>;
    /** Rises with every word of a stop or its end; `seen` is what it was at the last look. */
    news: number;
    seen: number;
  };
  /** Set by a person while production is touched: the roll-out is cancelled and rolled back. */
  abort: Message | null;
  /** The running roll-out, which an abort cancels. */
  rollout: CancellationScope | null;
  /** Datacentres that could not be reached by the rollback, and are restored when they come back. */
  away: {
    readonly attempt: number;
    readonly datacentres: readonly string[];
    readonly leavesSomething: boolean;
  } | null;
  /** The runbook that people carry out, from its beginning on. */
  run: RunbookRun | null;
  /** Decisions and steps that must not interleave take turns here. */
  readonly turns: Mutex;
  /** Moves to the next state and writes it down; the state is set at once, the record follows in order. */
  step(event: ChangeEvent, note: StepNote): Promise<void>;
  /** Writes to the log without changing the state. */
  note(note: Omit<StepNote, 'to'>): Promise<void>;
  /** Writes down that a step of the runbook begins or ends. */
  runbookStep(entry: Omit<RunbookStepEntry, 'changeId' | 'key'>): Promise<void>;
  /** The next log entry's key: stable in replay. */
  nextKey(): string;
}

export function createChangeStory(changeId: string): ChangeStory {
  let entries = 0;
  // Records follow one another in the order of the steps, whoever took them.
  const recorder = new Mutex();
  // The record is kept even while the work it tells of is being cancelled.
  const recorded = (write: () => Promise<void>): Promise<void> =>
    recorder.runExclusive(() => CancellationScope.nonCancellable(write));

  const story: ChangeStory = {
    changeId,
    state: 'requested',
    waitingFor: null,
    plan: null,
    attempt: 0,
    deciders: new Set(),
    justified: null,
    hold: null,
    held: null,
    line: { standing: [], told: new Set(), news: 0, seen: 0 },
    abort: null,
    rollout: null,
    away: null,
    run: null,
    turns: new Mutex(),
    nextKey: () => {
      entries += 1;
      return `workflow/${entries}`;
    },
    async step(event, note) {
      const from = story.state;
      const row = transitionFor(from, event, note.to);
      if (row === undefined) {
        throw ApplicationFailure.nonRetryable(
          `A change in state "${from}" cannot "${event}".`,
          'LifeCycleViolation',
        );
      }
      story.state = row.to;
      story.waitingFor = note.waitingFor ?? null;
      log.info(note.message, { event, from, to: row.to });
      const entry = {
        changeId,
        key: story.nextKey(),
        event,
        from,
        to: row.to,
        actor: note.actor ?? 'workflow',
        message: note.message,
        waitingFor: story.waitingFor,
        ...(note.details === undefined ? {} : { details: note.details }),
        ...(note.alert === undefined ? {} : { alert: note.alert }),
        ...(note.alertAlso === undefined ? {} : { alertAlso: note.alertAlso }),
        ...(note.verifiedAttempt === undefined ? {} : { verifiedAttempt: note.verifiedAttempt }),
      };
      await recorded(() => record.recordTransition(entry));
    },
    async note({ message, actor, details, alert, alertAlso, waitingFor }) {
      if (waitingFor !== undefined) story.waitingFor = waitingFor;
      const entry = {
        changeId,
        key: story.nextKey(),
        actor: actor ?? 'workflow',
        message,
        ...(details === undefined ? {} : { details }),
        ...(alert === undefined ? {} : { alert }),
        ...(alertAlso === undefined ? {} : { alertAlso }),
        ...(waitingFor === undefined ? {} : { waitingFor }),
      };
      await recorded(() => record.recordEntry(entry));
    },
    async runbookStep(step) {
      if (step.waitingFor !== undefined) story.waitingFor = step.waitingFor;
      const entry = { ...step, changeId, key: story.nextKey() };
      await recorded(() => record.recordRunbookStep(entry));
    },
  };
  return story;
}

/** What an approved change waits for. */
export function waitsForWindow({ opensAtMs }: AssessedPlan) {
  return {
    what: 'window' as const,
    detail: 'the window opens',
    until: new Date(opensAtMs).toISOString(),
  };
}
