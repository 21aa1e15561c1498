import * as z from 'zod';
import { inventoryKinds } from '../../domain/inventory/inventory-kinds.ts';

const countsSchema = z.object({
  rows: z.int(),
  inserted: z.int(),
  updated: z.int(),
  removed: z.int(),
  kept: z.int(),
});

export const importReportSchema = z
  .object({
    imported: z.boolean(),
    version: z.int().optional(),
    counts: z.partialRecord(z.enum(inventoryKinds), countsSchema),
    badLines: z.array(
      z.object({
        kind: z.enum(inventoryKinds),
        line: z.int(),
        column: z.string().optional(),
        message: z.string(),
      }),
    ),
    badLineCount: z.int(),
  })
  .meta({ id: 'ImportReport' });
