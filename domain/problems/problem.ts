import type { Permission } from '../access/roles.ts';
import type { Action } from '../actions/action.ts';
import type { Page } from '../inventory/ports.ts';

/** Every state of a problem. Persisted: never renamed. */
export const problemStates = ['open', 'known-error', 'closed', 'dismissed'] as const;
export type ProblemState = (typeof problemStates)[number];

export const problemEvents = ['diagnose', 'close', 'dismiss', 'reopen'] as const;
export type ProblemEvent = (typeof problemEvents)[number];

export interface ProblemTransition {
  readonly from: ProblemState;
  readonly event: ProblemEvent;
  readonly to: ProblemState;
  readonly by: Permission;
  readonly requires: string;
}

const rows = (
  from: readonly ProblemState[],
  event: ProblemEvent,
  to: ProblemState,
  requires: string,
): ProblemTransition[] =>
  from.map((state) => ({ from: state, event, to, by: 'problem.manage', requires }));

/** The one table of a problem's life: register, API, documentation (docs/problems.md) and tests are held against it. */
export const problemLifeCycle: readonly ProblemTransition[] = [
  ...rows(
    ['open', 'known-error'],
    'diagnose',
    'known-error',
    'the root cause, and how to get by until it is corrected',
  ),
  ...rows(
    ['known-error'],
    'close',
    'closed',
    'every corrective change has completed and every action is settled; or why it is left uncorrected',
  ),
  ...rows(
    ['open', 'known-error'],
    'dismiss',
    'dismissed',
    'why it is no problem; no action is open',
  ),
  ...rows(['closed', 'dismissed'], 'reopen', 'open', 'what shows that it is not over'),
];

/** Undefined where the table has no such row. */
export function problemTransition(
  from: ProblemState,
  event: ProblemEvent,
): ProblemTransition | undefined {
  return problemLifeCycle.find((row) => row.from === from && row.event === event);
}

export const problemLinkKinds = ['incident', 'caused-by', 'corrected-by'] as const;
export type ProblemLinkKind = (typeof problemLinkKinds)[number];

export interface ProblemLink {
  readonly kind: ProblemLinkKind;
  /** Label of the incident, or of the change. */
  readonly to: string;
  readonly reason: string;
  readonly linkedBy: string;
  readonly linkedAt: string;
  /** How the change ended; null for incidents, and for changes that have not. */
  readonly outcome: string | null;
}

/** All that stands against closing a problem, each with the way out. */
export function openForClosingProblem(facts: {
  readonly label: string;
  readonly links: readonly Pick<ProblemLink, 'kind' | 'to' | 'outcome'>[];
  readonly actions: readonly Pick<Action, 'label' | 'title' | 'state'>[];
  /** Why nothing is corrected; null where something is. */
  readonly uncorrected: string | null;
}): string[] {
  const { label, links, actions, uncorrected } = facts;
  const corrections = links.filter(({ kind }) => kind === 'corrected-by');
  const done = actions.filter(({ state }) => state === 'done');
  return [
    ...corrections
      .filter(({ outcome }) => outcome !== 'completed')
      .map(
        ({ to, outcome }) =>
          `${to}, which corrects it, ${outcome === null ? 'has not completed' : `ended ${outcome}`}: ctc problem unlink ${label} corrected-by ${to} … if another one does`,
      ),
    ...actions
      .filter(({ state }) => state === 'open')
      .map(
        ({ label: action, title }) => `${action} (${title}) is open: ctc action done ${action} …`,
      ),
    // Nothing is corrected by there being nothing to do.
    ...(corrections.length + done.length === 0 && uncorrected === null
      ? [`nothing has corrected it: link a change, or say why it is left so (--uncorrected)`]
      : []),
  ];
}

export interface ProblemSummary {
  readonly id: string;
  /** For people: PRB-3. */
  readonly label: string;
  readonly state: ProblemState;
  readonly title: string;
  readonly description: string;
  readonly rootCause: string | null;
  /** How to get by until it is corrected. */
  readonly workaround: string | null;
  /** Why it was closed without a correction. */
  readonly uncorrected: string | null;
  readonly openedBy: string;
  readonly openedAt: string;
  readonly endedAt: string | null;
}

export interface ProblemDetail extends ProblemSummary {
  readonly links: readonly ProblemLink[];
  readonly actions: readonly Action[];
  readonly openForClosing: readonly string[];
  readonly log: readonly {
    readonly at: string;
    readonly actor: string;
    readonly message: string;
  }[];
}

interface GivenLink {
  readonly kind: ProblemLinkKind;
  readonly to: string;
  readonly reason: string;
}

/** What lies behind incidents and changes that went wrong, until it is corrected. */
export interface ProblemRegister {
  open(
    problem: {
      readonly title: string;
      readonly description: string;
      readonly links: readonly GivenLink[];
    },
    by: string,
  ): Promise<ProblemDetail>;
  diagnose(
    idOrLabel: string,
    given: { readonly rootCause: string; readonly workaround: string },
    by: string,
  ): Promise<void>;
  link(idOrLabel: string, link: GivenLink, by: string): Promise<void>;
  unlink(idOrLabel: string, link: GivenLink, by: string): Promise<void>;
  /** @throws DomainError `refused` while a correction has not completed. */
  close(
    idOrLabel: string,
    given: { readonly reason: string; readonly uncorrected: string | null },
    by: string,
  ): Promise<void>;
  dismiss(idOrLabel: string, reason: string, by: string): Promise<void>;
  reopen(idOrLabel: string, reason: string, by: string): Promise<void>;
  /** @throws DomainError `not-found`. */
  get(idOrLabel: string): Promise<ProblemDetail>;
  /** Newest first. */
  list(
    filter: { readonly states?: readonly ProblemState[]; readonly text?: string },
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<ProblemSummary>>;
}
