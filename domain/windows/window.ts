import { Temporal } from 'temporal-polyfill';
import * as z from 'zod';
import { DomainError, type Complaint } from '../errors.ts';
import { windowPartsSchema } from './parts.ts';
import { recurrenceSchema } from './recurrence.ts';
import { disambiguations, resolveWallClock, resolveZone } from './wall-clock.ts';
import { longestWindowDays } from './window-rules.ts';

/** A date and time as the clock on the wall shows it. */
export const wallClockSchema = z.string().regex(
  // Seconds to 59: the calendar would take a leap second for the second before it.
  /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:[0-5]\d)?$/,
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
  disambiguation: z.enum(disambiguations).optional(),
  ...windowPartsSchema.shape,
  /** It comes again: the first window that opens after the request counts, then the next one. */
  recurrence: recurrenceSchema.optional(),
  /** The same times by the clock of each datacentre's own zone; `zone` is what the whole is shown in. */
  perDatacentre: z.literal(true).optional(),
});
export type WindowRequest = z.output<typeof windowRequestSchema>;

/** A window with its instants: ISO 8601 in UTC. Definitions stored before there were parts lack those. */
export interface ResolvedWindow {
  readonly opensAt: string;
  readonly latestStartAt: string;
  readonly closesAt: string;
  readonly zone: string;
  /** When the preparation ends and work may begin; missing: as it opens. */
  readonly workFrom?: string;
  /** When the rollback reserve begins; missing: as it closes. */
  readonly workUntil?: string;
  /** Which one of a series it is. */
  readonly occurrence?: {
    /** By the wall clock: what `except` takes to leave it out. */
    readonly start: string;
    /** What the clock, set forward or back, does to it. */
    readonly note?: string;
  };
  /** Each datacentre's own, in the order of the request; the window itself is their hull. */
  readonly sites?: readonly SiteWindow[];
}

/** The window of one datacentre, in its own zone. */
export interface SiteWindow {
  readonly datacentre: string;
  readonly zone: string;
  readonly opensAt: string;
  readonly workFrom: string;
  readonly latestStartAt: string;
  readonly workUntil: string;
  readonly closesAt: string;
}

/**
 * The instants of a window by the rules of its zone, half-open: at its end it is closed. Parts, recurrence
 * and datacentres are left to resolveChangeWindow.
 * @throws DomainError `invalid` with a complaint for each time that does not exist in the zone, occurs
 * twice without `disambiguation`, or is out of order; the field's path begins with `window.`, or `path`.
 */
export function resolveWindow(
  request: WindowRequest,
  { path = 'window.', longestDays = longestWindowDays } = {},
): ResolvedWindow {
  const complaints: Complaint[] = [];
  const zone = resolveZone(request.zone, `${path}zone`);
  const resolve = (field: 'start' | 'end' | 'latestStart'): Temporal.ZonedDateTime | undefined => {
    const text = request[field];
    if (text === undefined) return undefined;
    const resolved = resolveWallClock(text, zone, request.disambiguation);
    if (typeof resolved !== 'string') return resolved;
    complaints.push({ field: `${path}${field}`, message: resolved });
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
        field: `${path}end`,
        message: `${request.end} is not after the start, ${request.start}`,
      });
    } else if (before(start.add({ days: longestDays }), end)) {
      complaints.push({
        field: `${path}end`,
        message: `the window is longer than ${longestDays} days; make it shorter or split it`,
      });
    }
    if (request.latestStart !== undefined && latestStart !== undefined) {
      if (before(latestStart, start) || before(end, latestStart)) {
        complaints.push({
          field: `${path}latestStart`,
          message: `${request.latestStart} is not between start and end`,
        });
      }
    }
  }
  if (complaints.length > 0 || start === undefined || end === undefined) throw invalid(complaints);
  return {
    opensAt: start.toInstant().toString(),
    latestStartAt: (latestStart ?? end).toInstant().toString(),
    closesAt: end.toInstant().toString(),
    zone,
  };
}

/**
 * A window of given instants as a request in its zone: what moving to a free window asks for. Resolved, it
 * gives the same instants, without fractions of a second.
 */
export function windowRequestOf(
  instants: {
    readonly opensAtMs: number;
    readonly closesAtMs: number;
    readonly latestStartAtMs?: number;
  },
  zone: string,
): WindowRequest {
  const zoneId = resolveZone(zone);
  const { opensAtMs, closesAtMs, latestStartAtMs } = instants;
  const wall = (epochMs: number): string =>
    zonedOf(epochMs, zoneId).toPlainDateTime().toString({ smallestUnit: 'second' });
  const asked = {
    start: wall(opensAtMs),
    end: wall(closesAtMs),
    ...(latestStartAtMs === undefined ? {} : { latestStart: wall(latestStartAtMs) }),
    zone: zoneId,
  };
  const times = [opensAtMs, closesAtMs, latestStartAtMs ?? closesAtMs];
  const disambiguation = disambiguations.find((which) =>
    times.every((epochMs) => {
      const zoned = zonedOf(epochMs, zoneId).round({
        smallestUnit: 'second',
        roundingMode: 'trunc',
      });
      return zoned
        .toPlainDateTime()
        .toZonedDateTime(zoneId, { disambiguation: which })
        .equals(zoned);
    }),
  );
  // From the first 02:30 of a night to the second there is no saying in the zone: no word fits both.
  return disambiguation === undefined
    ? windowRequestOf(instants, 'UTC')
    : { ...asked, disambiguation };
}

/** `2026-11-25 02:00–04:00 Europe/Madrid (01:00–03:00 UTC)`; UTC has dates where they are others. */
export function formatWindow({ opensAt, closesAt, zone }: ResolvedWindow): string {
  const ends = (inZone: string) =>
    [opensAt, closesAt].map((at) => zonedOf(Date.parse(at), inZone).toPlainDateTime());
  const timeOf = (at: Temporal.PlainDateTime): string =>
    at.toPlainTime().toString({ smallestUnit: at.second === 0 ? 'minute' : 'second' });
  const dateOf = (at: Temporal.PlainDateTime): string => at.toPlainDate().toString();
  /** Dates are left out where they are those of the time before. */
  const show = (times: readonly Temporal.PlainDateTime[], before: string[]): string =>
    times
      .map((at, i) => (dateOf(at) === before[i] ? timeOf(at) : `${dateOf(at)} ${timeOf(at)}`))
      .join('–');
  const [local, utc] = [ends(zone), ends('UTC')];
  const [localDates, utcDates] = [local.map(dateOf), utc.map(dateOf)];
  const text = `${show(local, ['', localDates[0] ?? ''])} ${zone}`;
  if (zone === 'UTC') return text;
  const sameDates = localDates.join() === utcDates.join();
  return `${text} (${show(utc, sameDates ? utcDates : ['', utcDates[0] ?? ''])} UTC)`;
}

function zonedOf(epochMs: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(zone);
}

function invalid(complaints: readonly Complaint[]): DomainError {
  return new DomainError('invalid', 'The window cannot be resolved.', {
    code: 'invalid-window',
    complaints,
  });
}
