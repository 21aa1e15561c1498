import { describe, expect, it } from 'vitest';
import { nextChangeWindow, resolveChangeWindow } from './change-window.ts';
import { windowRequestSchema } from './window.ts';

const request = (start: string, end: string, more: object = {}) =>
  windowRequestSchema.parse({ start, end, zone: 'Europe/Madrid', ...more });
const after = (text: string, ...datacentres: { id: string; timeZone: string }[]) => ({
  afterMs: Date.parse(`${text}Z`),
  datacentres,
});
const madrid = { id: 'mad', timeZone: 'Europe/Madrid' };
const newYork = { id: 'nyc', timeZone: 'America/New_York' };
const complaining = (field: string): unknown =>
  expect.objectContaining({ kind: 'invalid', complaints: [expect.objectContaining({ field })] });

describe('the window of a change', () => {
  const night = ['2026-11-25T02:00', '2026-11-25T04:00'] as const;

  it('is for work from its opening to its close where it has no parts, whenever that is', () => {
    expect(resolveChangeWindow(request(...night), after('2030-01-01T00:00'))).toEqual({
      opensAt: '2026-11-25T01:00:00Z',
      workFrom: '2026-11-25T01:00:00Z',
      latestStartAt: '2026-11-25T03:00:00Z',
      workUntil: '2026-11-25T03:00:00Z',
      closesAt: '2026-11-25T03:00:00Z',
      zone: 'Europe/Madrid',
    });
  });

  it('is for work between preparation and rollback reserve, and begun in no other time', () => {
    const parts = request(...night, { preparationMinutes: 15, rollbackReserveMinutes: 30 });
    expect(resolveChangeWindow(parts, after('2026-11-01T00:00'))).toMatchObject({
      opensAt: '2026-11-25T01:00:00Z',
      workFrom: '2026-11-25T01:15:00Z',
      latestStartAt: '2026-11-25T02:30:00Z',
      workUntil: '2026-11-25T02:30:00Z',
      closesAt: '2026-11-25T03:00:00Z',
    });
  });

  it('holds its parts in the time that the night really has', () => {
    const parts = { preparationMinutes: 90, rollbackReserveMinutes: 90 };
    const set = (start: string, end: string) => request(start, end, parts);
    // 01:00 to 04:00 is four hours in the night in which the clock is set back, and two in the other.
    const long = resolveChangeWindow(set('2026-10-25T01:00', '2026-10-25T04:00'), after('2026'));
    expect(long.workFrom).toBe('2026-10-25T00:30:00Z');
    expect(() =>
      resolveChangeWindow(set('2026-03-29T01:00', '2026-03-29T04:30'), after('2026')),
    ).toThrow(complaining('window.preparationMinutes'));
  });

  it.each([
    [{ preparationMinutes: 60, rollbackReserveMinutes: 61 }, 'window.rollbackReserveMinutes'],
    [{ preparationMinutes: 30, latestStart: '2026-11-25T02:15' }, 'window.latestStart'],
    [{ recurrence: { rule: 'FREQ=HOURLY' } }, 'window.recurrence.rule'],
    [{ recurrence: { rule: 'FREQ=DAILY' }, preparationMinutes: 120 }, 'window.preparationMinutes'],
    [{ perDatacentre: true }, 'window.perDatacentre'],
    [{ perDatacentre: true, recurrence: { rule: 'FREQ=DAILY' } }, 'window.perDatacentre'],
  ])('is refused for %o', (more, field) => {
    const find = () => resolveChangeWindow(request(...night, more), after('2026-11-01T00:00'));
    expect(find).toThrow(complaining(field));
  });
});

