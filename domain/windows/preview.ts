import * as z from 'zod';
import { isDomainError } from '../errors.ts';
import { slugSchema } from '../names.ts';
import { checkSeriesParts, resolvedWindowOf } from './change-window.ts';
import type { Site } from './site-windows.ts';
import { formatWindow, windowRequestSchema, type ResolvedWindow } from './window.ts';
import { windowsFrom, type SeriesWindow } from './window-series.ts';

/** A window, and the datacentres it is for where each has its own. */
export const previewRequestSchema = windowRequestSchema.extend({
  datacentres: z.array(slugSchema).max(100).optional(),
});
export type PreviewRequest = z.output<typeof previewRequestSchema>;

/** ISO 8601 in UTC; half-open. */
export interface PreviewPart {
  readonly from: string;
  readonly to: string;
}

export interface WindowPreview {
  /** ISO 8601 in UTC. */
  readonly opensAt: string;
  readonly latestStartAt: string;
  readonly closesAt: string;
  /** In the time of the zone, and of UTC. */
  readonly local: string;
  readonly minutes: number;
  /** Missing where the clock, set forward, leaves no time for work; the note says so. */
  readonly parts?: {
    readonly preparation: PreviewPart;
    readonly work: PreviewPart;
    readonly rollbackReserve: PreviewPart;
  };
  /** Of a series: its start by the wall clock, which `except` takes to leave it out. */
  readonly start?: string;
  /** Each datacentre's own window, where they differ; the window is their hull then. */
  readonly sites?: readonly {
    readonly datacentre: string;
    readonly opensAt: string;
    readonly closesAt: string;
    readonly local: string;
  }[];
  /** What the clock, set forward or back, does to this window. */
  readonly note?: string;
}

/**
 * The next windows, those that open at `afterMs` or later; one at most without recurrence.
 * @throws DomainError `invalid`; fields begin with `window.`.
 */
export function previewWindows(
  request: PreviewRequest,
  { afterMs, count, sites = [] }: PreviewRange,
): WindowPreview[] {
  checkSeriesParts(request);
  const previews: WindowPreview[] = [];
  if (count <= 0) return previews;
  for (const window of windowsFrom(request, { afterMs, datacentres: sites })) {
    if (window.opensAtMs >= afterMs) previews.push(describe(window, request));
    if (previews.length >= count) break;
  }
  return previews;
}

export interface PreviewRange {
  readonly afterMs: number;
  readonly count: number;
  /** The datacentres of the request with their zones; default none. */
  readonly sites?: readonly Site[];
}

function describe(window: SeriesWindow, request: PreviewRequest): WindowPreview {
  const { resolved, problem } = tryParts(window, request);
  const { opensAt, latestStartAt, closesAt, workFrom, workUntil, sites } = resolved;
  const notes = [window.occurrence?.note, problem].filter((note) => note !== undefined);
  return {
    opensAt,
    latestStartAt,
    closesAt,
    local: formatWindow(resolved),
    minutes: (window.closesAtMs - window.opensAtMs) / 60_000,
    ...(window.occurrence === undefined ? {} : { start: window.occurrence.start }),
    ...(workFrom === undefined || workUntil === undefined || problem !== undefined
      ? {}
      : {
          parts: {
            preparation: { from: opensAt, to: workFrom },
            work: { from: workFrom, to: workUntil },
            rollbackReserve: { from: workUntil, to: closesAt },
          },
        }),
    ...(sites === undefined
      ? {}
      : {
          sites: sites.map(({ datacentre, ...site }) => ({
            datacentre,
            opensAt: site.opensAt,
            closesAt: site.closesAt,
            local: formatWindow(site),
          })),
        }),
    ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
  };
}

/** Where the parts leave no time for work, the window as if it had none. */
function tryParts(
  window: SeriesWindow,
  request: PreviewRequest,
): { readonly resolved: ResolvedWindow; readonly problem?: string } {
  try {
    return { resolved: resolvedWindowOf(window, request) };
  } catch (error) {
    if (!isDomainError(error) || window.occurrence === undefined) throw error;
    const problem = error.complaints[0]?.message ?? error.message;
    return { resolved: resolvedWindowOf(window, {}), problem };
  }
}
