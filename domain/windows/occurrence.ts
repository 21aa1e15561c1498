import type { Disambiguation } from './wall-clock.ts';
import { overlaps, type StartableWindow } from './window-rules.ts';
import { wallTextOf, type ClockReading, type ZoneClock } from './zone-clock.ts';

/** One window of a series. */
export interface Occurrence extends StartableWindow {
  /** Its start as the rule gives it, in wall-clock time: what `except` takes to leave it out. */
  readonly start: string;
  /** What the clock, set forward or back, does to this window. */
  readonly note?: string;
}

/** An occurrence that may have to make room for the next. */
export interface Candidate {
  readonly window: Occurrence;
  /** The clock skips its start. */
  readonly moved: boolean;
}

/** The wall-clock times of an occurrence: its start, and what follows it. */
export interface OccurrenceTimes {
  readonly wallMs: number;
  readonly lengthMs: number;
  readonly latestStartOffsetMs: number;
  readonly disambiguation: Disambiguation | undefined;
}

/** The instants of an occurrence by the clock of its zone; see createOccurrences for the rules. */
export function resolveOccurrence(times: OccurrenceTimes, clock: ZoneClock): Candidate {
  const { wallMs, lengthMs } = times;
  const read = (offsetMs: number): ClockReading =>
    clock.read(wallMs + offsetMs, times.disambiguation);
  const [start, latestStart, end] = [read(0), read(times.latestStartOffsetMs), read(lengthMs)];
  const opensAtMs = start.epochMs;
  const closesAtMs = end.epochMs > opensAtMs ? end.epochMs : opensAtMs + lengthMs;
  const which = times.disambiguation === 'later' ? 'second' : 'first';
  const notes = [
    noteOnTime('opens', start, wallMs, clock.wallMsAt(opensAtMs), which),
    noteOnTime('closes', end, wallMs + lengthMs, clock.wallMsAt(closesAtMs), which),
    noteOnLength(closesAtMs - opensAtMs, lengthMs),
  ].filter((note) => note !== undefined);
  return {
    window: {
      start: wallTextOf(wallMs),
      opensAtMs,
      latestStartAtMs: Math.min(Math.max(latestStart.epochMs, opensAtMs), closesAtMs),
      closesAtMs,
      ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
    },
    moved: start.occurs === 'skipped',
  };
}

/**
 * Those of the windows before the next one that may stay beside it. Where the clock makes them meet, one
 * that it moved is left out, for the next one stands where it was announced; another is cut back.
 */
export function makeRoom(before: readonly Candidate[], next: Candidate): Candidate[] {
  if (next.moved) return [...before];
  const nextOpensAtMs = next.window.opensAtMs;
  return before.flatMap((candidate) => {
    const { window, moved } = candidate;
    if (!overlaps(window, next.window)) return [candidate];
    if (moved || window.opensAtMs >= nextOpensAtMs) return [];
    const cut = {
      ...window,
      latestStartAtMs: Math.min(window.latestStartAtMs, nextOpensAtMs),
      closesAtMs: nextOpensAtMs,
      note: [
        ...(window.note === undefined ? [] : [window.note]),
        'cut back to the next window',
      ].join('; '),
    };
    return [{ window: cut, moved }];
  });
}

function noteOnTime(
  does: 'opens' | 'closes',
  { occurs }: ClockReading,
  askedMs: number,
  wallMs: number,
  which: 'first' | 'second',
): string | undefined {
  if (occurs === 'twice')
    return `${wallTextOf(askedMs)} occurs twice: it ${does} the ${which} time`;
  if (wallMs === askedMs) return undefined;
  return occurs === 'skipped'
    ? `the clock is set forward over ${wallTextOf(askedMs)}: it ${does} ${wallTextOf(wallMs)}`
    : `its start is moved: it ${does} ${wallTextOf(wallMs)}, not ${wallTextOf(askedMs)}`;
}

function noteOnLength(lastsMs: number, askedMs: number): string | undefined {
  if (lastsMs === askedMs) return undefined;
  const [lasts, asked] = [lastsMs, askedMs].map((ms) => String(ms / 60_000));
  const way = lastsMs < askedMs ? 'forward' : 'back';
  return `the clock is set ${way}: it lasts ${lasts} minutes in place of ${asked}`;
}
