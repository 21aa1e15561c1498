import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { isDomainError, type Complaint } from '../errors.ts';
import { createOccurrences, recurrenceSchema, type OccurrencesInput } from './recurrence.ts';

const series = (
  start: string,
  end: string,
  rule: string,
  more: Partial<OccurrencesInput> & { except?: string[] } = {},
): OccurrencesInput => {
  const { except, ...rest } = more;
  return {
    start,
    end,
    zone: 'Europe/Madrid',
    ...rest,
    recurrence: recurrenceSchema.parse({ rule, ...(except === undefined ? {} : { except }) }),
  };
};

const utc = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
const at = (text: string): number => Date.parse(`${text}Z`);

/** The windows that open on a day, as UTC times, with their notes. */
function nightOf(day: string, input: OccurrencesInput) {
  const fromMs = at(`${day}T00:00`) - 6 * 3_600_000;
  return [...createOccurrences(input).between(fromMs, fromMs + 86_400_000)].map((window) => ({
    utc: `${utc(window.opensAtMs)}/${utc(window.closesAtMs).slice(11)}`,
    ...(window.note === undefined ? {} : { note: window.note }),
  }));
}

function complaintsOf(input: OccurrencesInput): readonly Complaint[] {
  try {
    createOccurrences(input);
  } catch (error) {
    if (isDomainError(error)) {
      expect(error).toMatchObject({ kind: 'invalid', code: 'invalid-recurrence' });
      return error.complaints;
    }
    throw error;
  }
  throw new Error('The series was taken.');
}

describe('a series', () => {
  it('gives as many windows as COUNT says, on the weekdays of the rule', () => {
    const { next } = createOccurrences(
      series('2026-11-25T02:00', '2026-11-25T04:00', 'FREQ=WEEKLY;BYDAY=TU,TH;COUNT=3'),
    );
    expect(next(0, 10)).toEqual(
      ['2026-11-26', '2026-12-01', '2026-12-03'].map((day) => ({
        start: `${day}T02:00`,
        opensAtMs: at(`${day}T01:00`),
        latestStartAtMs: at(`${day}T03:00`),
        closesAtMs: at(`${day}T03:00`),
      })),
    );
  });

  it('counts COUNT from its start, wherever it is asked from', () => {
    const rule = 'FREQ=DAILY;BYHOUR=2,14;COUNT=5';
    const { between, next } = createOccurrences(
      series('2026-11-25T02:00', '2026-11-25T04:00', rule),
    );
    expect(next(at('2026-11-26T12:00'), 9).map((window) => window.start)).toEqual([
      '2026-11-26T14:00',
      '2026-11-27T02:00',
    ]);
    expect([...between(at('2026-11-27T04:00'), at('2027-11-27T04:00'))]).toEqual([]);
  });

  it('counts COUNT before exceptions, which name a day or a start', () => {
    const input = series('2026-12-23T02:00', '2026-12-23T04:00', 'FREQ=DAILY;COUNT=5', {
      except: ['2026-12-24', '2026-12-26 02:00', '2026-12-27T03:00'],
    });
    const days = createOccurrences(input)
      .next(0, 10)
      .map((window) => window.start);
    expect(days).toEqual(['2026-12-23T02:00', '2026-12-25T02:00', '2026-12-27T02:00']);
  });

  it('gives windows that have begun, but not those that only touch the time asked for', () => {
    const { between, next } = createOccurrences(
      series('2026-11-25T02:00', '2026-11-25T04:00', 'FREQ=DAILY', { zone: 'UTC' }),
    );
    const opens = (from: string, to: string) =>
      [...between(at(from), at(to))].map((window) => utc(window.opensAtMs));
    expect(opens('2026-11-26T03:59', '2026-11-27T02:01')).toEqual([
      '2026-11-26T02:00',
      '2026-11-27T02:00',
    ]);
    expect(opens('2026-11-26T04:00', '2026-11-27T02:00')).toEqual([]);
    expect(next(at('2026-11-26T02:00'), 1)[0]?.start).toBe('2026-11-26T02:00');
    expect(next(at('2026-11-26T02:01'), 1)[0]?.start).toBe('2026-11-27T02:00');
    expect(next(at('2026-11-26T02:01'), 0)).toEqual([]);
  });

  it.each([
    ['20261127', 3],
    ['20261127T020000', 3],
    ['20261127T015959', 2],
    ['20261127T010000Z', 3],
    ['20261127T005959Z', 2],
  ])('ends with UNTIL=%s, in the time of the zone, or of UTC for a Z', (until, count) => {
    const rule = `FREQ=DAILY;UNTIL=${until}`;
    const input = series('2026-11-25T02:00', '2026-11-25T04:00', rule);
    expect(createOccurrences(input).next(0, 10)).toHaveLength(count);
  });

  it('lets windows begin later than the start, up to the latest start of each', () => {
    const input = series('2026-11-25T02:00', '2026-11-25T04:00', 'FREQ=WEEKLY', {
      latestStart: '2026-11-25T03:15',
    });
    const [, second] = createOccurrences(input).next(0, 2);
    expect(utc(second?.latestStartAtMs ?? 0)).toBe('2026-12-02T02:15');
  });

  it('gives several windows a day by BYHOUR, and the last Sunday of a month by BYDAY', () => {
    const twice = series('2026-11-25T02:00', '2026-11-25T04:00', 'FREQ=DAILY;BYHOUR=2,14');
    expect(nightOf('2026-11-26', twice).map((window) => window.utc)).toEqual([
      '2026-11-26T01:00/03:00',
      '2026-11-26T13:00/15:00',
    ]);
    const sundays = series('2026-11-01T02:00', '2026-11-01T04:00', 'FREQ=MONTHLY;BYDAY=-1SU');
    expect(
      createOccurrences(sundays)
        .next(0, 2)
        .map((window) => window.start),
    ).toEqual(['2026-11-29T02:00', '2026-12-27T02:00']);
  });

  it('finds rare windows, and where a series of no end is asked after long, at once', () => {
    const leap = series(
      '2026-02-28T01:00',
      '2026-02-28T02:00',
      'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29',
    );
    expect(
      createOccurrences(leap)
        .next(at('2045-01-01T00:00'), 2)
        .map((w) => w.start),
    ).toEqual(['2048-02-29T01:00', '2052-02-29T01:00']);
    const daily = createOccurrences(series('2026-02-28T01:00', '2026-02-28T02:00', 'FREQ=DAILY'));
    expect(daily.next(at('2050-01-01T00:00'), 1)[0]?.start).toBe('2050-01-01T01:00');
    expect(daily.next(at('9000-01-01T00:00'), 1)).toEqual([]);
    expect(daily.next(Infinity, 1)).toEqual([]);
    expect(daily.next(-Infinity, 1)).toHaveLength(1);
    expect([...daily.between(-Infinity, Infinity)]).toHaveLength(10_958);
  });
});

