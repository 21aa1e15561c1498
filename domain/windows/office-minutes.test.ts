import { describe, expect, it } from 'vitest';
import { officeMinutes } from './office-minutes.ts';

const madrid = 'Europe/Madrid';

describe('office minutes', () => {
  it('are those between 8 and 20 o’clock on workdays, by the clock of the zone', () => {
    // Wednesday, 07:00 to 09:30 in Madrid.
    expect(officeMinutes('2026-11-25T06:00:00Z', '2026-11-25T08:30:00Z', madrid)).toBe(90);
    expect(officeMinutes('2026-11-25T06:00:00Z', '2026-11-25T08:30:00Z', 'UTC')).toBe(30);
  });

  it('are none at night and at the weekend', () => {
    expect(officeMinutes('2026-11-25T00:00:00Z', '2026-11-25T04:00:00Z', madrid)).toBe(0);
    expect(officeMinutes('2026-11-28T00:00:00Z', '2026-11-29T22:00:00Z', madrid)).toBe(0);
  });

  it('are counted over days, and over the clock that is set forward', () => {
    // Friday noon to Monday noon over the last Sunday of March 2027.
    expect(officeMinutes('2027-03-26T11:00:00Z', '2027-03-29T10:00:00Z', madrid)).toBe(12 * 60);
  });
});
