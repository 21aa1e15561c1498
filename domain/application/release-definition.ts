import * as z from 'zod';
import { slugSchema } from '../names.ts';

/** How the local driver runs one replica of a component: an OS process that serves HTTP on `$PORT`. */
export const processSpecSchema = z.strictObject({
  command: z.array(z.string().min(1)).min(1).max(50),
  /** Where the command runs; `ctc release register` makes it absolute. */
  directory: z.string().min(1),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).default({}),
  /** Answers 2xx once the replica can take requests. */
  healthPath: z.string().startsWith('/').default('/healthz'),
  /** A replica that is not healthy this long after its start has failed. */
  readyTimeoutMs: z.int().min(100).max(600_000).default(10_000),
});

/** One version of an application: how each of its components runs. Immutable once registered. */
export const releaseDefinitionSchema = z.strictObject({
  application: slugSchema,
  version: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[A-Za-z0-9][A-Za-z0-9.+_-]*$/, 'use letters, digits, ".", "+", "_" and "-"'),
  notes: z.string().max(4000).default(''),
  components: z.record(slugSchema, processSpecSchema),
});

export type ReleaseDefinition = z.output<typeof releaseDefinitionSchema>;
export type ProcessSpec = z.output<typeof processSpecSchema>;