describe('a window that comes again', () => {
  const weekly = request('2026-11-25T02:00', '2026-11-25T04:00', {
    preparationMinutes: 15,
    recurrence: { rule: 'FREQ=WEEKLY;COUNT=3', except: ['2026-12-02'] },
  });

  it('is the first of the series that opens after the request', () => {
    expect(resolveChangeWindow(weekly, after('2026-11-25T01:00'))).toMatchObject({
      opensAt: '2026-11-25T01:00:00Z',
      workFrom: '2026-11-25T01:15:00Z',
      occurrence: { start: '2026-11-25T02:00' },
    });
    expect(resolveChangeWindow(weekly, after('2026-11-25T01:01')).occurrence).toEqual({
      start: '2026-12-09T02:00',
    });
  });

  it('has a next one until the series ends, and is refused after that', () => {
    expect(nextChangeWindow(weekly, after('2026-12-09T01:00'))?.opensAt).toBe(
      '2026-12-09T01:00:00Z',
    );
    expect(nextChangeWindow(weekly, after('2026-12-09T01:01'))).toBeUndefined();
    expect(() => resolveChangeWindow(weekly, after('2026-12-09T01:01'))).toThrow(
      complaining('window.recurrence.rule'),
    );
    const once = request('2026-11-25T02:00', '2026-11-25T04:00');
    expect(nextChangeWindow(once, after('2026-11-01T00:00'))).toBeUndefined();
  });

  it('passes over a night that the clock leaves no time for work in', () => {
    const nightly = request('2026-03-28T01:00', '2026-03-28T04:00', {
      preparationMinutes: 60,
      rollbackReserveMinutes: 60,
      recurrence: { rule: 'FREQ=DAILY' },
    });
    expect(resolveChangeWindow(nightly, after('2026-03-28T12:00')).occurrence).toEqual({
      start: '2026-03-30T01:00',
    });
  });
});

describe('a window per datacentre', () => {
  const night = request('2026-11-25T02:00', '2026-11-25T04:00', {
    preparationMinutes: 15,
    latestStart: '2026-11-25T03:00',
    perDatacentre: true,
  });

  it('is the hull of what each has by its own clock, each with its parts', () => {
    const window = resolveChangeWindow(night, after('2026-11-01T00:00', newYork, madrid));
    expect(window).toMatchObject({
      opensAt: '2026-11-25T01:00:00Z',
      workFrom: '2026-11-25T01:15:00Z',
      latestStartAt: '2026-11-25T08:00:00Z',
      workUntil: '2026-11-25T09:00:00Z',
      closesAt: '2026-11-25T09:00:00Z',
      zone: 'Europe/Madrid',
    });
    expect(window.sites).toEqual([
      {
        datacentre: 'nyc',
        zone: 'America/New_York',
        opensAt: '2026-11-25T07:00:00Z',
        workFrom: '2026-11-25T07:15:00Z',
        latestStartAt: '2026-11-25T08:00:00Z',
        workUntil: '2026-11-25T09:00:00Z',
        closesAt: '2026-11-25T09:00:00Z',
      },
      expect.objectContaining({ datacentre: 'mad', workFrom: '2026-11-25T01:15:00Z' }),
    ]);
  });

  it('comes again on the same nights everywhere, and opens after the request in all of them', () => {
    const nightly = { ...night, recurrence: { rule: 'FREQ=DAILY' } };
    const at = (text: string) => resolveChangeWindow(nightly, after(text, newYork, madrid));
    expect(at('2026-11-26T01:00').occurrence).toEqual({ start: '2026-11-26T02:00' });
    // In New York the night of the 26th has not begun, in Madrid it has.
    const next = at('2026-11-26T01:01');
    expect(next.opensAt).toBe('2026-11-27T01:00:00Z');
    expect(next.sites?.map(({ opensAt }) => opensAt)).toEqual([
      '2026-11-27T07:00:00Z',
      '2026-11-27T01:00:00Z',
    ]);
  });

  it('says in which datacentre the parts leave no time for work', () => {
    const short = request('2026-03-29T01:00', '2026-03-29T04:00', {
      preparationMinutes: 120,
      perDatacentre: true,
    });
    expect(() => resolveChangeWindow(short, after('2026-03-01T00:00', newYork, madrid))).toThrow(
      expect.objectContaining({
        complaints: [
          {
            field: 'window.preparationMinutes',
            message: expect.stringContaining('in datacentre mad:'),
          },
        ],
      }),
    );
  });
});