describe('the windows of a series in the night in which the clock is set forward', () => {
  const night = '2026-03-29';
  const forward = (start: string, end: string, rule = 'FREQ=DAILY') =>
    nightOf(night, series(`2026-03-20T${start}`, `2026-03-20T${end}`, rule));

  it('are an hour shorter, and say so', () => {
    expect(forward('01:00', '05:00')).toEqual([
      {
        utc: '2026-03-29T00:00/03:00',
        note: 'the clock is set forward: it lasts 180 minutes in place of 240',
      },
    ]);
  });

  it('open later by the length of the jump where their start is skipped', () => {
    expect(forward('02:30', '05:00')).toEqual([
      {
        utc: '2026-03-29T01:30/03:00',
        note: 'the clock is set forward over 2026-03-29T02:30: it opens 2026-03-29T03:30; the clock is set forward: it lasts 90 minutes in place of 150',
      },
    ]);
  });

  it('close later by as much where their end is skipped', () => {
    expect(forward('01:00', '02:30')).toEqual([
      {
        utc: '2026-03-29T00:00/01:30',
        note: 'the clock is set forward over 2026-03-29T02:30: it closes 2026-03-29T03:30',
      },
    ]);
  });

  it('are moved as a whole where they would close before they open', () => {
    expect(forward('02:15', '02:45').map((window) => window.utc)).toEqual([
      '2026-03-29T01:15/01:45',
    ]);
    expect(forward('02:00', '03:00')).toEqual([
      {
        utc: '2026-03-29T01:00/02:00',
        note: 'the clock is set forward over 2026-03-29T02:00: it opens 2026-03-29T03:00; its start is moved: it closes 2026-03-29T04:00, not 2026-03-29T03:00',
      },
    ]);
  });

  it('are left out where they would be moved onto the next, which stands where it was announced', () => {
    expect(forward('02:00', '02:30', 'FREQ=DAILY;BYHOUR=2,3')).toEqual([
      { utc: '2026-03-29T01:00/01:30' },
    ]);
  });

  it('are cut back where their end would be moved into the next', () => {
    expect(forward('01:00', '02:30', 'FREQ=DAILY;BYHOUR=1,3')).toEqual([
      {
        utc: '2026-03-29T00:00/01:00',
        note: 'the clock is set forward over 2026-03-29T02:30: it closes 2026-03-29T03:30; cut back to the next window',
      },
      { utc: '2026-03-29T01:00/02:30' },
    ]);
  });

  it('are left out on the day that Samoa skipped, for the next day has its own', () => {
    const input = series('2011-12-25T02:00', '2011-12-25T04:00', 'FREQ=DAILY', {
      zone: 'Pacific/Apia',
    });
    expect(
      createOccurrences(input)
        .next(0, 7)
        .map((window) => window.start.slice(8, 10)),
    ).toEqual(['25', '26', '27', '28', '29', '31', '01']);
  });

  it('keep their times after that night', () => {
    const input = series('2026-03-28T02:30', '2026-03-28T05:00', 'FREQ=DAILY');
    expect(nightOf('2026-03-30', input)).toEqual([{ utc: '2026-03-30T00:30/03:00' }]);
  });
});

