import { Temporal } from 'temporal-polyfill';
import type { Disambiguation } from './wall-clock.ts';

/** What the clock of a zone makes of a wall-clock time. */
export interface ClockReading {
  readonly epochMs: number;
  /** `skipped`: the clock is set forward over it. `twice`: the clock is set back over it. */
  readonly occurs: 'once' | 'skipped' | 'twice';
}

/**
 * Wall-clock times of a zone to instants and back. Wall-clock times are numbers: the milliseconds that UTC
 * would have at that time, so that they can be added up and compared without a calendar.
 */
export interface ZoneClock {
  /**
   * RFC 5545, section 3.3.5: a time that is skipped is read by the offset before the clock is set forward
   * (02:30 becomes 03:30). One that occurs twice is the earlier one, unless `later` is asked for.
   */
  readonly read: (wallMs: number, disambiguation?: Disambiguation) => ClockReading;
  readonly wallMsAt: (epochMs: number) => number;
}

/** No zone ever jumped further than a day (Pacific/Apia skipped 30 December 2011). */
export const longestJumpMs = 25 * 3_600_000;

/** The time between two changes of the clock, in which an instant is the wall-clock time less the offset. */
interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly offsetMs: number;
}

/** Of `2026-11-25T02:00`, also with seconds or a blank for the T; undefined where it is not in the calendar. */
export function wallMsOf(text: string): number | undefined {
  try {
    const plain = Temporal.PlainDateTime.from(text.replace(' ', 'T'), { overflow: 'reject' });
    return plain.toZonedDateTime('UTC').epochMilliseconds;
  } catch {
    return undefined;
  }
}

/** `2026-11-25T02:00`, with seconds where there are some. */
export function wallTextOf(wallMs: number): string {
  const text = new Date(wallMs).toISOString();
  return text.slice(0, text.endsWith(':00.000Z') ? -8 : -5);
}

/** `zone` as resolveZone spells it. Remembers one stretch: ask for times in order and it is fast. */
export function createZoneClock(zone: string): ZoneClock {
  let stretch = stretchAround(0, zone);
  /** How far inside the stretch an instant lies; negative outside. */
  const depthMs = (epochMs: number): number =>
    Math.min(epochMs - stretch.fromMs, stretch.toMs - epochMs);
  return {
    read: (wallMs, disambiguation = 'earlier') => {
      if (depthMs(wallMs - stretch.offsetMs) < -longestJumpMs)
        stretch = stretchAround(wallMs, zone);
      const epochMs = wallMs - stretch.offsetMs;
      return depthMs(epochMs) > longestJumpMs
        ? { epochMs, occurs: 'once' }
        : readByRules(wallMs, zone, disambiguation);
    },
    wallMsAt: (epochMs) => epochMs + offsetMsOf(zonedOf(epochMs, zone)),
  };
}

function stretchAround(epochMs: number, zone: string): Stretch {
  const zoned = zonedOf(epochMs, zone);
  return {
    // "previous" passes over a change at the instant itself, which begins this stretch.
    fromMs:
      zonedOf(epochMs + 1, zone).getTimeZoneTransition('previous')?.epochMilliseconds ?? -Infinity,
    toMs: zoned.getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity,
    offsetMs: offsetMsOf(zoned),
  };
}

function readByRules(wallMs: number, zone: string, disambiguation: Disambiguation): ClockReading {
  const plain = zonedOf(wallMs, 'UTC').toPlainDateTime();
  const earlier = plain.toZonedDateTime(zone, { disambiguation: 'earlier' });
  const later = plain.toZonedDateTime(zone, { disambiguation: 'later' });
  if (earlier.epochMilliseconds === later.epochMilliseconds) {
    return { epochMs: earlier.epochMilliseconds, occurs: 'once' };
  }
  // Of a time that is skipped, Temporal's "later" is the one by the offset before the jump.
  if (!earlier.toPlainDateTime().equals(plain)) {
    return { epochMs: later.epochMilliseconds, occurs: 'skipped' };
  }
  const meant = disambiguation === 'earlier' ? earlier : later;
  return { epochMs: meant.epochMilliseconds, occurs: 'twice' };
}

function zonedOf(epochMs: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(zone);
}

function offsetMsOf(zoned: Temporal.ZonedDateTime): number {
  return zoned.offsetNanoseconds / 1_000_000;
}
