import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDomainError, type Complaint } from '../errors.ts';
import {
  formatWindow,
  resolveWindow,
  windowRequestOf,
  windowRequestSchema,
  type WindowRequest,
} from './window.ts';

const madrid = (start: string, end: string, more: Partial<WindowRequest> = {}): WindowRequest => ({
  start,
  end,
  zone: 'Europe/Madrid',
  ...more,
});

function complaintsOf(request: WindowRequest): readonly Complaint[] {
  try {
    resolveWindow(request);
  } catch (error) {
    if (isDomainError(error)) {
      expect(error).toMatchObject({ kind: 'invalid', code: 'invalid-window' });
      return error.complaints;
    }
    throw error;
  }
  throw new Error('The window was resolved.');
}

const formatted = (request: WindowRequest): string => formatWindow(resolveWindow(request));

describe('a window request', () => {
  it.each([
    '2026-11-25T02:00Z',
    '2026-11-25T02:00+01:00',
    '2026-11-25T02:00:00.000',
    '2026-11-25T02:00[Europe/Madrid]',
    '2026-11-25',
    '25/11/2026 02:00',
    '2026-11-25T23:59:60',
    '',
  ])('refuses "%s" and says how a wall-clock time is written', (start) => {
    const result = windowRequestSchema.safeParse(madrid(start, '2026-11-25T04:00'));
    expect(result.error?.issues).toMatchObject([
      { path: ['start'], message: expect.stringContaining('2026-11-25T02:00') },
    ]);
  });

  it('takes seconds, and a blank in place of the T', () => {
    const request = madrid('2026-11-25 02:00:30', '2026-11-25T04:00');
    expect(resolveWindow(windowRequestSchema.parse(request)).opensAt).toBe('2026-11-25T01:00:30Z');
  });

  it('refuses fields it does not know', () => {
    const request = { ...madrid('2026-11-25T02:00', '2026-11-25T04:00'), timezone: 'UTC' };
    expect(windowRequestSchema.safeParse(request).success).toBe(false);
  });
});

describe('resolveWindow', () => {
  it('gives the instants by the rules of the zone, in winter and in summer', () => {
    expect(resolveWindow(madrid('2026-11-25T02:00', '2026-11-25T04:00'))).toEqual({
      opensAt: '2026-11-25T01:00:00Z',
      latestStartAt: '2026-11-25T03:00:00Z',
      closesAt: '2026-11-25T03:00:00Z',
      zone: 'Europe/Madrid',
    });
    const summer = madrid('2026-07-25T02:00', '2026-07-25T04:00', {
      latestStart: '2026-07-25T03:15',
    });
    expect(resolveWindow(summer)).toMatchObject({
      opensAt: '2026-07-25T00:00:00Z',
      latestStartAt: '2026-07-25T01:15:00Z',
      closesAt: '2026-07-25T02:00:00Z',
    });
  });

  it('spells the zone as the time zone database does', () => {
    const request = madrid('2026-11-25T02:00', '2026-11-25T04:00', { zone: 'europe/madrid' });
    expect(resolveWindow(request).zone).toBe('Europe/Madrid');
  });

  it.each(['Europe/Madird', '+01:00', '2026-01-01T00:00Z', '2026-01-01T00:00[Europe/Madrid]', ''])(
    'names "%s", which is no zone of the database',
    (zone) => {
      const request = madrid('2026-11-25T02:00', '2026-11-25T04:00', { zone });
      expect(complaintsOf(request)).toEqual([
        { field: 'window.zone', message: expect.stringContaining(`"${zone}" is not in the IANA`) },
      ]);
    },
  );

  it.each(['2026-02-30T02:00', '2026-13-01T02:00', '2026-11-25T24:00', '2026-11-25T02:60'])(
    'refuses %s, which is not in the calendar',
    (start) => {
      expect(complaintsOf(madrid(start, '2026-12-25T04:00'))).toEqual([
        { field: 'window.start', message: `${start} is not a date and time of the calendar` },
      ]);
    },
  );

  it.each([
    ['2026-11-25T04:00', '2026-11-25T02:00'],
    ['2026-11-25T04:00', '2026-11-25T04:00'],
  ])('refuses a window from %s to %s with one complaint, about its end', (start, end) => {
    expect(complaintsOf(madrid(start, end))).toEqual([
      { field: 'window.end', message: `${end} is not after the start, ${start}` },
    ]);
  });

  it('takes 31 days and refuses a minute more', () => {
    expect(resolveWindow(madrid('2026-10-10T02:00', '2026-11-10T02:00')).closesAt).toBe(
      '2026-11-10T01:00:00Z',
    );
    expect(complaintsOf(madrid('2026-10-10T02:00', '2026-11-10T02:01'))).toEqual([
      { field: 'window.end', message: expect.stringContaining('longer than 31 days') },
    ]);
  });

  it.each(['2026-11-25T01:59', '2026-11-25T04:01'])(
    'refuses a latest start at %s, outside the window',
    (latestStart) => {
      const request = madrid('2026-11-25T02:00', '2026-11-25T04:00', { latestStart });
      expect(complaintsOf(request)).toEqual([
        { field: 'window.latestStart', message: `${latestStart} is not between start and end` },
      ]);
    },
  );

  it('says everything that is wrong with the times at once', () => {
    const fields = complaintsOf(madrid('2026-02-30T02:00', '2026-03-29T02:30')).map((c) => c.field);
    expect(fields).toEqual(['window.start', 'window.end']);
  });
});