describe('the windows of a series in the night in which the clock is set back', () => {
  const back = (start: string, end: string, more: Partial<OccurrencesInput> = {}) =>
    nightOf('2026-10-25', series(`2026-10-20T${start}`, `2026-10-20T${end}`, 'FREQ=DAILY', more));

  it('are an hour longer, and say so', () => {
    expect(back('01:00', '05:00')).toEqual([
      {
        utc: '2026-10-24T23:00/04:00',
        note: 'the clock is set back: it lasts 300 minutes in place of 240',
      },
    ]);
  });

  it('open and close the first time, or with "later" the second time', () => {
    expect(back('02:15', '02:45')).toEqual([
      {
        utc: '2026-10-25T00:15/00:45',
        note: '2026-10-25T02:15 occurs twice: it opens the first time; 2026-10-25T02:45 occurs twice: it closes the first time',
      },
    ]);
    expect(back('02:15', '05:00').map((window) => window.utc)).toEqual(['2026-10-25T00:15/04:00']);
    expect(back('01:00', '02:30', { disambiguation: 'later' })).toEqual([
      {
        utc: '2026-10-24T23:00/01:30',
        note: '2026-10-25T02:30 occurs twice: it closes the second time; the clock is set back: it lasts 150 minutes in place of 90',
      },
    ]);
  });
});

