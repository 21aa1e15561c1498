import * as z from 'zod';

/** RFC 9457. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    remedy: z.string().optional(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    instance: z.string(),
  })
  .meta({ id: 'Problem' });

export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
});

export const reasonSchema = z.strictObject({ reason: z.string().trim().min(3).max(4000) });

export const acknowledgementSchema = z
  .object({ state: z.string(), message: z.string() })
  .meta({ id: 'Acknowledgement' });

export const changeParamsSchema = z.object({
  change: z.string().max(100).describe('Label such as CHG-12, or id'),
});

/** The answers that every route may give besides its own. */
export const problems = {
  '4xx': problemSchema,
  '5xx': problemSchema,
} as const;
