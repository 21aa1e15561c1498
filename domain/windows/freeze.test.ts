import { describe, expect, it } from 'vitest';
import { freezeInstants, freezePeriodSchema } from './freeze.ts';

const freeze = (more: object = {}) =>
  freezePeriodSchema.parse({
    scope: { kind: 'company' },
    start: '2026-12-20T00:00',
    end: '2027-01-07T00:00',
    zone: 'Europe/Madrid',
    reason: 'Christmas',
    ...more,
  });
const at = (text: string): number => Date.parse(`${text}Z`);
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16);

describe('a freeze period', () => {
  it('is a freeze unless it says no-touch, which only a customer has', () => {
    expect(freeze().kind).toBe('freeze');
    const customer = { kind: 'customer', id: 'acme' };
    expect(freeze({ kind: 'no-touch', scope: customer }).kind).toBe('no-touch');
    const result = freezePeriodSchema.safeParse({ ...freeze(), kind: 'no-touch' });
    expect(result.error?.issues).toMatchObject([{ path: ['scope', 'kind'] }]);
  });

  it.each([
    { kind: 'company', id: 'all' },
    { kind: 'datacentre' },
    { kind: 'rack', id: 'r1' },
    { kind: 'solution', id: 'Not A Slug' },
  ])('refuses the scope %o', (scope) => {
    expect(freezePeriodSchema.safeParse({ ...freeze(), scope }).success).toBe(false);
  });

  it('is the instants of its zone, whole, where it has time in the span', () => {
    const [fromMs, toMs] = [at('2026-12-19T23:00'), at('2027-01-06T23:00')];
    const period = { opensAtMs: fromMs, closesAtMs: toMs };
    expect(freezeInstants(freeze(), fromMs + 5, fromMs + 6)).toEqual([period]);
    expect(freezeInstants(freeze(), 0, fromMs + 1)).toEqual([period]);
    expect(freezeInstants(freeze(), 0, fromMs)).toEqual([]);
    expect(freezeInstants(freeze(), toMs, toMs + 1)).toEqual([]);
  });

  it('comes again by its recurrence, for years and longer than a window', () => {
    const yearly = freeze({ recurrence: { rule: 'FREQ=YEARLY' } });
    const periods = freezeInstants(yearly, at('2027-01-01T00:00'), at('2029-12-25T00:00'));
    expect(periods.map(({ opensAtMs }) => iso(opensAtMs))).toEqual([
      '2026-12-19T23:00',
      '2027-12-19T23:00',
      '2028-12-19T23:00',
      '2029-12-19T23:00',
    ]);
    const quarter = freeze({ start: '2026-10-01T00:00', recurrence: { rule: 'FREQ=YEARLY' } });
    expect(freezeInstants(quarter, at('2027-11-01T00:00'), at('2027-11-02T00:00'))).toHaveLength(1);
  });

  it.each([
    [{ end: '2026-12-19T00:00' }, 'end'],
    [{ end: '2028-01-07T00:00' }, 'end'],
    [{ zone: 'Europe/Madird' }, 'zone'],
    [{ zone: 'Europe/Madird', recurrence: { rule: 'FREQ=YEARLY' } }, 'zone'],
    [{ start: '2026-03-29T02:30' }, 'start'],
    [{ recurrence: { rule: 'FREQ=HOURLY' } }, 'recurrence.rule'],
    [{ recurrence: { rule: 'FREQ=WEEKLY' } }, 'recurrence.rule'],
    [{ recurrence: { rule: 'FREQ=YEARLY', except: ['2026-02-30'] } }, 'recurrence.except[0]'],
  ])('is refused for %o, whatever the span', (more, field) => {
    expect(() => freezeInstants(freeze(more), 0, 1)).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        complaints: [expect.objectContaining({ field })],
      }),
    );
  });
});