describe('a series that is refused', () => {
  const refused = (rule: string, end = '2026-11-25T04:00') =>
    complaintsOf(series('2026-11-25T02:00', end, rule));

  it.each([
    ['FREQ=HOURLY', 'FREQ=HOURLY is too frequent for windows; use DAILY, WEEKLY'],
    ['FREQ=MINUTELY', 'too frequent'],
    ['FREQ=SECONDLY', 'too frequent'],
    ['FREQ=FORTNIGHTLY', '"FORTNIGHTLY" is no value of FREQ; use DAILY, WEEKLY'],
    ['INTERVAL=2', 'has no FREQ'],
    ['weekly', '"WEEKLY" is no part of a rule; use FREQ, INTERVAL'],
    ['FREQ=DAILY;', '"" is no part of a rule'],
    ['FREQ=DAILY;FOO=1', '"FOO=1" is no part'],
    ['FREQ=DAILY;constructor=1', '"CONSTRUCTOR=1" is no part'],
    ['FREQ=DAILY;FREQ=WEEKLY', 'FREQ is given twice'],
    ['RRULE:FREQ=DAILY', 'without "RRULE:"'],
    ['DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY', 'without "RRULE:"'],
    ['FREQ=DAILY;COUNT=2;UNTIL=20270101', 'exclude each other'],
    ['FREQ=DAILY;COUNT=0', '"0" is no value of COUNT; use a whole number from 1 to 1000'],
    ['FREQ=DAILY;INTERVAL=1e3', 'no value of INTERVAL'],
    ['FREQ=DAILY;UNTIL=20270230', 'not in the calendar'],
    ['FREQ=DAILY;UNTIL=tomorrow', 'no value of UNTIL'],
    ['FREQ=DAILY;BYMONTH=13', 'no value of BYMONTH'],
    ['FREQ=DAILY;BYHOUR=25', 'no value of BYHOUR'],
    ['FREQ=WEEKLY;BYDAY=XX', 'no value of BYDAY'],
    ['FREQ=DAILY;BYDAY=2MO', 'not a rule of RFC 5545'],
    ['FREQ=WEEKLY;BYMONTHDAY=3', 'not a rule of RFC 5545'],
    ['FREQ=DAILY;BYMINUTE=0,5,10,15;BYHOUR=0,1,2,3,4,5,6', '28 windows a day, more than 24'],
    ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', 'gives no window from 2026-11-25T02:00 on'],
    ['FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30', 'gives no window'],
    ['FREQ=DAILY;UNTIL=20251231', 'an UNTIL before the start?'],
    ['FREQ=DAILY;UNTIL=20251231T000000Z', 'an UNTIL before the start?'],
  ])('for its rule, %s', (rule, message) => {
    expect(refused(rule)).toEqual([
      { field: 'recurrence.rule', message: expect.stringContaining(message) },
    ]);
  });

  it('where a window goes on into the next, and names both', () => {
    expect(refused('FREQ=DAILY', '2026-11-26T02:01')).toEqual([
      {
        field: 'recurrence.rule',
        message:
          'the window that starts 2026-11-25T02:00 goes on until 2026-11-26T02:01, but the next one starts 2026-11-26T02:00; make the window shorter or the rule less frequent',
      },
    ]);
    expect(() =>
      createOccurrences(series('2026-11-25T02:00', '2026-11-26T02:00', 'FREQ=DAILY')),
    ).not.toThrow();
  });

  it('for each exception that is not in the calendar, under the path that is given', () => {
    const except = ['2026-12-24', '2026-02-30', '2026-12-24T25:00'];
    const input = series('2026-11-25T02:00', '2026-11-25T04:00', 'FREQ=DAILY', {
      except,
      path: 'window.',
    });
    expect(complaintsOf(input).map((complaint) => complaint.field)).toEqual([
      'window.recurrence.except[1]',
      'window.recurrence.except[2]',
    ]);
  });

  it('where the exceptions leave nothing of it', () => {
    const input = series('2026-11-25T02:00', '2026-11-25T04:00', 'FREQ=DAILY;COUNT=2', {
      except: ['2026-11-25', '2026-11-26'],
    });
    expect(complaintsOf(input)).toEqual([
      { field: 'recurrence.except', message: expect.stringContaining('all 2 windows') },
    ]);
  });

  it.each([
    ['2026-02-30T02:00', '2026-03-01T02:00', undefined, 'start'],
    ['2026-11-25T02:00', '2026-11-25T02:00', undefined, 'end'],
    ['2026-11-25T02:00', '2026-12-27T02:00', undefined, 'end'],
    ['2026-11-25T02:00', '2026-11-25T04:00', '2026-11-25T04:01', 'latestStart'],
  ])('for times out of order: %s to %s, latest start %s', (start, end, latestStart, field) => {
    const input = series(start, end, 'FREQ=YEARLY', { latestStart });
    expect(complaintsOf(input)).toMatchObject([{ field }]);
  });

  it('for more exceptions than a thousand', () => {
    const except = Array.from({ length: 1001 }, () => '2026-12-24');
    expect(recurrenceSchema.safeParse({ rule: 'FREQ=DAILY', except }).success).toBe(false);
  });
});

const zones = ['Europe/Madrid', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca'];
const hhmm = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom(0, 15, 30, 45))
  .map(([hour, minute]) => Temporal.PlainTime.from({ hour, minute }));
const nightTime = fc
  .tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom(0, 15, 30, 45))
  .map(([hour, minute]) => Temporal.PlainTime.from({ hour, minute }));
const date = fc
  .integer({ min: 0, max: 3 * 365 })
  .map((days) => Temporal.PlainDate.from('2025-01-01').add({ days }));

