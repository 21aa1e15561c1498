import type { Action } from '../actions/action.ts';
import type { IncidentState } from './life-cycle.ts';
import { severityOf, type IncidentPlan } from './plan.ts';
import type { IncidentDuty } from './ports.ts';

export interface ClosingFacts {
  readonly label: string;
  readonly state: IncidentState;
  readonly severity: string | null;
  /** Null while no person has classified it. */
  readonly classifiedBy: string | null;
  readonly isReviewed: boolean;
  readonly duties: readonly Pick<IncidentDuty, 'title' | 'state'>[];
  readonly actions: readonly Pick<Action, 'label' | 'title' | 'state'>[];
  /** The plan by which it was classified; a severity that it lacks needs a review. */
  readonly plan: Pick<IncidentPlan, 'severities'>;
}

/** Whether an incident of this severity is reviewed before it is closed; one that nobody knows is. */
export function needsReview(
  plan: Pick<IncidentPlan, 'severities'>,
  severity: string | null,
): boolean {
  return severityOf(plan as IncidentPlan, severity)?.reviewRequired ?? true;
}

/** All that stands against closing it, each with the way out; empty when it may be closed. */
export function openForClosing(facts: ClosingFacts): string[] {
  const { label, state, severity, classifiedBy, isReviewed, duties, actions, plan } = facts;
  if (state === 'closed') return [];
  const open: string[] = [];
  if (state !== 'resolved') open.push(`it is ${state}, not resolved: ctc incident step ${label} …`);
  if (classifiedBy === null) {
    open.push(`no person has said how severe it is: ctc incident classify ${label} …`);
  }
  if (!isReviewed && needsReview(plan, severity)) {
    open.push(
      `its severity (${severity ?? 'none'}) needs a review: ctc incident review ${label} …`,
    );
  }
  for (const duty of duties) {
    if (duty.state === 'running' || duty.state === 'overdue') {
      open.push(`${duty.title} is ${duty.state}: ctc incident notify, or waive, ${label} …`);
    }
  }
  for (const action of actions) {
    if (action.state === 'open') {
      open.push(`${action.label} (${action.title}) is open: ctc action done ${action.label} …`);
    }
  }
  return open;
}
