import * as z from 'zod';
import { DomainError, type Complaint } from '../errors.ts';
import { longestWindowDays, mayRun, mayStart } from './window-rules.ts';
import type { StartableWindow, WindowInstants } from './window-rules.ts';

/** No calendar in here either: workflows may import it, as window-rules.ts. */

const minutesSchema = z
  .int()
  .min(0)
  .max(longestWindowDays * 24 * 60);

/** What of a window is not for the work itself: fields of an object with more; a missing one is none. */
export const windowPartsSchema = z.strictObject({
  /** At its beginning: people and systems get ready, nothing is changed yet. */
  preparationMinutes: minutesSchema.optional(),
  /** At its end: kept free so that a rollback ends within the window. */
  rollbackReserveMinutes: minutesSchema.optional(),
});
export type WindowPartsRequest = z.output<typeof windowPartsSchema>;

/** A window's parts, one after the other; each half-open, the first and the last may be empty. */
export interface WindowParts {
  readonly preparation: WindowInstants;
  readonly work: StartableWindow;
  readonly rollbackReserve: WindowInstants;
}

const minuteMs = 60_000;

/**
 * Cuts a window into its parts. What is left for the work is never empty, and may begin in at least one
 * instant. @throws DomainError `invalid` for `preparationMinutes`, `rollbackReserveMinutes` or `latestStart`.
 */
export function partsOf(
  window: WindowInstants & { readonly latestStartAtMs?: number | undefined },
  { preparationMinutes = 0, rollbackReserveMinutes = 0 }: WindowPartsRequest,
  path = '',
): WindowParts {
  const { opensAtMs, closesAtMs } = window;
  const worksFromMs = opensAtMs + preparationMinutes * minuteMs;
  const worksUntilMs = closesAtMs - rollbackReserveMinutes * minuteMs;
  const latestStartAtMs = Math.min(window.latestStartAtMs ?? worksUntilMs, worksUntilMs);
  if (worksFromMs >= worksUntilMs) {
    const field =
      rollbackReserveMinutes > preparationMinutes ? 'rollbackReserveMinutes' : 'preparationMinutes';
    const minutes = (closesAtMs - opensAtMs) / minuteMs;
    throw invalid({
      field: `${path}${field}`,
      message: `preparation (${preparationMinutes} minutes) and rollback reserve (${rollbackReserveMinutes}) leave no time for work in a window of ${minutes} minutes; make them shorter or the window longer`,
    });
  }
  if (latestStartAtMs < worksFromMs) {
    throw invalid({
      field: `${path}latestStart`,
      message: `it is before the end of the preparation, which takes ${preparationMinutes} minutes, so that nothing could ever begin; make it later or the preparation shorter`,
    });
  }
  return {
    preparation: { opensAtMs, closesAtMs: worksFromMs },
    work: { opensAtMs: worksFromMs, latestStartAtMs, closesAtMs: worksUntilMs },
    rollbackReserve: { opensAtMs: worksUntilMs, closesAtMs },
  };
}

/** From the end of the preparation to the latest start, and never in the rollback reserve. */
export function mayBegin({ work }: WindowParts, nowMs: number): boolean {
  return mayStart(work, nowMs);
}

/** Whether work that has begun may go on: it must leave the rollback reserve free. */
export function mayGoOn({ work }: WindowParts, nowMs: number): boolean {
  return mayRun(work, nowMs);
}

/** Whether a rollback may run: from the first moment of work to the end of the window. */
export function mayRollBack({ work, rollbackReserve }: WindowParts, nowMs: number): boolean {
  return nowMs >= work.opensAtMs && nowMs < rollbackReserve.closesAtMs;
}

function invalid(complaint: Complaint): DomainError {
  return new DomainError('invalid', 'The window is too short for its parts.', {
    code: 'invalid-window-parts',
    complaints: [complaint],
  });
}
