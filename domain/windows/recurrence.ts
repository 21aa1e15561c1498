import * as z from 'zod';
import { makeRoom, resolveOccurrence, type Candidate, type Occurrence } from './occurrence.ts';
import { checkStarts, invalidRecurrence, readExceptions, readTimes } from './recurrence-checks.ts';
import { readRecurrenceRule, type RecurrenceRule } from './recurrence-rule.ts';
import { resolveZone, type Disambiguation } from './wall-clock.ts';
import { longestWindowDays } from './window-rules.ts';
import { createZoneClock, longestJumpMs } from './zone-clock.ts';

/** When a window comes again, by RFC 5545. Its DTSTART is the window's start. */
export const recurrenceSchema = z.strictObject({
  /** The value of an RRULE, such as `FREQ=WEEKLY;BYDAY=TU,TH;COUNT=10`. */
  rule: z.string().min(1).max(500),
  /** EXDATE: starts to leave out, or days on which nothing starts, in wall-clock time of the zone. */
  except: z
    .array(
      z
        .string()
        .regex(
          /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:[0-5]\d)?)?$/,
          'use a day such as 2026-12-24, or the start of a window such as 2026-12-24T02:00',
        ),
    )
    .max(1000)
    .optional(),
});
export type Recurrence = z.output<typeof recurrenceSchema>;

/** The windows of a series, never overlapping, in order; by the rules of the zone's clock. */
export interface Occurrences {
  /** Those with time in [fromMs, toMs), found as they are asked for. */
  readonly between: (fromMs: number, toMs: number) => Generator<Occurrence, void, undefined>;
  /** At most `count` of those that open at `afterMs` or later; fewer where the series ends. */
  readonly next: (afterMs: number, count: number) => Occurrence[];
}

export interface OccurrencesInput {
  /** Wall-clock times of the zone, as in a WindowRequest. */
  readonly start: string;
  readonly end: string;
  readonly latestStart?: string | undefined;
  readonly zone: string;
  readonly disambiguation?: Disambiguation | undefined;
  readonly recurrence: Recurrence;
  /** Goes before the fields of complaints, such as `window.`; default nothing. */
  readonly path?: string;
  /** The longest that a window may be. */
  readonly longestDays?: number;
}

const dayMs = 86_400_000;
/** No series goes on longer: where every search ends, also that for what a rule never gives. */
const longestSeriesYears = 30;
const longestSeriesMs = longestSeriesYears * 365.25 * dayMs;
/** Further than that, no instant is from its wall-clock time, even when that is moved. */
const slackMs = 3 * longestJumpMs;

/**
 * The windows of a series. Start, latest start and end are wall-clock times of the zone: 01:00 to 05:00
 * lasts 3 h in the night in which the clock is set forward and 5 h in the one in which it is set back.
 *
 * A time that is skipped is later by the length of the jump (RFC 5545: 02:30 becomes 03:30); an end that
 * would then not be after the start is later by as much. A time that occurs twice is the earlier one, for
 * start and end, unless `disambiguation` says `later`, as it does for a single window. Where windows meet
 * because of that, the one whose start was moved is left out, or the end that was moved is cut back.
 *
 * The start itself is the first window only if the rule gives it. A series ends after 30 years.
 *
 * @throws DomainError `invalid` for `start`, `end`, `latestStart`, `recurrence.rule`, `recurrence.except[i]`.
 */
