import * as z from 'zod';

const objectSchema = z.object({
  component: z.string(),
  object: z.string().describe('Deployment shop/web'),
  action: z.enum(['create', 'update', 'keep', 'delete', 'unknown']),
  changes: z.array(
    z.object({ path: z.string(), before: z.unknown().optional(), after: z.unknown().optional() }),
  ),
  conflicts: z.array(z.object({ manager: z.string(), fields: z.array(z.string()) })),
  problem: z.string().optional(),
});

const siteSchema = z
  .object({
    datacentre: z.string(),
    actions: z.array(
      z.object({
        component: z.string(),
        action: z.enum(['start', 'replace', 'keep', 'stop']),
        reason: z.string(),
      }),
    ),
    objects: z.array(objectSchema).optional(),
    problem: z.string().optional().describe('why nothing can be said of it'),
  })
  .meta({ id: 'ComparedSite' });

export const previewSchema = z
  .object({
    revision: z.int(),
    release: z.string(),
    at: z.string(),
    summary: z.string(),
    sites: z.array(siteSchema),
  })
  .meta({ id: 'DeploymentPreview' });

export const driftSchema = z
  .object({
    application: z.string(),
    at: z.string(),
    verified: z.object({ release: z.string(), change: z.string(), at: z.string() }),
    verdict: z.enum(['in-step', 'drifted', 'unknown']),
    summary: z.string(),
    sites: z.array(siteSchema),
  })
  .meta({ id: 'DriftReport' });
