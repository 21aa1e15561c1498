import type { StandingStop } from '../line/line-stop.ts';
import { reservedStates, type ChangeState } from './life-cycle.ts';
import type { Ending, LastWord } from './ending.ts';
import type { WaitingFor } from './story.ts';

/** One thing that keeps a change from moving on. Instants are ISO. */
export type Wait = WaitSubject & {
  readonly detail: string;
  /** Since when; null where the record does not say. */
  readonly since: string | null;
  /** When it wakes by itself; null: only what is named in `next` wakes it. */
  readonly wakesAt: string | null;
  /** Ids of people, or labels of changes, that it waits for. */
  readonly who: readonly string[];
  /** What somebody can do about it. */
  readonly next: string;
};

/**
 * What it waits for. A kind of wait with figures of its own gets a member here: the workflow sets `what` and, of
 * the figures, what only it knows in `WaitingFor`; the rest comes with `WaitFacts` and `PendingStep`.
 */
export type WaitSubject =
  | { readonly kind: 'approval'; readonly approvals?: ApprovalsOfPlan }
  | { readonly kind: 'resume'; readonly hold?: NonNullable<WaitingFor['hold']> }
  | { readonly kind: 'line'; readonly stop?: StandingStop }
  | {
      readonly kind: 'target';
      readonly holder: { readonly change: string; readonly datacentre: string };
    }
  | { readonly kind: 'bake'; readonly bake: BakeLeft }
  | { readonly kind: 'conflict' }
  | { readonly kind: Exclude<WaitingFor['what'], 'approval' | 'resume' | 'line' | 'bake'> };

export interface ApprovalsOfPlan {
  readonly needed: number;
  readonly given: readonly string[];
}

export interface BakeLeft {
  /** ISO instant; not before. */
  readonly endsAt: string | null;
  /** Of the entry that lacks most; null: nothing has been counted, or no number is asked for. */
  readonly samplesLeft: number | null;
}

/** A step that the workflow engine has under way for the change. */
export interface PendingStep {
  /** Name of the activity. */
  readonly step: string;
  /** The deployment that it belongs to. */
  readonly datacentre?: string;
  readonly tries: number;
  /** Why the try before this one failed. */
  readonly failure?: string;
  readonly nextTryAt?: string;
  /** Of a bake: what has been seen of each entry, and how often it is to be seen. */
  readonly seen?: readonly {
    readonly entry: string;
    readonly samples: number;
    readonly wanted: number;
  }[];
}

/** What the record knows about a change that bears on its waiting. */
export interface WaitFacts {
  readonly label: string;
  readonly state: ChangeState;
  readonly waitingFor: WaitingFor | null;
  /** When the record of it changed last. */
  readonly since: string;
  /** When what is under way must have ended: the end of the window's time for work. */
  readonly workUntil: string;
  /** Approvals of the plan that stands. */
  readonly approvedBy: readonly string[];
  /** Who may decide on it and has not. */
  readonly mayDecide: readonly string[];
  /** Blocking conflicts, in words with their remedies. */
  readonly conflicts: readonly {
    readonly detail: string;
    readonly with: readonly string[];
    readonly remedy: string;
  }[];
  /** Who holds targets that it needs. */
  readonly holders: readonly { readonly change: string; readonly datacentre: string }[];
  /** Stops that cover it and stand; of an ended change, those that covered it when it ended. */
  readonly stops: readonly StandingStop[];
  /** What ended it, or led to its rollback; null while it is on its way. */
  readonly lastWord: LastWord | null;
}

export interface Why {
  readonly change: string;
  readonly state: ChangeState;
  /** The first is what it waits for now; the others hold it as well, or will. Empty: it waits for nothing. */
  readonly waits: readonly Wait[];
  /** Null while it is on its way. */
  readonly ending: Ending | null;
  /** Null: the workflow engine did not answer. */
  readonly pending: readonly PendingStep[] | null;
}

/** Says what a change waits for, of whom, and what to do about it. */
export function explainWaits(facts: WaitFacts, pending: readonly PendingStep[] | null): Wait[] {
  const { waitingFor, state } = facts;
  if (waitingFor === null) return [];
  const mayBeStopped = (reservedStates as readonly ChangeState[]).includes(state);
  const stops = mayBeStopped && state !== 'rolling-back' ? facts.stops.map(waitForStop) : [];
  if (waitingFor.what === 'line' && stops.length > 0) {
    return stops.map((stop) => ({ ...stop, wakesAt: waitingFor.until ?? null }));
  }
  const targets = needsTargets(state) ? facts.holders.map(waitForTarget(facts)) : [];
  const present = presentWait(facts, waitingFor, pending ?? []);
  // What others hold is why the step does not get on: it comes first.
  return waitingFor.what === 'simulation'
    ? [...targets, present, ...stops]
    : [present, ...conflictsOf(facts), ...targets, ...stops];
}

