import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueAt, dutiesOf, dutyState, reminderAtMs } from './duties.ts';
import { defaultIncidentPlan } from './plan.ts';

const aware = '2026-01-31T10:30:00.000Z';
const owed = (severity: string, personalData: boolean, category = 'service') =>
  dutiesOf(defaultIncidentPlan, { category, severity, personalData }, aware);

describe('duties to notify', () => {
  it('are owed by severity and personal data, with clocks from the moment of awareness', () => {
    expect(owed('minor', false)).toEqual([]);
    expect(owed('minor', true)).toMatchObject([
      { duty: 'personal-data', dueAt: '2026-02-03T10:30:00.000Z' },
    ]);
    expect(owed('critical', true).map(({ duty, dueAt: at }) => [duty, at])).toEqual([
      ['early-warning', '2026-02-01T10:30:00.000Z'],
      ['personal-data', '2026-02-03T10:30:00.000Z'],
      // There is no 31 February.
      ['final-report', '2026-02-28T10:30:00.000Z'],
    ]);
  });

  it('need all that they name, not some of it', () => {
    const [duty] = defaultIncidentPlan.duties;
    const both = {
      duties: [{ ...duty!, appliesTo: { severities: ['minor'], categories: ['data'] } }],
    };
    const found = (category: string) =>
      dutiesOf(both, { category, severity: 'minor', personalData: false }, aware).length;
    expect([found('data'), found('service')]).toEqual([1, 0]);
  });

  it('count hours over a change of the clock, and the hour of UTC for months', () => {
    expect(dueAt('2026-03-28T12:00:00+01:00', { hours: 24 })).toBe('2026-03-29T11:00:00.000Z');
    expect(dueAt('2026-03-28T12:00:00+01:00', { months: 1 })).toBe('2026-04-28T11:00:00.000Z');
  });

  it('are in time until the very instant, and late for ever after it', () => {
    const due = '2026-02-01T10:30:00.000Z';
    const state = (now: string, notifiedAt: string | null, waivedAt: string | null = null) =>
      dutyState({ dueAt: due, notifiedAt, waivedAt }, Date.parse(now));
    expect(state(due, null)).toBe('running');
    expect(state('2026-02-01T10:30:00.001Z', null)).toBe('overdue');
    expect(state('2027-01-01T00:00:00.000Z', due)).toBe('notified');
    expect(state('2027-01-01T00:00:00.000Z', '2026-02-01T10:30:00.001Z')).toBe('notified-late');
    expect(state('2027-01-01T00:00:00.000Z', null, due)).toBe('waived');
  });

  it('are due after awareness, and reminded of in between, whenever that was', () => {
    const instants = fc.date({
      min: new Date('2000-01-01'),
      max: new Date('2100-01-01'),
      noInvalidDate: true,
    });
    const clocks = fc.oneof(
      fc.record({ hours: fc.integer({ min: 1, max: 8760 }) }),
      fc.record({ months: fc.integer({ min: 1, max: 24 }) }),
    );
    fc.assert(
      fc.property(instants, clocks, (date, within) => {
        const from = date.toISOString();
        const due = dueAt(from, within);
        const reminder = reminderAtMs(from, due);
        expect(reminder).toBeGreaterThan(date.getTime());
        expect(reminder).toBeLessThan(Date.parse(due));
      }),
    );
  });
});