describe('the night in which the clock is set forward', () => {
  it('has no 02:30 in Madrid on 29 March 2026, and says from when to when the clock jumps', () => {
    expect(complaintsOf(madrid('2026-03-29T02:30', '2026-03-29T05:00'))).toEqual([
      {
        field: 'window.start',
        message:
          '2026-03-29T02:30 does not exist in Europe/Madrid: on 2026-03-29 the clock jumps from 02:00 to 03:00; use 2026-03-29T01:59 or earlier, or 2026-03-29T03:00 or later',
      },
    ]);
  });

  it('has none at its end either, whatever disambiguation is given', () => {
    const request = madrid('2026-03-29T01:00', '2026-03-29T02:00', { disambiguation: 'later' });
    expect(complaintsOf(request)).toMatchObject([{ field: 'window.end' }]);
  });

  it('is an hour shorter than the clock on the wall says', () => {
    const { opensAt, closesAt } = resolveWindow(madrid('2026-03-29T01:00', '2026-03-29T04:00'));
    expect([opensAt, closesAt]).toEqual(['2026-03-29T00:00:00Z', '2026-03-29T02:00:00Z']);
  });

  it('names the dates where a zone skips a whole day', () => {
    const request = {
      start: '2011-12-30T02:30',
      end: '2011-12-31T05:00',
      zone: 'Pacific/Apia',
    };
    expect(complaintsOf(request)).toEqual([
      {
        field: 'window.start',
        message: expect.stringContaining(
          'the clock jumps from 2011-12-30T00:00 to 2011-12-31T00:00; use 2011-12-29T23:59 or earlier, or 2011-12-31T00:00 or later',
        ),
      },
    ]);
  });
});

describe('the night in which the clock is set back', () => {
  const start = '2026-10-25T02:30';
  const end = '2026-10-25T05:00';

  it('has two 02:30 in Madrid on 25 October 2026: it shows both offsets and asks which', () => {
    expect(complaintsOf(madrid(start, end))).toEqual([
      {
        field: 'window.start',
        message:
          '2026-10-25T02:30 occurs twice in Europe/Madrid, at +02:00 and at +01:00: say which by "disambiguation: earlier" or "disambiguation: later"',
      },
    ]);
    expect(complaintsOf(madrid('2026-10-25T01:00', start))).toMatchObject([
      { field: 'window.end' },
    ]);
  });

  it('takes the one that is asked for', () => {
    expect(resolveWindow(madrid(start, end, { disambiguation: 'earlier' })).opensAt).toBe(
      '2026-10-25T00:30:00Z',
    );
    expect(resolveWindow(madrid(start, end, { disambiguation: 'later' })).opensAt).toBe(
      '2026-10-25T01:30:00Z',
    );
  });

  it('is an hour longer than the clock on the wall says', () => {
    const { opensAt, closesAt } = resolveWindow(madrid('2026-10-25T01:00', '2026-10-25T04:00'));
    expect(Date.parse(closesAt) - Date.parse(opensAt)).toBe(4 * 3_600_000);
  });
});

