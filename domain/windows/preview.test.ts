import { describe, expect, it } from 'vitest';
import { previewRequestSchema, previewWindows } from './preview.ts';

const request = (start: string, end: string, more: object = {}) =>
  previewRequestSchema.parse({ start, end, zone: 'Europe/Madrid', ...more });
const from = (text: string, count = 10) => ({ afterMs: Date.parse(`${text}Z`), count });

describe('previewWindows', () => {
  it('shows the next windows with instants, local time, length and parts', () => {
    const weekly = request('2026-11-25T02:00', '2026-11-25T04:00', {
      zone: 'europe/madrid',
      latestStart: '2026-11-25T03:00',
      preparationMinutes: 15,
      rollbackReserveMinutes: 30,
      recurrence: { rule: 'FREQ=WEEKLY', except: ['2026-12-02'] },
    });
    const [first, second, ...rest] = previewWindows(weekly, from('2026-11-01T00:00', 2));
    expect(first).toEqual({
      opensAt: '2026-11-25T01:00:00Z',
      latestStartAt: '2026-11-25T02:00:00Z',
      closesAt: '2026-11-25T03:00:00Z',
      local: '2026-11-25 02:00–04:00 Europe/Madrid (01:00–03:00 UTC)',
      minutes: 120,
      start: '2026-11-25T02:00',
      parts: {
        preparation: { from: '2026-11-25T01:00:00Z', to: '2026-11-25T01:15:00Z' },
        work: { from: '2026-11-25T01:15:00Z', to: '2026-11-25T02:30:00Z' },
        rollbackReserve: { from: '2026-11-25T02:30:00Z', to: '2026-11-25T03:00:00Z' },
      },
    });
    expect(second?.opensAt).toBe('2026-12-09T01:00:00Z');
    expect(rest).toEqual([]);
  });

  it('shows a window that does not come again once, unless it has opened', () => {
    const once = request('2026-11-25T02:00', '2026-11-25T04:00');
    expect(previewWindows(once, from('2026-11-25T01:00'))).toMatchObject([
      { opensAt: '2026-11-25T01:00:00Z', minutes: 120 },
    ]);
    expect(previewWindows(once, from('2026-11-25T01:01'))).toEqual([]);
    expect(previewWindows(once, from('2026-11-25T01:00', 0))).toEqual([]);
  });

  it('says what the clock does to a window', () => {
    const nightly = request('2026-10-24T01:00', '2026-10-24T05:00', {
      recurrence: { rule: 'FREQ=DAILY' },
    });
    const notes = previewWindows(nightly, from('2026-10-24T12:00', 2)).map(({ minutes, note }) => [
      minutes,
      note,
    ]);
    expect(notes).toEqual([
      [300, 'the clock is set back: it lasts 300 minutes in place of 240'],
      [240, undefined],
    ]);
  });

  it('says where the clock leaves no time for work, and shows the other nights', () => {
    const nightly = request('2026-03-28T01:00', '2026-03-28T04:00', {
      preparationMinutes: 60,
      rollbackReserveMinutes: 60,
      recurrence: { rule: 'FREQ=DAILY' },
    });
    const [before, night, after] = previewWindows(nightly, from('2026-03-28T00:00', 3));
    expect(before?.parts?.work).toEqual({
      from: '2026-03-28T01:00:00Z',
      to: '2026-03-28T02:00:00Z',
    });
    expect(night?.parts).toBeUndefined();
    expect(night?.note).toContain('leave no time for work in a window of 120 minutes');
    expect(after?.parts).toBeDefined();
  });

  it.each([
    [{ rollbackReserveMinutes: 120 }, 'window.rollbackReserveMinutes'],
    [{ preparationMinutes: 120, recurrence: { rule: 'FREQ=DAILY' } }, 'window.preparationMinutes'],
    [{ recurrence: { rule: 'FREQ=HOURLY' } }, 'window.recurrence.rule'],
    [{ zone: 'Europe/Madird', recurrence: { rule: 'FREQ=DAILY' } }, 'window.zone'],
    [{ end: '2026-11-25T01:00' }, 'window.end'],
  ])('refuses %o', (more, field) => {
    const bad = request('2026-11-25T02:00', '2026-11-25T04:00', more);
    expect(() => previewWindows(bad, from('2026-11-01T00:00'))).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        complaints: [expect.objectContaining({ field })],
      }),
    );
  });

  it('refuses fields it does not know', () => {
    expect(() => request('2026-11-25T02:00', '2026-11-25T04:00', { rrule: 'x' })).toThrow();
  });

  it('shows the window of each datacentre, by its own clock', () => {
    const nightly = request('2026-11-25T02:00', '2026-11-25T04:00', {
      perDatacentre: true,
      recurrence: { rule: 'FREQ=DAILY' },
    });
    const sites = [
      { id: 'mad', timeZone: 'Europe/Madrid' },
      { id: 'nyc', timeZone: 'America/New_York' },
    ];
    const previews = previewWindows(nightly, { ...from('2026-11-26T00:00', 1), sites });
    expect(previews).toMatchObject([
      {
        opensAt: '2026-11-26T01:00:00Z',
        closesAt: '2026-11-26T09:00:00Z',
        sites: [
          { datacentre: 'mad', local: '2026-11-26 02:00–04:00 Europe/Madrid (01:00–03:00 UTC)' },
          { datacentre: 'nyc', local: '2026-11-26 02:00–04:00 America/New_York (07:00–09:00 UTC)' },
        ],
      },
    ]);
  });
});
