import type { Occurrence } from './occurrence.ts';
import { createOccurrences, type Occurrences } from './recurrence.ts';
import { needSites, resolveSiteWindows, type Site } from './site-windows.ts';
import { resolveZone } from './wall-clock.ts';
import { resolveWindow, type ResolvedWindow, type WindowRequest } from './window.ts';
import type { StartableWindow, WindowInstants } from './window-rules.ts';

/** One window that a request stands for, before it is cut into its parts. */
export interface SeriesWindow extends WindowInstants {
  readonly zone: string;
  readonly perDatacentre: boolean;
  /** One for each datacentre; one that is the window itself where the request is not per datacentre. */
  readonly sites: readonly SeriesSite[];
  /** Which one of a series; missing where it does not come again. */
  readonly occurrence?: { readonly start: string; readonly note?: string };
}

export interface SeriesSite extends StartableWindow {
  /** Missing where the window is not per datacentre. */
  readonly datacentre?: string;
  readonly zone: string;
}

type Times = Omit<WindowRequest, 'zone' | 'recurrence' | 'perDatacentre'>;

/** Further apart than that, no two zones read the same wall clock. */
const zonesApartMs = 2 * 86_400_000;

/**
 * The windows that a request stands for, in order: one, or those of its series that open at `afterMs` or
 * later. Where each datacentre has its own, only what every one of them has: a series may leave a night out
 * in a zone whose clock skips it. @throws DomainError `invalid`; fields begin with `window.`.
 */
export function* windowsFrom(
  request: WindowRequest,
  { afterMs, datacentres }: { readonly afterMs: number; readonly datacentres: readonly Site[] },
): Generator<SeriesWindow, void, undefined> {
  const { recurrence, perDatacentre, ...single } = request;
  const zone = resolveZone(request.zone);
  if (recurrence === undefined) {
    const sites =
      perDatacentre === true
        ? resolveSiteWindows(single, datacentres).map(({ datacentre, window }) => ({
            datacentre,
            ...instantsOf(window),
          }))
        : [instantsOf(resolveWindow(single))];
    yield { ...hullOf(sites), zone, perDatacentre: perDatacentre === true, sites };
    return;
  }
  const seriesIn = (timeZone: string): Occurrences =>
    createOccurrences({ ...timesOf(single), recurrence, zone: timeZone, path: 'window.' });
  if (perDatacentre === true) needSites(datacentres);
  const found =
    perDatacentre === true
      ? siteSeries(seriesIn, datacentres, afterMs)
      : plainSeries(seriesIn(zone), zone, afterMs);
  for (const { occurrence, sites } of found) {
    const hull = hullOf(sites);
    if (hull.opensAtMs < afterMs) continue;
    const { start, note } = occurrence;
    yield {
      ...hull,
      zone,
      perDatacentre: perDatacentre === true,
      sites,
      occurrence: { start, ...(note === undefined ? {} : { note }) },
    };
  }
}

interface Found {
  readonly occurrence: Occurrence;
  readonly sites: readonly SeriesSite[];
}

function* plainSeries(
  { between }: Occurrences,
  zone: string,
  afterMs: number,
): Generator<Found, void, undefined> {
  for (const occurrence of between(afterMs, Infinity)) {
    yield { occurrence, sites: [{ ...startable(occurrence), zone }] };
  }
}

/** From the earliest opening to the latest close. */
function hullOf(windows: readonly WindowInstants[]): WindowInstants {
  return {
    opensAtMs: Math.min(...windows.map(({ opensAtMs }) => opensAtMs)),
    closesAtMs: Math.max(...windows.map(({ closesAtMs }) => closesAtMs)),
  };
}

/** What starts, by the wall clock, at the same time in every datacentre. */
function* siteSeries(
  seriesIn: (timeZone: string) => Occurrences,
  datacentres: readonly Site[],
  afterMs: number,
): Generator<Found, void, undefined> {
  const series = new Map<string, Occurrences>();
  for (const { timeZone } of datacentres) {
    if (!series.has(timeZone)) series.set(timeZone, seriesIn(timeZone));
  }
  const [first] = series.values();
  if (first === undefined) return;
  for (const occurrence of first.between(afterMs - zonesApartMs, Infinity)) {
    const { start, opensAtMs } = occurrence;
    const near = [opensAtMs - zonesApartMs, opensAtMs + zonesApartMs] as const;
    const found = new Map(
      Array.from(series, ([timeZone, { between }]) => [
        timeZone,
        Array.from(between(...near)).find((one) => one.start === start),
      ]),
    );
    const sites = datacentres.flatMap(({ id, timeZone }) => {
      const own = found.get(timeZone);
      return own === undefined ? [] : [{ ...startable(own), datacentre: id, zone: timeZone }];
    });
    if (sites.length === datacentres.length) yield { occurrence, sites };
  }
}

function timesOf({ start, end, latestStart, disambiguation }: Times): Times {
  return { start, end, latestStart, disambiguation };
}

function instantsOf(window: ResolvedWindow): SeriesSite {
  return {
    zone: window.zone,
    opensAtMs: Date.parse(window.opensAt),
    latestStartAtMs: Date.parse(window.latestStartAt),
    closesAtMs: Date.parse(window.closesAt),
  };
}

function startable({ opensAtMs, latestStartAtMs, closesAtMs }: StartableWindow): StartableWindow {
  return { opensAtMs, latestStartAtMs, closesAtMs };
}
