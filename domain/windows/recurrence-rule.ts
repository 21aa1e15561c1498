import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';

/** A rule's times as the wall would show them, in milliseconds as ZoneClock counts them. */
export interface RecurrenceRule {
  /**
   * The rule's times in [fromMs, toMs), in order, as if it had no COUNT; none of them lies after an UNTIL
   * of wall-clock time.
   */
  readonly between: (fromMs: number, toMs: number) => number[];
  /** COUNT: for the caller to keep, since the library would count from the start for every question. */
  readonly count: number | undefined;
  /** The instant of an UNTIL that ends in `Z`: only the zone's clock can say whether a time is after it. */
  readonly untilEpochMs: number | undefined;
}

const mostAday = 24;
const dayMs = 86_400_000;
const tooFrequent = new Set(['SECONDLY', 'MINUTELY', 'HOURLY']);

const numbers = (min: number, max: number, signed = false) => ({
  allows: (value: string): boolean =>
    value.split(',').every((item) => {
      if (!(signed ? /^[+-]?\d{1,3}$/ : /^\d{1,3}$/).test(item)) return false;
      const size = Math.abs(Number(item));
      return size >= min && size <= max;
    }),
  means: `numbers from ${min} to ${max}${signed ? ` or -${max} to -${min}` : ''}, separated by commas`,
});
const number = (max: number) => ({
  allows: (value: string): boolean =>
    /^\d{1,6}$/.test(value) && Number(value) >= 1 && Number(value) <= max,
  means: `a whole number from 1 to ${max}`,
});
const words = (pattern: RegExp, means: string) => ({
  allows: (value: string): boolean => pattern.test(value),
  means,
});
const weekday = '(MO|TU|WE|TH|FR|SA|SU)';
const weekdayItem = `([+-]?[1-9]\\d?)?${weekday}`;

/** The library passes over parts and values it does not know, and the rule would mean something else. */
const parts: Readonly<
  Record<string, { readonly allows: (value: string) => boolean; readonly means: string }>
> = {
  FREQ: words(/^(DAILY|WEEKLY|MONTHLY|YEARLY)$/, 'DAILY, WEEKLY, MONTHLY or YEARLY'),
  INTERVAL: number(1000),
  COUNT: number(1000),
  UNTIL: words(
    /^\d{8}(T\d{6}Z?)?$/,
    'a time such as 20261231, 20261231T235959 or 20261231T225959Z',
  ),
  BYSECOND: numbers(0, 59),
  BYMINUTE: numbers(0, 59),
  BYHOUR: numbers(0, 23),
  BYDAY: words(
    new RegExp(`^${weekdayItem}(,${weekdayItem})*$`),
    'weekdays such as TU,TH, or 1MO and -1SU for the first and the last of a month',
  ),
  BYMONTHDAY: numbers(1, 31, true),
  BYYEARDAY: numbers(1, 366, true),
  BYWEEKNO: numbers(1, 53, true),
  BYMONTH: numbers(1, 12),
  BYSETPOS: numbers(1, 366, true),
  WKST: words(new RegExp(`^${weekday}$`), 'a weekday such as MO'),
};

/**
 * Reads a rule of RFC 5545 (the value of an RRULE) whose DTSTART is `startMs`. An UNTIL that is a date
 * includes that day. Returned as text: what is wrong with the rule, and the way out.
 */
export function readRecurrenceRule(text: string, startMs: number): RecurrenceRule | string {
  const rule = text.trim().toUpperCase();
  if (/[:\s]/.test(rule)) {
    return 'give the rule alone, such as FREQ=WEEKLY;BYDAY=TU,TH, without "RRULE:", DTSTART (that is the start of the window) or blanks';
  }
  const given = new Map<string, string>();
  for (const part of rule.split(';')) {
    const equals = part.indexOf('=');
    const [name, value] = [part.slice(0, equals), part.slice(equals + 1)];
    const known = equals > 0 && Object.hasOwn(parts, name) ? parts[name] : undefined;
    if (known === undefined) {
      return `"${part}" is no part of a rule; use ${Object.keys(parts).join(', ')}, each with "=" and a value, separated by ";"`;
    }
    if (given.has(name)) return `${name} is given twice; keep one`;
    if (name === 'FREQ' && tooFrequent.has(value)) {
      return `FREQ=${value} is too frequent for windows; use DAILY, WEEKLY, MONTHLY or YEARLY, with BYHOUR for more than one window a day`;
    }
    if (!known.allows(value)) return `"${value}" is no value of ${name}; use ${known.means}`;
    given.set(name, value);
  }
  if (!given.has('FREQ')) return 'the rule has no FREQ; add one, such as FREQ=WEEKLY';
  if (given.has('COUNT') && given.has('UNTIL')) {
    return 'COUNT and UNTIL exclude each other; keep one';
  }
  const aDay = ['BYHOUR', 'BYMINUTE', 'BYSECOND'].reduce(
    (product, name) => product * new Set((given.get(name) ?? '0').split(',').map(Number)).size,
    1,
  );
  if (aDay > mostAday) {
    return `the rule gives ${aDay} windows a day, more than ${mostAday}; give fewer of BYHOUR, BYMINUTE and BYSECOND`;
  }
  const until = readUntil(given.get('UNTIL'));
  if (typeof until === 'string') return until;
  const count = given.get('COUNT');
  const endless = [...given].filter(([name]) => name !== 'UNTIL' && name !== 'COUNT');
  return build(endless.map(([name, value]) => `${name}=${value}`).join(';'), startMs, {
    ...until,
    count: count === undefined ? undefined : Number(count),
  });
}

interface Until {
  readonly wallMs: number | undefined;
  readonly epochMs: number | undefined;
}

function readUntil(value: string | undefined): Until | string {
  if (value === undefined) return { wallMs: undefined, epochMs: undefined };
  const local = value.replace('Z', '');
  try {
    const plain = Temporal.PlainDateTime.from(local, { overflow: 'reject' });
    const ms = plain.toZonedDateTime('UTC').epochMilliseconds;
    if (value.endsWith('Z')) return { wallMs: undefined, epochMs: ms };
    return { wallMs: local.includes('T') ? ms : ms + dayMs - 1, epochMs: undefined };
  } catch {
    return `"${value}" of UNTIL is not in the calendar`;
  }
}

/** In UTC every time exists, and once: what the zone's clock makes of the times is not the library's matter. */
function build(
  rruleString: string,
  startMs: number,
  end: Until & { readonly count: number | undefined },
): RecurrenceRule | string {
  try {
    const rule = new RRuleTemporal({
      rruleString,
      dtstart: utcOf(startMs),
      tzid: 'UTC',
      strict: true,
      // Enough for each day of the longest series; it ends what would never end.
      maxIterations: 20_000,
      maxCandidateEvaluations: 500_000,
    });
    return {
      between: (fromMs, toMs) => {
        const lastMs = Math.min(toMs - 1, end.wallMs ?? Infinity);
        if (lastMs < fromMs) return [];
        return rule
          .between(utcOf(fromMs), utcOf(lastMs), true)
          .map((time) => time.epochMilliseconds);
      },
      count: end.count,
      untilEpochMs: end.epochMs,
    };
  } catch (error) {
    return `it is not a rule of RFC 5545: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function utcOf(epochMs: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO('UTC');
}
