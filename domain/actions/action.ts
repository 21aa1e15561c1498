/** Whatever comes out of an incident's review, a risk's treatment or a problem, and has to be done by somebody. */
export const actionSubjects = ['incident', 'risk', 'problem'] as const;
export type ActionSubject = (typeof actionSubjects)[number];

export const actionStates = ['open', 'done', 'dropped'] as const;
export type ActionState = (typeof actionStates)[number];

export interface Action {
  readonly id: string;
  /** For people: ACT-3. */
  readonly label: string;
  readonly subject: ActionSubject;
  /** The label of what it comes from. */
  readonly of: string;
  readonly title: string;
  /** A principal. */
  readonly owner: string;
  /** Day of UTC; on the day itself it is in time. */
  readonly dueOn: string;
  readonly state: ActionState;
  readonly overdue: boolean;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly settledBy: string | null;
  readonly settledAt: string | null;
  readonly outcome: string | null;
}

/** Open, and its day is over. */
export function isOverdue(
  { state, dueOn }: { readonly state: ActionState; readonly dueOn: string },
  now: string,
): boolean {
  return state === 'open' && now.slice(0, 10) > dueOn;
}

const dayMs = 86_400_000;

/** Whole days of UTC from one day or instant to another; 0 on the same day. */
export function daysBetween(from: string, to: string): number {
  const day = (at: string): number => Date.parse(new Date(at).toISOString().slice(0, 10));
  return Math.round((day(to) - day(from)) / dayMs);
}
