import { daysBetween } from '../actions/action.ts';
import type { IncidentPlan } from './plan.ts';

export const incidentFindingKinds = [
  'no-plan',
  'plan-untested',
  'no-contacts',
  'contact-unverified',
  'event-unassessed',
  'response-late',
  'unclassified',
  'duty-overdue',
  'duty-late',
  'review-missing',
  'action-overdue',
] as const;
export type IncidentFindingKind = (typeof incidentFindingKinds)[number];

/** Something that an auditor would find, said before the auditor comes. */
export interface Finding<Kind extends string = string> {
  readonly kind: Kind;
  /** What it is about: a label, or the id of a contact. */
  readonly subject: string;
  readonly detail: string;
  /** ISO instant or day from which on it is one; null where it has always been. */
  readonly since: string | null;
}

export interface PlanFacts {
  /** 0 while no plan has been adopted. */
  readonly version: number;
  readonly plan: IncidentPlan;
  /** ISO instant; null for version 0. */
  readonly adoptedAt: string | null;
  /** Day of the newest exercise; null where there was none. */
  readonly lastExercise: string | null;
  /** Contacts with what they were last verified by: only a verification of the present reach counts. */
  readonly verifiedContacts: Readonly<Record<string, string>>;
}

/** What is wrong with the plan itself: nothing to follow, never tried, nobody knows whether anybody answers. */
export function planFindings(facts: PlanFacts, now: string): Finding<IncidentFindingKind>[] {
  const { version, plan, adoptedAt, lastExercise, verifiedContacts } = facts;
  const findings: Finding<IncidentFindingKind>[] = [];
  if (version === 0) {
    findings.push({
      kind: 'no-plan',
      subject: 'incident-plan',
      detail: 'No incident plan has been adopted; the default one counts, and names nobody.',
      since: null,
    });
  }
  const untestedDays = lastExercise === null ? null : daysBetween(lastExercise, now);
  if (untestedDays === null || untestedDays > plan.exerciseEveryDays) {
    findings.push({
      kind: 'plan-untested',
      subject: 'incident-plan',
      detail:
        lastExercise === null
          ? 'The plan has never been exercised.'
          : `The plan was last exercised on ${lastExercise}, ${untestedDays ?? 0} days ago; it is to be every ${plan.exerciseEveryDays} days.`,
      since: lastExercise ?? adoptedAt,
    });
  }
  if (plan.contacts.length === 0) {
    findings.push({
      kind: 'no-contacts',
      subject: 'incident-plan',
      detail: 'The plan names nobody to call.',
      since: adoptedAt,
    });
  }
  for (const { id, name } of plan.contacts) {
    const verified = verifiedContacts[id];
    const days = verified === undefined ? null : daysBetween(verified, now);
    if (days !== null && days <= plan.verifyContactsEveryDays) continue;
    findings.push({
      kind: 'contact-unverified',
      subject: id,
      detail:
        verified === undefined
          ? `Nobody has ever verified how ${name} is reached.`
          : `How ${name} is reached was last verified on ${verified.slice(0, 10)}, ${days ?? 0} days ago; it is to be every ${plan.verifyContactsEveryDays} days.`,
      since: verified ?? adoptedAt,
    });
  }
  return findings;
}

/** What is wrong with one thing that has a clock: how late it is, in words. */
export function lateBy(due: string, at: string): string {
  const minutes = Math.floor((Date.parse(at) - Date.parse(due)) / 60_000);
  if (minutes < 120) return `${minutes} minutes`;
  return minutes < 2880
    ? `${Math.floor(minutes / 60)} hours`
    : `${Math.floor(minutes / 1440)} days`;
}
