import type * as z from 'zod';
import { isDomainError } from '../errors.ts';
import { partsOf, windowPartsSchema, type WindowPartsRequest } from './parts.ts';
import type { Occurrence } from './occurrence.ts';
import { createOccurrences, recurrenceSchema } from './recurrence.ts';
import { formatWindow, resolveWindow, windowRequestSchema } from './window.ts';
import type { WindowInstants } from './window-rules.ts';
import { resolveZone } from './wall-clock.ts';
import { wallMsOf } from './zone-clock.ts';

/** A window with its parts that may come again. */
export const previewRequestSchema = windowRequestSchema.extend({
  ...windowPartsSchema.shape,
  recurrence: recurrenceSchema.optional(),
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
  /** What the clock, set forward or back, does to this window. */
  readonly note?: string;
}

/**
 * The next windows, those that open at `afterMs` or later; one at most without recurrence.
 * @throws DomainError `invalid`; fields begin with `window.`.
 */
export function previewWindows(
  request: PreviewRequest,
  { afterMs, count }: { readonly afterMs: number; readonly count: number },
): WindowPreview[] {
  const zone = resolveZone(request.zone);
  const occurrences = occurrencesOf(request, afterMs, count);
  checkParts(request);
  return occurrences.map((occurrence) => describe(occurrence, zone, request));
}

function occurrencesOf(
  { recurrence, ...request }: PreviewRequest,
  afterMs: number,
  count: number,
): readonly Omit<Occurrence, 'start'>[] {
  if (recurrence !== undefined) {
    return createOccurrences({ ...request, recurrence, path: 'window.' }).next(afterMs, count);
  }
  const resolved = resolveWindow(request);
  const occurrence = {
    opensAtMs: Date.parse(resolved.opensAt),
    latestStartAtMs: Date.parse(resolved.latestStartAt),
    closesAtMs: Date.parse(resolved.closesAt),
  };
  return count > 0 && occurrence.opensAtMs >= afterMs ? [occurrence] : [];
}

/** What a window of the length asked for does not hold, none of a series does. */
function checkParts(request: PreviewRequest): void {
  const [opensAtMs, closesAtMs] = [wallMsOf(request.start), wallMsOf(request.end)];
  if (opensAtMs === undefined || closesAtMs === undefined) return;
  const latestStartAtMs =
    request.latestStart === undefined ? undefined : wallMsOf(request.latestStart);
  partsOf({ opensAtMs, closesAtMs, latestStartAtMs }, request, 'window.');
}

function describe(
  occurrence: Omit<Occurrence, 'start'>,
  zone: string,
  request: WindowPartsRequest,
): WindowPreview {
  const opensAt = iso(occurrence.opensAtMs);
  const closesAt = iso(occurrence.closesAtMs);
  const latestStartAt = iso(occurrence.latestStartAtMs);
  const { parts, problem } = tryParts(occurrence, request);
  const notes = [occurrence.note, problem].filter((note) => note !== undefined);
  return {
    opensAt,
    latestStartAt,
    closesAt,
    local: formatWindow({ opensAt, latestStartAt, closesAt, zone }),
    minutes: (occurrence.closesAtMs - occurrence.opensAtMs) / 60_000,
    ...(parts === undefined ? {} : { parts }),
    ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
  };
}

function tryParts(
  occurrence: Omit<Occurrence, 'start'>,
  request: WindowPartsRequest,
): { readonly parts?: NonNullable<WindowPreview['parts']>; readonly problem?: string } {
  try {
    const { preparation, work, rollbackReserve } = partsOf(occurrence, request, 'window.');
    return {
      parts: {
        preparation: partOf(preparation),
        work: partOf(work),
        rollbackReserve: partOf(rollbackReserve),
      },
    };
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return { problem: error.complaints[0]?.message ?? error.message };
  }
}

function partOf({ opensAtMs, closesAtMs }: WindowInstants): PreviewPart {
  return { from: iso(opensAtMs), to: iso(closesAtMs) };
}

/** As Temporal writes instants: fractions of a second only where there are some. */
function iso(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('.000Z', 'Z');
}
