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

/** How an import from somebody else's system goes. */
export const sourceImportShape = {
  dryRun: z.boolean().default(false),
  confirmedRemovals: z
    .int()
    .min(0)
    .optional()
    .describe('How many rows may be removed: the number that the refusal named'),
  foreignRows: z
    .enum(['refuse', 'keep'])
    .default('refuse')
    .describe('What becomes of rows that belong to another source and differ'),
  importId: z.uuid().optional().describe('Names the import, to ask for its progress'),
};
