import { Temporal } from 'temporal-polyfill';
import { DomainError } from '../errors.ts';

/** Which of the two is meant where the clock is set back and a time occurs twice. */
export const disambiguations = ['earlier', 'later'] as const;
export type Disambiguation = (typeof disambiguations)[number];

/** Temporal also takes offsets and whole timestamps for a zone; neither follows the rules of a place. */
const zoneName = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/;

/** The zone's name as the database spells it. @throws DomainError `invalid` for the field. */
export function resolveZone(zone: string, field = 'window.zone'): string {
  try {
    if (zoneName.test(zone)) {
      return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone).timeZoneId;
    }
  } catch (cause) {
    throw unknownZone(zone, field, cause);
  }
  throw unknownZone(zone, field);
}

function unknownZone(zone: string, field: string, cause?: unknown): DomainError {
  return new DomainError('invalid', `There is no time zone "${zone}".`, {
    code: 'invalid-window',
    complaints: [
      {
        field,
        message: `"${zone}" is not in the IANA time zone database; use a name such as Europe/Madrid`,
      },
    ],
    cause,
  });
}

/**
 * The instant of a wall-clock time in a zone, or what is wrong with it: it is not in the calendar, the
 * clock skips it, or it occurs twice and nobody said which is meant.
 */
export function resolveWallClock(
  text: string,
  zone: string,
  disambiguation: Disambiguation | undefined,
): Temporal.ZonedDateTime | string {
  let plain: Temporal.PlainDateTime;
  try {
    plain = Temporal.PlainDateTime.from(text.replace(' ', 'T'), { overflow: 'reject' });
  } catch {
    return `${text} is not a date and time of the calendar`;
  }
  const earlier = plain.toZonedDateTime(zone, { disambiguation: 'earlier' });
  const later = plain.toZonedDateTime(zone, { disambiguation: 'later' });
  if (Temporal.ZonedDateTime.compare(earlier, later) === 0) return earlier;
  if (!earlier.toPlainDateTime().equals(plain)) {
    return `${text} does not exist in ${zone}: ${describeJump(earlier)}`;
  }
  if (disambiguation !== undefined) return disambiguation === 'earlier' ? earlier : later;
  return `${text} occurs twice in ${zone}, at ${earlier.offset} and at ${later.offset}: say which by "disambiguation: earlier" or "disambiguation: later"`;
}

/** What the clock does after an instant that is shortly before it is set forward, and the way out. */
function describeJump(before: Temporal.ZonedDateTime): string {
  const after = before.getTimeZoneTransition('next');
  if (after === null) return 'the clock skips it; use an earlier or a later time';
  const [lands, date] = [after.toPlainDateTime(), after.toPlainDate()];
  const jumps = after
    .toInstant()
    .toZonedDateTimeISO('UTC')
    .add({ nanoseconds: before.offsetNanoseconds })
    .toPlainDateTime();
  const minute = { smallestUnit: 'minute' } as const;
  const from = jumps.toPlainDate().equals(date)
    ? `on ${date.toString()} the clock jumps from ${jumps.toPlainTime().toString(minute)} to ${lands.toPlainTime().toString(minute)}`
    : `the clock jumps from ${jumps.toString(minute)} to ${lands.toString(minute)}`;
  const last = jumps.subtract({ minutes: 1 });
  return `${from}; use ${last.toString(minute)} or earlier, or ${lands.toString(minute)} or later`;
}
