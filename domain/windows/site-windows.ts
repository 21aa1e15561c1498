import * as z from 'zod';
import { DomainError, isDomainError, type Complaint } from '../errors.ts';
import { disambiguations } from './wall-clock.ts';
import { resolveWindow, wallClockSchema, type ResolvedWindow } from './window.ts';
import type { WindowInstants } from './window-rules.ts';

/** A window by the clock on the wall of each datacentre: 02:00 in Madrid, and 02:00 in New York. */
export const siteWindowRequestSchema = z.strictObject({
  start: wallClockSchema,
  end: wallClockSchema,
  latestStart: wallClockSchema.optional(),
  perDatacentre: z.literal('own-zone'),
  disambiguation: z.enum(disambiguations).optional(),
});
export type SiteWindowRequest = z.output<typeof siteWindowRequestSchema>;

export interface SiteWindows {
  /** In the order of the datacentres. */
  readonly sites: readonly { readonly datacentre: string; readonly window: ResolvedWindow }[];
  /** From the earliest opening to the latest close: between two sites' windows none may be open. */
  readonly hull: WindowInstants;
}

/**
 * The window of each datacentre in its own zone. @throws DomainError `invalid` with a complaint for each
 * time that a datacentre's clock does not have or has twice, naming the datacentre.
 */
export function resolveSiteWindows(
  { perDatacentre: _, ...times }: SiteWindowRequest,
  datacentres: readonly { readonly id: string; readonly timeZone: string }[],
): SiteWindows {
  const byZone = new Map<string, ResolvedWindow | readonly Complaint[]>();
  for (const { timeZone } of datacentres) {
    if (!byZone.has(timeZone)) byZone.set(timeZone, tryResolve(times, timeZone));
  }
  const sites: { datacentre: string; window: ResolvedWindow }[] = [];
  const complaints: Complaint[] = [];
  for (const { id, timeZone } of datacentres) {
    const window = byZone.get(timeZone);
    if (window === undefined) continue;
    if ('opensAt' in window) {
      sites.push({ datacentre: id, window });
    } else {
      const named = window.map(({ field, message }) => ({
        field,
        message: `in datacentre ${id}: ${message}`,
      }));
      complaints.push(...named);
    }
  }
  if (datacentres.length === 0) {
    const message = 'the change has no datacentre whose zone could be used; give a zone';
    complaints.push({ field: 'window.perDatacentre', message });
  }
  if (complaints.length > 0) {
    throw new DomainError('invalid', 'The window cannot be resolved in every datacentre.', {
      code: 'invalid-window',
      complaints,
    });
  }
  const opens = sites.map(({ window }) => Date.parse(window.opensAt));
  const closes = sites.map(({ window }) => Date.parse(window.closesAt));
  return { sites, hull: { opensAtMs: Math.min(...opens), closesAtMs: Math.max(...closes) } };
}

function tryResolve(
  times: Omit<SiteWindowRequest, 'perDatacentre'>,
  zone: string,
): ResolvedWindow | readonly Complaint[] {
  try {
    return resolveWindow({ ...times, zone });
  } catch (error) {
    if (isDomainError(error)) return error.complaints;
    throw error;
  }
}
