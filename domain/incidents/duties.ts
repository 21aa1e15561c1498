import { Temporal } from 'temporal-polyfill';
import type { IncidentPlan, NotificationDuty } from './plan.ts';

export interface Classification {
  readonly category: string;
  readonly severity: string;
  /** Whether personal data is concerned. */
  readonly personalData: boolean;
}

/** A duty of one incident, with its clock. */
export interface OwedDuty {
  readonly duty: string;
  readonly title: string;
  readonly to: string;
  /** ISO instant. */
  readonly dueAt: string;
}

export const dutyStates = ['running', 'overdue', 'notified', 'notified-late', 'waived'] as const;
export type DutyState = (typeof dutyStates)[number];

/** Which duties of the plan an incident of this kind owes, and until when. */
export function dutiesOf(
  plan: Pick<IncidentPlan, 'duties'>,
  classification: Classification,
  awareAt: string,
): OwedDuty[] {
  return plan.duties
    .filter((duty) => isOwed(duty, classification))
    .map(({ id, title, to, within }) => ({ duty: id, title, to, dueAt: dueAt(awareAt, within) }));
}

/** Hours are hours; a month ends on the same day and at the same time of UTC, or on the last day there is. */
export function dueAt(awareAt: string, { hours, months }: NotificationDuty['within']): string {
  const from = Temporal.Instant.from(awareAt).toZonedDateTimeISO('UTC');
  const due = hours === undefined ? from.add({ months: months ?? 0 }) : from.add({ hours });
  return new Date(due.epochMilliseconds).toISOString();
}

function isOwed(
  { appliesTo: { severities, categories, personalData } }: NotificationDuty,
  given: Classification,
): boolean {
  return (
    (severities === undefined || severities.includes(given.severity)) &&
    (categories === undefined || categories.includes(given.category)) &&
    (personalData === undefined || given.personalData)
  );
}

/** At the very instant at which it is due it is in time; after it, late for ever. */
export function dutyState(
  duty: {
    readonly dueAt: string;
    readonly notifiedAt: string | null;
    readonly waivedAt: string | null;
  },
  nowMs: number,
): DutyState {
  if (duty.waivedAt !== null) return 'waived';
  const dueMs = Date.parse(duty.dueAt);
  if (duty.notifiedAt !== null) {
    return Date.parse(duty.notifiedAt) <= dueMs ? 'notified' : 'notified-late';
  }
  return nowMs <= dueMs ? 'running' : 'overdue';
}

/** People are reminded when three quarters of the time are over. */
export function reminderAtMs(awareAt: string, due: string): number {
  const fromMs = Date.parse(awareAt);
  return fromMs + (Date.parse(due) - fromMs) * 0.75;
}
