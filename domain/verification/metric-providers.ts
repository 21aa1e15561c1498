import * as z from 'zod';

const pointerSchema = z
  .string()
  .max(500)
  .regex(/^(\/([^~/]|~[01])*)*$/, 'use a JSON pointer (RFC 6901), such as /checks/0/ready');
const addressSchema = z
  .url({ protocol: /^https?$/, error: 'use an address that begins with http:// or https://' })
  .max(2000)
  .refine((url) => !/^[^/]*\/\/[^/?#]*@/.test(url), 'leave user name and password out');

/**
 * Where a metric's measured value comes from. Texts may name `{{args.datacentre}}` and the like
 * (metric-arguments.ts).
 */
export const metricProviderSchema = z.discriminatedUnion('kind', [
  /** A GET. Measures `{status, latencyMs}`, with `pointer` also `{body}`: what it points at in the JSON. */
  z.strictObject({
    kind: z.literal('http'),
    /** Asked of each replica itself; needs the scope `component`. */
    path: z.string().max(1000).startsWith('/').optional(),
    /** Or a fixed address, of a host in CTC_VERIFICATION_HOSTS. */
    url: addressSchema.optional(),
    /** Of the empty pointer: the whole answer. */
    pointer: pointerSchema.optional(),
  }),
  /** An instant query. Measures a number of a scalar, a list of numbers of a vector, lists of a matrix. */
  z.strictObject({ kind: z.literal('prometheus'), query: z.string().min(1).max(10_000) }),
  /** The share of replicas that are ready, from 0 to 1, or how often their containers were restarted. */
  z.strictObject({ kind: z.literal('kubernetes'), measure: z.enum(['readiness', 'restarts']) }),
  /** A signed POST of what is being verified; measures the answer's JSON, or what `pointer` finds in it. */
  z.strictObject({
    kind: z.literal('webhook'),
    /** Of a host in CTC_VERIFICATION_HOSTS. */
    url: addressSchema,
    pointer: pointerSchema.default(''),
  }),
  /** A program in CTC_VERIFICATION_COMMANDS, without a shell. Measures `{exitCode, output}`. */
  z.strictObject({
    kind: z.literal('command'),
    program: z.string().max(1000).startsWith('/', 'use an absolute path'),
    args: z.array(z.string().max(2000)).max(50).default([]),
  }),
  /** Probes the entries and measures `{measured, predicted, ratio}` against what Optimus predicted. */
  z.strictObject({
    kind: z.literal('prediction'),
    of: z.enum(['responseTimeP95Ms', 'availability']),
  }),
]);

export type MetricProviderSpec = z.output<typeof metricProviderSchema>;
export type MetricProviderKind = MetricProviderSpec['kind'];
/** The settings of one kind. */
export type ProviderSpecOf<Kind extends MetricProviderKind> = Extract<
  MetricProviderSpec,
  { readonly kind: Kind }
>;