describe('windowRequestOf', () => {
  it('asks for the second 02:30 where that is meant', () => {
    const instants = {
      opensAtMs: Date.parse('2026-10-25T01:30:00Z'),
      closesAtMs: Date.parse('2026-10-25T03:00:00Z'),
    };
    expect(windowRequestOf(instants, 'Europe/Madrid')).toEqual({
      start: '2026-10-25T02:30:00',
      end: '2026-10-25T04:00:00',
      zone: 'Europe/Madrid',
      disambiguation: 'later',
    });
  });

  it('asks in UTC for a window from the first 02:15 to the second 02:45: no one word fits both', () => {
    const instants = {
      opensAtMs: Date.parse('2026-10-25T00:15:00Z'),
      closesAtMs: Date.parse('2026-10-25T01:45:00Z'),
    };
    expect(windowRequestOf(instants, 'Europe/Madrid')).toMatchObject({
      start: '2026-10-25T00:15:00',
      end: '2026-10-25T01:45:00',
      zone: 'UTC',
    });
  });

  it('resolves to the instants it was made of, in any zone and around any change of the clock', () => {
    const second = fc.oneof(
      fc.integer({ min: Date.parse('2026-10-24T23:00Z'), max: Date.parse('2026-10-25T03:00Z') }),
      fc.integer({ min: Date.parse('2026-03-28T23:00Z'), max: Date.parse('2026-03-29T03:00Z') }),
      fc.integer({ min: Date.parse('2020-01-01T00:00Z'), max: Date.parse('2040-01-01T00:00Z') }),
    );
    fc.assert(
      fc.property(
        second.map((ms) => Math.floor(ms / 1000) * 1000),
        fc
          .oneof(fc.integer({ min: 1, max: 7200 }), fc.integer({ min: 1, max: 30 * 86_400 }))
          .map((seconds) => seconds * 1000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom('Europe/Madrid', 'Atlantic/Canary', 'America/New_York', 'Asia/Kolkata'),
        (opensAtMs, lengthMs, part, zone) => {
          const closesAtMs = opensAtMs + lengthMs;
          const latestStartAtMs = opensAtMs + Math.floor((part * lengthMs) / 1000) * 1000;
          const request = windowRequestOf({ opensAtMs, closesAtMs, latestStartAtMs }, zone);
          const resolved = resolveWindow(windowRequestSchema.parse(request));
          expect(Date.parse(resolved.opensAt)).toBe(opensAtMs);
          expect(Date.parse(resolved.latestStartAt)).toBe(latestStartAtMs);
          expect(Date.parse(resolved.closesAt)).toBe(closesAtMs);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('formatWindow', () => {
  it('shows the time of the zone and UTC', () => {
    expect(formatted(madrid('2026-11-25T02:00', '2026-11-25T04:00'))).toBe(
      '2026-11-25 02:00–04:00 Europe/Madrid (01:00–03:00 UTC)',
    );
  });

  it('shows both dates of a window that passes midnight', () => {
    expect(formatted(madrid('2026-11-25T23:00', '2026-11-26T04:00:30'))).toBe(
      '2026-11-25 23:00–2026-11-26 04:00:30 Europe/Madrid (22:00–03:00:30 UTC)',
    );
  });

  it('shows the dates of UTC where they are not those of the zone', () => {
    expect(formatted(madrid('2026-07-02T00:30', '2026-07-02T01:30'))).toBe(
      '2026-07-02 00:30–01:30 Europe/Madrid (2026-07-01 22:30–23:30 UTC)',
    );
    expect(formatted(madrid('2026-07-02T00:30', '2026-07-02T04:00'))).toBe(
      '2026-07-02 00:30–04:00 Europe/Madrid (2026-07-01 22:30–2026-07-02 02:00 UTC)',
    );
  });

  it('shows UTC once', () => {
    const request = { start: '2026-11-25T02:00', end: '2026-11-25T04:00', zone: 'UTC' };
    expect(formatted(request)).toBe('2026-11-25 02:00–04:00 UTC');
  });
});
