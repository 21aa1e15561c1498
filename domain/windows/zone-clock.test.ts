import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { createZoneClock } from './zone-clock.ts';

const wall = (text: string): number => Date.parse(`${text}Z`);

describe('the clock of a zone', () => {
  const madrid = createZoneClock('Europe/Madrid');

  it('reads a time that is skipped by the offset before the jump', () => {
    expect(madrid.read(wall('2026-03-29T02:30'))).toEqual({
      epochMs: Date.parse('2026-03-29T01:30Z'),
      occurs: 'skipped',
    });
    expect(madrid.read(wall('2026-03-29T02:30'), 'later').epochMs).toBe(
      Date.parse('2026-03-29T01:30Z'),
    );
  });

  it('takes the earlier of two, unless the later is asked for', () => {
    expect(madrid.read(wall('2026-10-25T02:30'))).toEqual({
      epochMs: Date.parse('2026-10-25T00:30Z'),
      occurs: 'twice',
    });
    expect(madrid.read(wall('2026-10-25T02:30'), 'later').epochMs).toBe(
      Date.parse('2026-10-25T01:30Z'),
    );
  });

  it('knows a zone that skips a whole day', () => {
    expect(createZoneClock('Pacific/Apia').read(wall('2011-12-30T12:00'))).toEqual({
      epochMs: Date.parse('2011-12-30T22:00Z'),
      occurs: 'skipped',
    });
  });

  it.each([
    'Europe/Madrid',
    'America/New_York',
    'Australia/Lord_Howe',
    'Africa/Casablanca',
    'Pacific/Apia',
    'Asia/Kolkata',
    'UTC',
  ])('reads every time in %s as Temporal does, in any order', (zone) => {
    const clock = createZoneClock(zone);
    const around = (text: string) =>
      fc.integer({ min: wall(text) - 200_000, max: wall(text) + 200_000 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer({
            min: wall('2000-01-01T00:00') / 1000,
            max: wall('2060-01-01T00:00') / 1000,
          }),
          ...['2026-03-29T02:00', '2026-10-25T02:00', '2026-04-05T02:00', '2011-12-30T00:00'].map(
            (text) => around(text).map((ms) => Math.floor(ms / 1000)),
          ),
          // Full and half hours, for the clock is set at such.
          ...['2026-03-29T02:00', '2026-10-25T02:00', '2026-04-05T02:00', '2026-02-15T02:00'].map(
            (text) =>
              fc.integer({ min: -48, max: 48 }).map((half) => wall(text) / 1000 + half * 1800),
          ),
        ),
        fc.constantFrom('earlier' as const, 'later' as const),
        (seconds, disambiguation) => {
          const plain = Temporal.Instant.fromEpochMilliseconds(seconds * 1000)
            .toZonedDateTimeISO('UTC')
            .toPlainDateTime();
          const compatible = plain.toZonedDateTime(zone, { disambiguation: 'compatible' });
          const exists = compatible.toPlainDateTime().equals(plain);
          const expected = plain.toZonedDateTime(zone, {
            disambiguation: exists ? disambiguation : 'compatible',
          });
          const reading = clock.read(seconds * 1000, disambiguation);
          expect(reading.epochMs).toBe(expected.epochMilliseconds);
          expect(reading.occurs === 'skipped').toBe(!exists);
          if (exists) expect(clock.wallMsAt(reading.epochMs)).toBe(seconds * 1000);
        },
      ),
      { numRuns: 300 },
    );
  });
});
