import * as z from 'zod';
import { slugSchema } from '../names.ts';
import { freezeKinds } from './freeze-rules.ts';
import { createOccurrences, recurrenceSchema } from './recurrence.ts';
import { disambiguations } from './wall-clock.ts';
import { overlaps, type WindowInstants } from './window-rules.ts';
import { resolveWindow, wallClockSchema } from './window.ts';

/** A freeze that is longer is a policy, not a period. */
export const longestFreezeDays = 366;

export const freezeScopeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('company') }),
  z.strictObject({ kind: z.literal('datacentre'), id: slugSchema }),
  z.strictObject({ kind: z.literal('solution'), id: slugSchema }),
  z.strictObject({ kind: z.literal('customer'), id: slugSchema }),
  z.strictObject({ kind: z.literal('department'), id: slugSchema }),
]);

/** A period, perhaps one that comes again, in which nothing is to be changed within a scope. */
export const freezePeriodSchema = z
  .strictObject({
    kind: z.enum(freezeKinds).default('freeze'),
    scope: freezeScopeSchema,
    /** Wall-clock times of the zone; half-open. */
    start: wallClockSchema,
    end: wallClockSchema,
    zone: z.string().min(1).max(100),
    disambiguation: z.enum(disambiguations).optional(),
    recurrence: recurrenceSchema.optional(),
    reason: z.string().trim().min(3).max(1000),
  })
  .refine(({ kind, scope }) => kind !== 'no-touch' || scope.kind === 'customer', {
    path: ['scope', 'kind'],
    message: 'a no-touch period is a customer\'s own: use scope "customer", or kind "freeze"',
  });
export type FreezePeriod = z.output<typeof freezePeriodSchema>;

type FreezeTimes = Pick<FreezePeriod, 'start' | 'end' | 'zone' | 'disambiguation' | 'recurrence'>;

/**
 * The periods of a freeze with time in [fromMs, toMs), in order, none of them cut. Call it as a freeze is
 * entered too: whatever is wrong with its times or its recurrence is found for any span.
 * @throws DomainError `invalid` for `start`, `end`, `zone`, `recurrence.rule` or `recurrence.except[i]`.
 */
export function freezeInstants(
  freeze: FreezeTimes,
  fromMs: number,
  toMs: number,
): WindowInstants[] {
  return createFreezeClock(freeze)(fromMs, toMs);
}

/** As `freezeInstants`, for asking again and again: reading a rule takes longer than following it. */
export function createFreezeClock(
  freeze: FreezeTimes,
): (fromMs: number, toMs: number) => WindowInstants[] {
  const { start, end, zone, disambiguation, recurrence } = freeze;
  const limits = { path: '', longestDays: longestFreezeDays };
  if (recurrence !== undefined) {
    const occurrences = createOccurrences({
      ...{ start, end, zone, disambiguation, recurrence },
      ...limits,
    });
    return (fromMs, toMs) =>
      Array.from(occurrences.between(fromMs, toMs), ({ opensAtMs, closesAtMs }) => ({
        opensAtMs,
        closesAtMs,
      }));
  }
  const { opensAt, closesAt } = resolveWindow(
    { start, end, zone, ...(disambiguation === undefined ? {} : { disambiguation }) },
    limits,
  );
  const period = { opensAtMs: Date.parse(opensAt), closesAtMs: Date.parse(closesAt) };
  return (fromMs, toMs) =>
    overlaps(period, { opensAtMs: fromMs, closesAtMs: toMs }) ? [period] : [];
}
