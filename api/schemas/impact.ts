import * as z from 'zod';
import { effects, impactStates } from '../../domain/impact/impact.ts';
import { slugSchema } from '../../domain/names.ts';

export const disturbancesSchema = z
  .array(z.strictObject({ item: slugSchema, effect: z.enum(effects) }))
  .min(1)
  .max(10_000);

const countsSchema = z
  .object({ down: z.int(), degraded: z.int(), atRisk: z.int() })
  .meta({ id: 'CountsByState' });
const idsSchema = z.object({
  down: z.array(z.string()).readonly(),
  degraded: z.array(z.string()).readonly(),
  atRisk: z.array(z.string()).readonly(),
});
const affectedSchema = z.object({ services: countsSchema, customers: countsSchema });
const linesSchema = z.array(affectedSchema.extend({ key: z.string() })).readonly();

export const impactSchema = z
  .object({
    version: z.int().describe('Of the inventory it was computed from'),
    disturbances: z.array(z.object({ item: z.string(), effect: z.enum(effects) })).readonly(),
    counts: z.object({ items: countsSchema, services: countsSchema }),
    summary: z.object({
      total: affectedSchema,
      bySolution: linesSchema,
      byContractLevel: linesSchema,
      byCountry: linesSchema,
      byDepartment: linesSchema,
    }),
    items: idsSchema.describe('Nearest first, up to the limit'),
    services: idsSchema.describe('Nearest first, up to the limit'),
  })
  .meta({ id: 'Impact' });

export const explanationSchema = z
  .object({
    node: z.string(),
    state: z.enum(impactStates),
    steps: z
      .array(
        z.object({
          node: z.string(),
          group: z.string(),
          needs: z.int(),
          of: z.int(),
          left: z.int(),
          because: z.string(),
        }),
      )
      .readonly(),
    disturbed: z.object({ item: z.string(), effect: z.enum(effects) }),
    text: z.string(),
  })
  .meta({ id: 'Explanation' });

const setDifferenceSchema = z.object({
  then: z.int(),
  now: z.int(),
  added: z.int(),
  gone: z.int(),
});
const differenceByState = z.object({
  down: setDifferenceSchema,
  degraded: setDifferenceSchema,
  atRisk: setDifferenceSchema,
});

export const differenceSchema = z
  .object({
    assessedVersion: z.int(),
    currentVersion: z.int(),
    services: differenceByState,
    customers: differenceByState,
    share: z.number().describe('Of those affected then: how many were added or have gone'),
  })
  .meta({ id: 'ImpactDifference' });