function presentWait(
  facts: WaitFacts,
  waitingFor: WaitingFor,
  pending: readonly PendingStep[],
): Wait {
  const { what, until, hold, approvals } = waitingFor;
  const { label, since } = facts;
  const wait = {
    detail: detailOf(waitingFor, pending),
    since: hold?.since ?? since,
    wakesAt: until ?? nextTryOf(pending) ?? null,
    who: [] as readonly string[],
  };
  switch (what) {
    case 'approval':
      return {
        kind: what,
        ...wait,
        who: facts.mayDecide,
        next: `Somebody who may looks at it (ctc change show ${label}) and decides: ctc change approve ${label}, or reject.`,
        ...(approvals === undefined
          ? {}
          : { approvals: { needed: approvals, given: facts.approvedBy } }),
      };
    case 'resume':
      return {
        kind: what,
        ...wait,
        who: hold === undefined || hold.by === 'workflow' ? [] : [hold.by],
        next: `Look into the reason, then: ctc change resume ${label}, or cancel it.`,
        ...(hold === undefined ? {} : { hold }),
      };
    case 'line':
      return {
        kind: what,
        ...wait,
        next: 'Nothing: the stop was lifted, and it goes on in a moment.',
      };
    case 'people':
      return { kind: what, ...wait, next: nextOfPeople(facts) };
    case 'review':
      return {
        kind: what,
        ...wait,
        next: `Somebody reviews and closes it: ctc change close ${label}.`,
      };
    case 'window':
      return {
        kind: what,
        ...wait,
        next: `Nothing; or move its window: ctc change move ${label}.`,
      };
    case 'bake':
      return {
        kind: what,
        ...wait,
        next: nextOfWork(facts),
        bake: { endsAt: until ?? null, samplesLeft: samplesLeft(pending) },
      };
    case 'simulation':
    case 'wave':
    case 'verification':
      return { kind: what, ...wait, next: nextOfWork(facts) };
    case 'datacentre':
      return {
        kind: what,
        ...wait,
        next: 'Bring the datacentre back, or see why it cannot be reached: it is restored by itself then.',
      };
    case 'assessment':
    case 'rollback':
      return { kind: what, ...wait, next: 'Nothing: it goes on by itself.' };
  }
}

/** In words, with what the engine knows of the step under way. */
function detailOf({ detail }: WaitingFor, pending: readonly PendingStep[]): string {
  const more = pending.flatMap(({ datacentre, failure, tries, seen = [] }) => {
    const where = datacentre === undefined ? '' : ` in ${datacentre}`;
    return [
      ...(failure === undefined ? [] : [`try ${tries - 1}${where} failed: ${failure}`]),
      ...seen
        .filter(({ samples, wanted }) => samples < wanted)
        .map(
          ({ entry, samples, wanted }) =>
            `${wanted - samples} of ${wanted} samples of ${entry}${where} are left`,
        ),
    ];
  });
  return [detail, ...more].join('; ');
}

/** The next try of what has failed: not when all that is under way just takes its time. */
function nextTryOf(pending: readonly PendingStep[]): string | undefined {
  return pending
    .flatMap(({ nextTryAt }) => (nextTryAt === undefined ? [] : [nextTryAt]))
    .sort()
    .at(0);
}

function samplesLeft(pending: readonly PendingStep[]): number | null {
  const left = pending.flatMap(({ seen = [] }) =>
    seen.flatMap(({ samples, wanted }) => (wanted > 0 ? [Math.max(0, wanted - samples)] : [])),
  );
  return left.length === 0 ? null : Math.max(...left);
}

const nextOfWork = ({ label, workUntil }: WaitFacts): string =>
  `Nothing; by ${workUntil} it has gone on or is rolled back. It can be stopped: ctc change cancel ${label}.`;

function nextOfPeople({ label, state }: WaitFacts): string {
  return state === 'implementing'
    ? `Whoever carries it out reports the outcome: ctc change report ${label}.`
    : `Mend what is broken, then: ctc change retry-rollback ${label}, or report it as backed out.`;
}

function waitForStop(stop: StandingStop): Wait {
  return {
    kind: 'line',
    detail: `${stop.scope} are stopped by ${stop.by}: ${stop.reason}`,
    since: stop.at,
    wakesAt: null,
    who: [stop.by],
    next: `When the danger is over: ctc line resume ${stop.id}.`,
    stop,
  };
}

const waitForTarget =
  ({ since }: WaitFacts) =>
  (holder: { readonly change: string; readonly datacentre: string }): Wait => ({
    kind: 'target',
    detail: `${holder.datacentre} is held by ${holder.change}, which works on the same application`,
    since,
    wakesAt: null,
    who: [holder.change],
    next: `See what ${holder.change} waits for: ctc change why ${holder.change}.`,
    holder,
  });

function conflictsOf({ state, conflicts, since }: WaitFacts): Wait[] {
  if (state !== 'awaiting-approval') return [];
  return conflicts.map(({ detail, with: who, remedy }) => ({
    kind: 'conflict',
    detail: `it cannot be approved as it is: ${detail}`,
    since,
    wakesAt: null,
    who,
    next: remedy,
  }));
}

/** Before that nothing is to be had, and after that it has them. */
const needsTargets = (state: ChangeState): boolean =>
  ['scheduled', 'simulating', 're-simulating', 'paused'].includes(state);
