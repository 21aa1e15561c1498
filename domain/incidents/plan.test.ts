import { describe, expect, it } from 'vitest';
import { openForClosing, type ClosingFacts } from './closing.ts';
import { lateBy, planFindings, type PlanFacts } from './findings.ts';
import { classificationComplaints, defaultIncidentPlan, incidentPlanSchema } from './plan.ts';

const complaintsOf = (changes: object): string[] => {
  const parsed = incidentPlanSchema.safeParse({ ...defaultIncidentPlan, ...changes });
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};
const contact = (id: string, more: object = {}) => ({
  ...{ id, name: `The ${id}`, reach: '+34 600 000 000' },
  ...more,
});

describe('the incident plan', () => {
  it('names nothing that it does not have', () => {
    expect(complaintsOf({})).toEqual([]);
    expect(
      complaintsOf({
        contacts: [contact('night', { role: 'ghost' })],
        automatic: {
          ...defaultIncidentPlan.automatic,
          change: { category: 'change', severity: 'dire' },
        },
      }),
    ).toEqual([
      'contacts.0.role: there is no role "ghost"; there are: none',
      'automatic.change.severity: there is no severity "dire"; there are: critical, major, minor, low',
    ]);
    const [duty] = defaultIncidentPlan.duties;
    expect(complaintsOf({ duties: [{ ...duty, appliesTo: {} }] })).toEqual([
      expect.stringContaining('nobody could say when it is owed'),
    ]);
    expect(complaintsOf({ duties: [{ ...duty, within: { hours: 1, months: 1 } }] })).toEqual([
      'duties.0.within: give either hours or months',
    ]);
    expect(complaintsOf({ duties: [duty, duty] })).toEqual([
      'duties.1.id: "early-warning" is there twice',
    ]);
  });

  it('has a tree of contacts, not a circle', () => {
    const circle = [
      contact('a', { callAfter: 'b' }),
      contact('b', { callAfter: 'c' }),
      contact('c', { callAfter: 'b' }),
    ];
    expect(complaintsOf({ contacts: circle })).toEqual([
      'contacts.1.callAfter: leads back to the contact itself',
      'contacts.2.callAfter: leads back to the contact itself',
    ]);
  });

  it('says which severities and categories it has to whoever names another', () => {
    expect(
      classificationComplaints(defaultIncidentPlan, { category: 'ghost', severity: 'minor' }),
    ).toEqual([{ field: 'category', message: expect.stringContaining('use service, change') }]);
  });
});

describe('findings about the plan', () => {
  const now = '2026-11-27T12:00:00.000Z';
  const facts = (more: Partial<PlanFacts>): PlanFacts => ({
    version: 1,
    plan: { ...defaultIncidentPlan, contacts: [contact('night')] },
    adoptedAt: '2026-01-01T00:00:00.000Z',
    lastExercise: '2026-11-01',
    verifiedContacts: { night: '2026-11-01T00:00:00.000Z' },
    ...more,
  });
  const kinds = (more: Partial<PlanFacts>) =>
    planFindings(facts(more), now).map(({ kind, subject }) => `${kind} ${subject}`);

  it('are none while it is adopted, exercised and verified', () => {
    expect(kinds({})).toEqual([]);
  });

  it('are that it was never exercised, or not within its own interval, to the day', () => {
    expect(kinds({ lastExercise: null })).toEqual(['plan-untested incident-plan']);
    expect(kinds({ lastExercise: '2025-11-27' })).toEqual([]);
    expect(kinds({ lastExercise: '2025-11-26' })).toEqual(['plan-untested incident-plan']);
  });

  it('are contacts that nobody has verified as they are reached now', () => {
    expect(kinds({ verifiedContacts: {} })).toEqual(['contact-unverified night']);
    expect(kinds({ verifiedContacts: { night: '2026-05-30T23:00:00.000Z' } })).toEqual([
      'contact-unverified night',
    ]);
  });

  it('are that there is no plan, and nobody to call', () => {
    expect(kinds({ version: 0, plan: defaultIncidentPlan, adoptedAt: null })).toEqual([
      'no-plan incident-plan',
      'no-contacts incident-plan',
    ]);
  });

  it('say how late something is', () => {
    const late = (minutes: number) =>
      lateBy(now, new Date(Date.parse(now) + minutes * 60_000).toISOString());
    expect([late(0), late(119), late(120), late(2880)]).toEqual([
      '0 minutes',
      '119 minutes',
      '2 hours',
      '2 days',
    ]);
  });
});

describe('closing an incident', () => {
  const done: ClosingFacts = {
    ...{ label: 'INC-1', state: 'resolved', severity: 'critical', classifiedBy: 'oscar' },
    isReviewed: true,
    duties: [{ title: 'Early warning', state: 'notified-late' }],
    actions: [{ label: 'ACT-1', title: 'Mend it', state: 'dropped' }],
    plan: defaultIncidentPlan,
  };
  const open = (more: Partial<ClosingFacts>) => openForClosing({ ...done, ...more });

  it('is possible when nothing is open', () => {
    expect(open({})).toEqual([]);
    expect(open({ severity: 'minor', isReviewed: false })).toEqual([]);
  });

  it('names everything that is', () => {
    expect(
      open({
        ...{ state: 'open', classifiedBy: null, isReviewed: false },
        duties: [{ title: 'Early warning', state: 'overdue' }],
        actions: [{ label: 'ACT-1', title: 'Mend it', state: 'open' }],
      }).map((text) => text.split(':')[0]),
    ).toEqual([
      'it is open, not resolved',
      'no person has said how severe it is',
      'its severity (critical) needs a review',
      'Early warning is overdue',
      'ACT-1 (Mend it) is open',
    ]);
  });

  it('needs a review where nobody knows the severity any more', () => {
    expect(open({ severity: 'gone', isReviewed: false })).toHaveLength(1);
  });
});