/** A wall-clock time by Temporal alone. */
function resolved(plain: Temporal.PlainDateTime, zone: string, which: 'earlier' | 'later'): number {
  const compatible = plain.toZonedDateTime(zone, { disambiguation: 'compatible' });
  const exists = compatible.toPlainDateTime().equals(plain);
  return exists
    ? plain.toZonedDateTime(zone, { disambiguation: which }).epochMilliseconds
    : compatible.epochMilliseconds;
}

describe('the windows of any series', () => {
  it.each(zones)('are in %s those of going day by day through the calendar', (zone) => {
    const weekdays = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
    fc.assert(
      fc.property(
        date,
        fc.oneof(nightTime, hhmm),
        fc.integer({ min: 1, max: 95 }),
        fc.oneof(
          fc.integer({ min: 1, max: 5 }).map((interval) => ({ interval, days: [] as string[] })),
          fc.subarray(weekdays, { minLength: 1 }).map((days) => ({ interval: 0, days: days })),
        ),
        fc.constantFrom('earlier' as const, 'later' as const),
        (day, time, quarters, { interval, days }, disambiguation) => {
          const start = day.toPlainDateTime(time);
          const length = { minutes: 15 * quarters };
          const rule =
            interval > 0 ? `FREQ=DAILY;INTERVAL=${interval}` : `FREQ=WEEKLY;BYDAY=${days.join()}`;
          const { between } = createOccurrences({
            start: start.toString(),
            end: start.add(length).toString(),
            zone,
            disambiguation,
            recurrence: { rule },
          });
          const expected = [];
          for (let i = 0; i < 400; i += 1) {
            const from = start.add({ days: i });
            const isGiven =
              interval > 0 ? i % interval === 0 : days.includes(weekdays[from.dayOfWeek - 1] ?? '');
            if (!isGiven) continue;
            const opensAtMs = resolved(from, zone, disambiguation);
            const asked = resolved(from.add(length), zone, disambiguation);
            const closesAtMs = asked > opensAtMs ? asked : opensAtMs + 15 * quarters * 60_000;
            expected.push({ opensAtMs, closesAtMs });
          }
          const toMs = resolved(start.add({ days: 400 }), zone, 'earlier');
          const found = [...between(0, toMs)].map(({ opensAtMs, closesAtMs }) => ({
            opensAtMs,
            closesAtMs,
          }));
          expect(found).toEqual(expected.filter(({ opensAtMs }) => opensAtMs < toMs));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('never overlap, are in order, and are the same from wherever they are asked for', () => {
    const rules = [
      'FREQ=DAILY',
      'FREQ=DAILY;BYHOUR=1,2,3',
      'FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,30',
      'FREQ=WEEKLY;BYDAY=SA,SU;BYHOUR=0,2,4',
      'FREQ=MONTHLY;BYDAY=-1SU;BYHOUR=2,3',
      'FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;COUNT=60',
    ];
    fc.assert(
      fc.property(
        date,
        nightTime,
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(...rules),
        fc.constantFrom(...zones, 'Pacific/Apia'),
        fc.constantFrom('earlier' as const, 'later' as const),
        fc.integer({ min: 0, max: 500 * 24 }),
        fc.integer({ min: 1, max: 60 * 24 }),
        (day, time, minutes, rule, zone, disambiguation, fromHours, hours) => {
          const start = day.toPlainDateTime(time);
          const { between, next } = createOccurrences({
            start: start.toString(),
            end: start.add({ minutes }).toString(),
            zone,
            disambiguation,
            recurrence: { rule },
          });
          const startMs = resolved(start, zone, 'earlier');
          const all = [...between(startMs - 1, startMs + 600 * 86_400_000)];
          for (const [i, window] of all.entries()) {
            expect(window.closesAtMs).toBeGreaterThan(window.opensAtMs);
            expect(window.opensAtMs).toBeGreaterThanOrEqual(all[i - 1]?.closesAtMs ?? 0);
          }
          const fromMs = startMs + fromHours * 3_600_000;
          const toMs = fromMs + hours * 3_600_000;
          const part = all.filter((one) => one.closesAtMs > fromMs && one.opensAtMs < toMs);
          expect([...between(fromMs, toMs)]).toEqual(part);
          const opening = part.filter((one) => one.opensAtMs >= fromMs);
          expect(next(fromMs, opening.length)).toEqual(opening);
        },
      ),
      { numRuns: 60 },
    );
  });
});
