import { DomainError, isDomainError } from '../errors.ts';
import { partsOf, type WindowParts, type WindowPartsRequest } from './parts.ts';
import type { Site } from './site-windows.ts';
import type { ResolvedWindow, SiteWindow, WindowRequest } from './window.ts';
import { windowsFrom, type SeriesSite, type SeriesWindow } from './window-series.ts';
import { wallMsOf } from './zone-clock.ts';

export interface WindowSearch {
  /** Of a series, the first window that opens then or later counts. */
  readonly afterMs: number;
  /** Those of the change, for a window per datacentre. */
  readonly datacentres: readonly Site[];
}

/**
 * The window in which a change is carried out, with its parts; of a series the first that opens at
 * `afterMs` or later and leaves time for work. @throws DomainError `invalid`; fields begin with `window.`.
 */
export function resolveChangeWindow(request: WindowRequest, search: WindowSearch): ResolvedWindow {
  const [window] = take(request, search);
  if (window !== undefined) return window;
  const message = `the series has no window that opens after ${iso(search.afterMs)}; let it go on longer, or begin it later`;
  throw new DomainError('invalid', 'The series of windows is over.', {
    code: 'invalid-window',
    complaints: [{ field: 'window.recurrence.rule', message }],
  });
}

/**
 * Of a series, the first window that opens at `afterMs` or later; undefined where it has ended, or the
 * window does not come again. @throws DomainError as resolveChangeWindow.
 */
export function nextChangeWindow(
  request: WindowRequest,
  search: WindowSearch,
): ResolvedWindow | undefined {
  return request.recurrence === undefined ? undefined : take(request, search)[0];
}

function take(request: WindowRequest, search: WindowSearch): ResolvedWindow[] {
  checkSeriesParts(request);
  for (const window of windowsFrom(request, search)) {
    try {
      return [resolvedWindowOf(window, request)];
    } catch (error) {
      // In a night that the clock cuts short there may be no time for the parts: the next one counts.
      if (window.occurrence === undefined || !isDomainError(error)) throw error;
    }
  }
  return [];
}

/** What a window of the length asked for does not hold, none of a series does. @throws as partsOf. */
export function checkSeriesParts(request: WindowRequest): void {
  const [opensAtMs, closesAtMs] = [wallMsOf(request.start), wallMsOf(request.end)];
  if (request.recurrence === undefined || opensAtMs === undefined) return;
  if (closesAtMs === undefined || opensAtMs >= closesAtMs) return;
  const latestStartAtMs =
    request.latestStart === undefined ? undefined : wallMsOf(request.latestStart);
  partsOf({ opensAtMs, closesAtMs, latestStartAtMs }, request, 'window.');
}

/** A window with its parts. @throws DomainError `invalid` where they leave no time for work. */
export function resolvedWindowOf(window: SeriesWindow, asked: WindowPartsRequest): ResolvedWindow {
  const sites = window.sites.map((site) => ({ site, parts: partsIn(site, asked) }));
  const times = (of: (parts: WindowParts) => number): number[] =>
    sites.map(({ parts }) => of(parts));
  return {
    opensAt: iso(window.opensAtMs),
    workFrom: iso(Math.min(...times(({ work }) => work.opensAtMs))),
    latestStartAt: iso(Math.max(...times(({ work }) => work.latestStartAtMs))),
    workUntil: iso(Math.max(...times(({ work }) => work.closesAtMs))),
    closesAt: iso(window.closesAtMs),
    zone: window.zone,
    ...(window.occurrence === undefined ? {} : { occurrence: window.occurrence }),
    ...(window.perDatacentre
      ? { sites: sites.flatMap(({ site, parts }) => siteWindowOf(site, parts)) }
      : {}),
  };
}

function partsIn(site: SeriesSite, asked: WindowPartsRequest): WindowParts {
  try {
    return partsOf(site, asked, 'window.');
  } catch (error) {
    if (!isDomainError(error) || site.datacentre === undefined) throw error;
    const complaints = error.complaints.map(({ field, message }) => ({
      field,
      message: `in datacentre ${site.datacentre}: ${message}`,
    }));
    throw new DomainError('invalid', error.message, { code: error.code, complaints });
  }
}

function siteWindowOf({ datacentre, zone }: SeriesSite, parts: WindowParts): SiteWindow[] {
  if (datacentre === undefined) return [];
  const { preparation, work, rollbackReserve } = parts;
  return [
    {
      datacentre,
      zone,
      opensAt: iso(preparation.opensAtMs),
      workFrom: iso(work.opensAtMs),
      latestStartAt: iso(work.latestStartAtMs),
      workUntil: iso(work.closesAtMs),
      closesAt: iso(rollbackReserve.closesAtMs),
    },
  ];
}

/** As Temporal writes instants: fractions of a second only where there are some. */
function iso(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('.000Z', 'Z');
}
