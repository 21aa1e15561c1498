import { DomainError, type Complaint } from '../errors.ts';
import { wallMsOf, wallTextOf } from './zone-clock.ts';

const dayMs = 86_400_000;
/** So many windows are looked at for overlaps, and so many years: the leap years by weekdays. */
const checkedStarts = 400;
const checkedMs = 28 * 365.25 * dayMs;

/** All that is wrong with a series; fields such as `recurrence.rule`. */
export function invalidRecurrence(complaints: readonly Complaint[], cause?: unknown): DomainError {
  return new DomainError('invalid', 'The recurrence cannot be resolved.', {
    code: 'invalid-recurrence',
    complaints,
    cause,
  });
}

/**
 * The first window of a series in wall-clock milliseconds; unlike a single window's, its times need not
 * exist in the zone. @throws DomainError `invalid` for `start`, `end` or `latestStart`.
 */
export function readTimes(
  times: {
    readonly start: string;
    readonly end: string;
    readonly latestStart?: string | undefined;
  },
  { path, longestDays }: { readonly path: string; readonly longestDays: number },
): { startMs: number; lengthMs: number; latestStartOffsetMs: number } {
  const complaints: Complaint[] = [];
  const complain = (field: keyof typeof times, message: string): void => {
    complaints.push({ field: `${path}${field}`, message });
  };
  const read = (field: keyof typeof times): number | undefined => {
    const text = times[field] ?? times.end;
    const wallMs = wallMsOf(text);
    if (wallMs === undefined) complain(field, `${text} is not a date and time of the calendar`);
    return wallMs;
  };
  const [startMs, endMs] = [read('start'), read('end')];
  const latestStartMs = times.latestStart === undefined ? endMs : read('latestStart');
  if (startMs !== undefined && endMs !== undefined && latestStartMs !== undefined) {
    if (endMs <= startMs) {
      complain('end', `${times.end} is not after the start, ${times.start}`);
    } else if (endMs - startMs > longestDays * dayMs) {
      complain('end', `the window is longer than ${longestDays} days; make it shorter`);
    } else if (latestStartMs < startMs || latestStartMs > endMs) {
      complain('latestStart', `${times.latestStart} is not between start and end`);
    }
    if (complaints.length === 0) {
      return { startMs, lengthMs: endMs - startMs, latestStartOffsetMs: latestStartMs - startMs };
    }
  }
  throw invalidRecurrence(complaints);
}

/** Says whether a start is left out. @throws DomainError `invalid` for what is not in the calendar. */
export function readExceptions(
  except: readonly string[],
  field: string,
): (wallMs: number) => boolean {
  const [days, times] = [new Set<number>(), new Set<number>()];
  const complaints: Complaint[] = [];
  for (const [i, text] of except.entries()) {
    const isDay = text.length === 'YYYY-MM-DD'.length;
    const wallMs = wallMsOf(isDay ? `${text}T00:00` : text);
    if (wallMs === undefined) {
      const message = `${text} is not in the calendar; use a day such as 2026-12-24, or the start of a window such as 2026-12-24T02:00`;
      complaints.push({ field: `${field}[${i}]`, message });
    } else {
      (isDay ? days : times).add(wallMs);
    }
  }
  if (complaints.length > 0) throw invalidRecurrence(complaints);
  return (wallMs) => times.has(wallMs) || days.has(Math.floor(wallMs / dayMs) * dayMs);
}

/**
 * Looks at the first years of a series, given in spans.
 * @throws DomainError `invalid` where it has no window, or windows that overlap the next one.
 */
export function checkStarts(input: {
  readonly spans: Iterable<{ readonly starts: readonly number[]; readonly toMs: number }>;
  readonly startMs: number;
  readonly lengthMs: number;
  readonly isExcepted: (wallMs: number) => boolean;
  readonly path: string;
}): void {
  let [checked, left] = [0, 0];
  let beforeMs = -Infinity;
  for (const { starts, toMs } of input.spans) {
    for (const wallMs of starts) {
      if (wallMs - beforeMs < input.lengthMs) {
        const message = `the window that starts ${wallTextOf(beforeMs)} goes on until ${wallTextOf(beforeMs + input.lengthMs)}, but the next one starts ${wallTextOf(wallMs)}; make the window shorter or the rule less frequent`;
        throw invalidRecurrence([{ field: `${input.path}recurrence.rule`, message }]);
      }
      beforeMs = wallMs;
      checked += 1;
      if (!input.isExcepted(wallMs)) left += 1;
    }
    const isLong = checked >= checkedStarts || toMs - input.startMs >= checkedMs;
    if (isLong && (left > 0 || checked === 0)) break;
  }
  if (checked === 0) {
    const message = `the rule gives no window from ${wallTextOf(input.startMs)} on; mend it (a day that its months do not have, an UNTIL before the start?) or leave the recurrence out`;
    throw invalidRecurrence([{ field: `${input.path}recurrence.rule`, message }]);
  }
  if (left === 0) {
    const message = `all ${checked} windows of the rule are left out; leave out fewer, or the whole recurrence`;
    throw invalidRecurrence([{ field: `${input.path}recurrence.except`, message }]);
  }
}
