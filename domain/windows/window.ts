import { Temporal } from 'temporal-polyfill';
import * as z from 'zod';
import { DomainError, type Complaint } from '../errors.ts';

const wallClockSchema = z
  .string()
  .regex(
    /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?$/,
    'use wall-clock time of the zone such as 2026-11-25T02:00, without offset or "Z"',
  );

/** A window as people ask for it: wall-clock times of a zone. */
export const windowRequestSchema = z.strictObject({
  start: wallClockSchema,
  end: wallClockSchema,
  /** Nothing may begin later, though what has begun may go on until the end. Default: the end. */
  latestStart: wallClockSchema.optional(),
  zone: z.string().min(1).max(100),
  /** Which of the two is meant where the clock is set back and a time occurs twice. */
  disambiguation: z.enum(['earlier', 'later']).optional(),
});
export type WindowRequest = z.output<typeof windowRequestSchema>;

/** A window with its instants: ISO 8601 in UTC. */
export interface ResolvedWindow {
  readonly opensAt: string;
  readonly latestStartAt: string;
  readonly closesAt: string;
  readonly zone: string;
}

/** A window that is longer is a project, not an intervention. */
export const longestWindowDays = 31;

/**
 * The instants of a window by the rules of its zone, half-open: at its end it is closed.
 * @throws DomainError `invalid` with a complaint for each time that does not exist in the zone, occurs
 * twice without `disambiguation`, or is out of order; the field's path begins with `window`.
 */
export function resolveWindow(request: WindowRequest): ResolvedWindow {
  const complaints: Complaint[] = [];
  const zone = resolveZone(request.zone);
  const resolve = (field: 'start' | 'end' | 'latestStart'): Temporal.ZonedDateTime | undefined => {
    const text = request[field];
    if (text === undefined) return undefined;
    const resolved = resolveWallClock(text, zone, request.disambiguation);
    if (typeof resolved !== 'string') return resolved;
    complaints.push({ field: `window.${field}`, message: resolved });
    return undefined;
  };
  const start = resolve('start');
  const end = resolve('end');
  const latestStart = resolve('latestStart') ?? end;
  if (complaints.length === 0 && start !== undefined && end !== undefined) {
    const before = (a: Temporal.ZonedDateTime, b: Temporal.ZonedDateTime): boolean =>
      Temporal.ZonedDateTime.compare(a, b) < 0;
    if (!before(start, end)) {
      complaints.push({
        field: 'window.end',
        message: `${request.end} is not after the start, ${request.start}`,
      });
    } else if (before(start.add({ days: longestWindowDays }), end)) {
      complaints.push({
        field: 'window.end',
        message: `the window is longer than ${longestWindowDays} days; split the change`,
      });
    }
    if (latestStart !== undefined && (before(latestStart, start) || before(end, latestStart))) {
      complaints.push({
        field: 'window.latestStart',
        message: `${request.latestStart ?? request.end} is not between start and end`,
      });
    }
  }
  if (complaints.length > 0 || start === undefined || end === undefined) throw invalid(complaints);
  return {
    opensAt: start.toInstant().toString(),
    latestStartAt: (latestStart ?? end).toInstant().toString(),
    closesAt: end.toInstant().toString(),
    zone: request.zone,
  };
}

/** A window of given instants as a request in its zone: what moving to a free window asks for. */
export function windowRequestOf(
  instants: {
    readonly opensAtMs: number;
    readonly closesAtMs: number;
    readonly latestStartAtMs?: number;
  },
  zone: string,
): WindowRequest {
  const wall = (epochMs: number): { text: string; again: boolean } => {
    const zoned = Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(
      resolveZone(zone),
    );
    const plain = zoned.toPlainDateTime();
    const earlier = plain.toZonedDateTime(zone, { disambiguation: 'earlier' });
    return {
      text: plain.toString({ smallestUnit: 'second' }),
      again: !earlier.toInstant().equals(zoned.toInstant()),
    };
  };
  const start = wall(instants.opensAtMs);
  const end = wall(instants.closesAtMs);
  return {
    start: start.text,
    end: end.text,
    ...(instants.latestStartAtMs === undefined
      ? {}
      : { latestStart: wall(instants.latestStartAtMs).text }),
    zone,
    disambiguation: start.again || end.again ? 'later' : 'earlier',
  };
}

/** `2026-11-25 02:00–04:00 Europe/Madrid (01:00–03:00 UTC)`. */
export function formatWindow({ opensAt, closesAt, zone }: ResolvedWindow): string {
  const between = (inZone: string): [from: string, to: string] => {
    const from = Temporal.Instant.from(opensAt).toZonedDateTimeISO(inZone);
    const to = Temporal.Instant.from(closesAt).toZonedDateTimeISO(inZone);
    const minute = (at: Temporal.ZonedDateTime): string =>
      at.toPlainTime().toString({ smallestUnit: 'minute' });
    const sameDay = from.toPlainDate().equals(to.toPlainDate());
    return [
      `${from.toPlainDate().toString()} ${minute(from)}`,
      sameDay ? minute(to) : `${to.toPlainDate().toString()} ${minute(to)}`,
    ];
  };
  const [from, to] = between(zone);
  const [utcFrom, utcTo] = between('UTC');
  return `${from}–${to} ${zone} (${utcFrom.slice(11)}–${utcTo.slice(-5)} UTC)`;
}

function resolveZone(zone: string): string {
  try {
    return Temporal.Now.zonedDateTimeISO(zone).timeZoneId;
  } catch (cause) {
    throw new DomainError('invalid', `There is no time zone "${zone}".`, {
      code: 'invalid-window',
      complaints: [
        {
          field: 'window.zone',
          message: `"${zone}" is not in the IANA time zone database; use a name such as Europe/Madrid`,
        },
      ],
      cause,
    });
  }
}

/** The instant of a wall-clock time, or the complaint about it. */
function resolveWallClock(
  text: string,
  zone: string,
  disambiguation: WindowRequest['disambiguation'],
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
    const minute = (at: Temporal.ZonedDateTime): string =>
      at.toPlainDateTime().toString({ smallestUnit: 'minute' });
    return `${text} does not exist in ${zone}: the clock is set forward then; use ${minute(earlier)} or ${minute(later)}`;
  }
  if (disambiguation === undefined) {
    return `${text} occurs twice in ${zone}, at ${earlier.offset} and at ${later.offset}: say which by "disambiguation: earlier" or "disambiguation: later"`;
  }
  return disambiguation === 'earlier' ? earlier : later;
}

function invalid(complaints: readonly Complaint[]): DomainError {
  return new DomainError('invalid', 'The window cannot be resolved.', {
    code: 'invalid-window',
    complaints,
  });
}
