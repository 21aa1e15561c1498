import * as z from 'zod';
import { slugSchema } from '../names.ts';

/** How the local driver runs one replica of a component: an OS process that serves HTTP on `$PORT`. */
export const processSpecSchema = z.strictObject({
  runtime: z.literal('process').optional(),
  command: z.array(z.string().min(1)).min(1).max(50),
  /** Where the command runs; `ctc release register` makes it absolute. */
  directory: z.string().min(1),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).default({}),
  /** Answers 2xx once the replica can take requests. */
  healthPath: z.string().startsWith('/').default('/healthz'),
  /** A replica that is not healthy this long after its start has failed. */
  readyTimeoutMs: z.int().min(100).max(600_000).default(10_000),
});

const labelName = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'use lower-case letters, digits and "-"');

/** One API object as `kubectl apply` takes it; what is not named here passes through untouched. */
export const manifestSchema = z.looseObject({
  apiVersion: z.string().min(1).max(300),
  kind: z.string().min(1).max(100),
  metadata: z.looseObject({
    name: z.string().min(1).max(253),
    namespace: labelName.optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});

/** Where a component answers: a Service behind the API server's proxy, or an address of its own. */
export const endpointSchema = z.union([
  z.strictObject({
    service: labelName,
    port: z.union([z.int().min(1).max(65_535), labelName]),
    scheme: z.enum(['http', 'https']).default('http'),
  }),
  z.strictObject({
    /** `{datacentre}` stands for the datacentre's id. */
    url: z
      .string()
      .max(2000)
      .refine((url) => {
        const probe = url.replaceAll('{datacentre}', 'x');
        return URL.canParse(probe) && /^https?:$/.test(new URL(probe).protocol);
      }, 'use an address such as https://shop.{datacentre}.example.com'),
  }),
]);

/** How Kubernetes runs a component: API objects of any kind, custom resources included. */
export const kubernetesSpecSchema = z.strictObject({
  runtime: z.literal('kubernetes'),
  manifests: z.array(manifestSchema).min(1).max(500),
  /** Of objects that name none; default: the application's name. */
  namespace: labelName.optional(),
  /** Without one the component cannot be probed, only watched. */
  endpoint: endpointSchema.optional(),
  /** Not ready this long after it was applied: failed. Kubernetes' own progress deadline counts too. */
  readyTimeoutMs: z.int().min(100).max(86_400_000).default(600_000),
  /** A pod of the new release that restarted this often has failed; no need to wait for the deadline. */
  failAfterRestarts: z.int().min(1).max(1000).default(3),
  /** Its Deployments are switched, not rolled: the new one stands whole beside the old before any request reaches it. */
  blueGreen: z.boolean().default(false),
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
  components: z.record(
    slugSchema,
    z.discriminatedUnion('runtime', [processSpecSchema, kubernetesSpecSchema]),
  ),
});

export type ReleaseDefinition = z.output<typeof releaseDefinitionSchema>;
export type ProcessSpec = z.output<typeof processSpecSchema>;
export type KubernetesSpec = z.output<typeof kubernetesSpecSchema>;
export type Manifest = z.output<typeof manifestSchema>;