export function createOccurrences(input: OccurrencesInput): Occurrences {
  const { path = '', longestDays = longestWindowDays, recurrence, disambiguation } = input;
  const clock = createZoneClock(resolveZone(input.zone, `${path}zone`));
  const { startMs, lengthMs, latestStartOffsetMs } = readTimes(input, { path, longestDays });
  const rule = readRule(recurrence.rule, startMs, path);
  const isExcepted = readExceptions(recurrence.except ?? [], `${path}recurrence.except`);
  const endMs = endOf(rule, startMs, path);

  function* spansFrom(fromMs: number, toMs = Infinity): Generator<Span, void, undefined> {
    const untilMs = rule.untilEpochMs;
    const isInTime = (wallMs: number): boolean =>
      untilMs === undefined || clock.read(wallMs, disambiguation).epochMs <= untilMs;
    const bounds = [Math.max(fromMs, startMs), Math.min(toMs, endMs)] as const;
    for (const span of spansOf(rule, ...bounds, path)) {
      const starts = span.starts.filter(isInTime);
      yield { starts, toMs: span.toMs };
      if (starts.length < span.starts.length) return;
    }
  }
  checkStarts({ spans: spansFrom(startMs), startMs, lengthMs, isExcepted, path });

  /** Those that close after `fromMs` and start, by the wall clock, before `toWallMs`. */
  function* occurrences(fromMs: number, toWallMs?: number): Generator<Occurrence, void, undefined> {
    let held: Candidate[] = [];
    const release = function* (isSettled: (window: Occurrence) => boolean) {
      const settled = held.map(({ window }) => window).filter(isSettled);
      held = held.filter(({ window }) => !isSettled(window));
      settled.sort((a, b) => a.opensAtMs - b.opensAtMs);
      yield* settled.filter(({ closesAtMs }) => closesAtMs > fromMs);
    };
    const firstWallMs = fromMs - lengthMs - slackMs;
    for (const { starts, toMs } of spansFrom(firstWallMs, toWallMs)) {
      for (const wallMs of starts) {
        if (isExcepted(wallMs)) continue;
        const times = { wallMs, lengthMs, latestStartOffsetMs, disambiguation };
        const next = resolveOccurrence(times, clock);
        held = makeRoom(held, next);
        // One that was moved may lie after what the rule gives after it.
        if (!next.moved) yield* release((window) => window.closesAtMs <= next.window.opensAtMs);
        held.push(next);
      }
      yield* release(({ closesAtMs }) => closesAtMs + slackMs < toMs);
    }
    yield* release(() => true);
  }

  return {
    *between(fromMs, toMs) {
      // What opens later may still cut back, or drive out, what opens before.
      const toWallMs = toMs + lengthMs + slackMs;
      for (const occurrence of occurrences(fromMs, toWallMs)) {
        if (occurrence.opensAtMs >= toMs) return;
        yield occurrence;
      }
    },
    next(afterMs, count) {
      const found: Occurrence[] = [];
      if (count <= 0) return found;
      for (const occurrence of occurrences(afterMs)) {
        if (occurrence.opensAtMs >= afterMs) found.push(occurrence);
        if (found.length >= count) break;
      }
      return found;
    },
  };
}

function readRule(text: string, startMs: number, path: string): RecurrenceRule {
  const rule = readRecurrenceRule(text, startMs);
  if (typeof rule !== 'string') return rule;
  throw invalidRecurrence([{ field: `${path}recurrence.rule`, message: rule }]);
}

/** The rule's starts up to a wall-clock time. */
interface Span {
  readonly starts: readonly number[];
  readonly toMs: number;
}

/** Where COUNT, or the longest series, ends a rule: just after its last start. */
function endOf(rule: RecurrenceRule, startMs: number, path: string): number {
  const endMs = startMs + longestSeriesMs;
  if (rule.count === undefined) return endMs;
  let missing = rule.count;
  for (const { starts } of spansOf(rule, startMs, endMs, path)) {
    const last = starts[missing - 1];
    if (last !== undefined) return last + 1;
    missing -= starts.length;
  }
  return endMs;
}

/** Short spans where the rule gives much, ever longer ones where it gives little: both are found fast. */
function* spansOf(
  rule: RecurrenceRule,
  fromMs: number,
  endMs: number,
  path: string,
): Generator<Span, void, undefined> {
  let spanMs = 32 * dayMs;
  while (fromMs < endMs) {
    const toMs = Math.min(fromMs + spanMs, endMs);
    let starts: number[];
    try {
      starts = rule.between(fromMs, toMs);
    } catch (cause) {
      const message = 'finding the times of the rule takes too long; use a simpler rule';
      throw invalidRecurrence([{ field: `${path}recurrence.rule`, message }], cause);
    }
    yield { starts, toMs };
    if (starts.length < 128) spanMs *= 2;
    if (starts.length > 512) spanMs /= 2;
    fromMs = toMs;
  }
}
