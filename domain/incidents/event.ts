import * as z from 'zod';
import { slugSchema } from '../names.ts';

/** As long as that a clock may be ahead of ours. */
const clockToleranceMs = 60_000;

export const eventStates = ['reported', 'dismissed', 'incident'] as const;
export type EventState = (typeof eventStates)[number];

/** Anything that looked wrong to anybody: the body of `POST /events`. */
export const eventReportSchema = z.strictObject({
  title: z.string().trim().min(3).max(200),
  description: z.string().trim().min(3).max(10_000),
  noticedAt: z.iso.datetime({ offset: true }).describe('When it was noticed, with zone'),
  application: slugSchema.optional(),
});
export type EventReport = z.output<typeof eventReportSchema>;

const reason = z.string().trim().min(3).max(4000);

export const classificationSchema = z.strictObject({
  category: slugSchema,
  severity: slugSchema,
  personalData: z.boolean().describe('Whether personal data is concerned'),
});

/** What an event is found to be: an incident of its own, part of one, or none. */
export const assessmentSchema = z.discriminatedUnion('decision', [
  z.strictObject({ decision: z.literal('dismissed'), reason }),
  z.strictObject({
    decision: z.literal('part-of'),
    reason,
    incident: z.string().max(100).describe('Label such as INC-3, or id'),
  }),
  classificationSchema.extend({
    decision: z.literal('incident'),
    reason,
    awareAt: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('From when on clocks run; when it was noticed, unless said'),
  }),
]);
export type EventAssessment = z.output<typeof assessmentSchema>;

/** Whether an instant that somebody names is still to come, by more than clocks may differ. */
export function isAhead(at: string, nowMs: number): boolean {
  return Date.parse(at) > nowMs + clockToleranceMs;
}
