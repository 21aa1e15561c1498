import { DomainError } from '../errors.ts';
import { windowRequestOf, type ResolvedWindow, type WindowRequest } from './window.ts';
import type { WindowInstants } from './window-rules.ts';

/**
 * A change's window moved to given instants of the same length: with the parts and the latest start that it
 * had, by the clock of each datacentre where it was so, and out of its series.
 * @throws DomainError `refused` where no datacentre's clock can say the time.
 */
export function movedWindowRequest(
  asked: WindowRequest,
  window: ResolvedWindow,
  { opensAtMs, closesAtMs }: WindowInstants,
): WindowRequest {
  const { preparationMinutes, rollbackReserveMinutes, perDatacentre } = asked;
  const parts = {
    ...(preparationMinutes === undefined ? {} : { preparationMinutes }),
    ...(rollbackReserveMinutes === undefined ? {} : { rollbackReserveMinutes }),
  };
  const latestStartOf = (own: {
    readonly opensAt: string;
    readonly latestStartAt: string;
  }): { readonly latestStartAtMs?: number } =>
    asked.latestStart === undefined
      ? {}
      : { latestStartAtMs: opensAtMs + Date.parse(own.latestStartAt) - Date.parse(own.opensAt) };
  if (perDatacentre !== true || window.sites === undefined) {
    const instants = { opensAtMs, closesAtMs, ...latestStartOf(window) };
    return { ...windowRequestOf(instants, window.zone), ...parts };
  }
  // The hull opens as the first of the datacentres does: what its clock shows then, all of theirs show.
  const first = window.sites.find(({ opensAt }) => opensAt === window.opensAt);
  if (first === undefined) throw new Error('no datacentre opens with the window');
  const lengthMs = Date.parse(first.closesAt) - Date.parse(first.opensAt);
  const instants = { opensAtMs, closesAtMs: opensAtMs + lengthMs, ...latestStartOf(first) };
  const own = windowRequestOf(instants, first.zone);
  if (own.zone !== first.zone) {
    throw new DomainError(
      'refused',
      `The clock of ${first.datacentre} is set back in that window.`,
      {
        code: 'no-free-window',
        remedy: 'Give the window yourself.',
      },
    );
  }
  return { ...own, ...parts, zone: asked.zone, perDatacentre };
}
