import * as z from 'zod';
import { measurementPhases } from '../../domain/verification/assess-value.ts';

const phaseSchema = z.enum(measurementPhases);
const standingSchema = z.enum([...measurementPhases, 'Running']);

export const judgedMetricSchema = z
  .object({
    metric: z.string(),
    provider: z.string(),
    dryRun: z.boolean().describe('Recorded only: it never decides'),
    phase: standingSchema.describe('The worst of its series'),
    series: z.array(
      z.object({
        scope: z
          .string()
          .describe('Empty for the whole application, a datacentre, or component@datacentre'),
        phase: standingSchema,
        because: z.string().describe('Which limit or count ended it'),
        counts: z.object({
          successful: z.int(),
          failed: z.int(),
          inconclusive: z.int(),
          error: z.int(),
          consecutiveErrors: z.int(),
        }),
        last: z
          .object({ at: z.string(), phase: phaseSchema, value: z.unknown(), detail: z.string() })
          .nullable(),
      }),
    ),
  })
  .meta({ id: 'JudgedMetric' });

export const measurementSchema = z
  .object({
    attempt: z.int(),
    metric: z.string(),
    scopeKey: z.string(),
    number: z.int(),
    at: z.string(),
    phase: phaseSchema,
    value: z.unknown(),
    detail: z.string(),
  })
  .meta({ id: 'Measurement' });
