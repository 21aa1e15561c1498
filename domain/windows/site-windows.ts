import { DomainError, isDomainError, type Complaint } from '../errors.ts';
import { resolveWindow, type ResolvedWindow, type WindowRequest } from './window.ts';

/** Where a window is, as far as its clock goes. */
export interface Site {
  readonly id: string;
  readonly timeZone: string;
}

/**
 * The window of each datacentre by the clock on its own wall: 02:00 in Madrid, and 02:00 in New York; in the
 * order of the datacentres. Between two sites' windows none may be open.
 * @throws DomainError `invalid` with a complaint for each time that a datacentre's clock does not have or
 * has twice, naming the datacentre.
 */
export function resolveSiteWindows(
  times: Omit<WindowRequest, 'zone'>,
  datacentres: readonly Site[],
): { readonly datacentre: string; readonly window: ResolvedWindow }[] {
  needSites(datacentres);
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
  if (complaints.length > 0) {
    throw invalid('The window cannot be resolved in every datacentre.', complaints);
  }
  return sites;
}

/** @throws DomainError `invalid` where there is no datacentre. */
export function needSites(datacentres: readonly Site[]): void {
  if (datacentres.length > 0) return;
  const message = 'there is no datacentre whose zone could be used; name some, or leave it out';
  throw invalid('The window has no datacentre.', [{ field: 'window.perDatacentre', message }]);
}

function tryResolve(
  times: Omit<WindowRequest, 'zone'>,
  zone: string,
): ResolvedWindow | readonly Complaint[] {
  try {
    return resolveWindow({ ...times, zone });
  } catch (error) {
    if (isDomainError(error)) return error.complaints;
    throw error;
  }
}

function invalid(message: string, complaints: readonly Complaint[]): DomainError {
  return new DomainError('invalid', message, { code: 'invalid-window', complaints });
}
