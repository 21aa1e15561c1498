import * as z from 'zod';
import { guardianPolicySchema } from '../guardian/policy.ts';
import { markSchema, slugSchema } from '../names.ts';
import { metricsSchema } from '../verification/metric.ts';
import { checkRestrictions } from './check-restrictions.ts';
import { checkLinks, linkSchema } from './links.ts';
import { nfrsSchema } from './nfrs.ts';
import { restrictionSchema } from './restrictions.ts';

/** What one replica of a component needs from the machine it runs on. */
export const componentNeedsSchema = z.strictObject({
  cores: z.number().positive().max(1024),
  memoryMb: z.int().positive(),
  storageGb: z.int().nonnegative(),
  /** Graphics processors of its own. */
  gpus: z.int().min(1).max(1024).optional(),
  /** The operating system that it needs, such as linux or windows; it shares a machine with no other. */
  os: markSchema.optional(),
});

export const componentSchema = z.strictObject({
  name: slugSchema,
  needs: componentNeedsSchema,
  /** Instances over all datacentres; at most one in each datacentre, unless machines are shared. */
  replicas: z
    .strictObject({ min: z.int().min(1).max(1000), max: z.int().min(1).max(1000) })
    .default({ min: 1, max: 3 }),
  /** Components of the same application that this one calls to answer a request. */
  calls: z.array(slugSchema).default([]),
  /** Users reach the application through its entry components. */
  entry: z.boolean().default(false),
  /** Time this component itself takes for a request (95th percentile), without what it calls. */
  serviceTimeP95Ms: z.number().nonnegative(),
  /** Requests a second that one instance answers; what is not known does not limit the throughput. */
  capacityPerSecond: z.number().positive().optional(),
});

/** How a deployment is verified: real requests against each deployed entry component. */
export const verificationSchema = z.strictObject({
  path: z.string().startsWith('/').default('/'),
  /** Requests per entry replica; fewer answered samples than this is inconclusive, never success. */
  samples: z.int().min(5).max(10_000).default(20),
  intervalMs: z.int().min(10).max(60_000).default(100),
  timeoutMs: z.int().min(50).max(60_000).default(2_000),
  /** What must hold besides the requirements, measured after them; never on a rollback. */
  metrics: metricsSchema.optional(),
});

export const applicationDefinitionSchema = z
  .strictObject({
    name: slugSchema,
    title: z.string().min(1).max(200),
    department: slugSchema,
    /** The inventory item that stands for the application, if customers' services depend on it. */
    item: slugSchema.optional(),
    components: z.array(componentSchema).min(1).max(200),
    /**
     * `dedicated` (without it, too): each replica has a machine to itself, and a datacentre at most one of a
     * component. `shared`: a machine may hold one instance of each of several components, and a datacentre
     * any number of machines with the same. Has no default: stored simulations are known by their hash.
     */
    machines: z.enum(['dedicated', 'shared']).optional(),
    restrictions: z.array(restrictionSchema).max(1000).optional(),
    links: z.array(linkSchema).max(1000).optional(),
    nfrs: nfrsSchema,
    /** Who finds its placements; without it, whom CTC_OPTIMUS names. */
    optimus: z.enum(['embedded', 'external']).optional(),
    verification: verificationSchema.prefault({}),
    /** How it is guarded while it runs; without it, by the defaults. */
    guardian: guardianPolicySchema.optional(),
  })
  .superRefine((application, context) => {
    const names = new Set<string>();
    application.components.forEach((component, index) => {
      if (names.has(component.name)) {
        context.addIssue({
          code: 'custom',
          path: ['components', index, 'name'],
          message: `component "${component.name}" is defined twice`,
        });
      }
      names.add(component.name);
      if (component.replicas.min > component.replicas.max) {
        context.addIssue({
          code: 'custom',
          path: ['components', index, 'replicas'],
          message: `min ${component.replicas.min} is more than max ${component.replicas.max}`,
        });
      }
    });
    application.components.forEach((component, index) => {
      component.calls.forEach((callee, position) => {
        if (!names.has(callee) || callee === component.name) {
          context.addIssue({
            code: 'custom',
            path: ['components', index, 'calls', position],
            message:
              callee === component.name
                ? 'a component cannot call itself'
                : `there is no component "${callee}"; known: ${[...names].join(', ')}`,
          });
        }
      });
    });
    application.verification.metrics?.forEach((metric, index) => {
      metric.components?.forEach((name, position) => {
        if (names.has(name)) return;
        context.addIssue({
          code: 'custom',
          path: ['verification', 'metrics', index, 'components', position],
          message: `there is no component "${name}"; known: ${[...names].join(', ')}`,
        });
      });
    });
    if (!application.components.some((component) => component.entry)) {
      context.addIssue({
        code: 'custom',
        path: ['components'],
        message: 'no component has "entry: true"; without one nothing can be verified',
      });
    }
    const faults = [
      ...checkRestrictions(application),
      ...checkLinks(application.links ?? [], names),
    ];
    for (const { path, message } of faults) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
    const cycle = findCallCycle(application.components);
    if (cycle !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['components'],
        message: `calls go round in a circle: ${cycle.join(' → ')}`,
      });
    }
  });

export type ApplicationDefinition = z.output<typeof applicationDefinitionSchema>;
export type ComponentNeeds = z.output<typeof componentNeedsSchema>;
export type ApplicationComponent = ApplicationDefinition['components'][number];

/** The names along a cycle of calls, first repeated last; undefined when calls form no cycle. */
function findCallCycle(
  components: readonly { name: string; calls: readonly string[] }[],
): string[] | undefined {
  const calls = new Map(components.map(({ name, calls: callees }) => [name, callees]));
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): string[] | undefined => {
    const start = path.indexOf(name);
    if (start >= 0) return [...path.slice(start), name];
    if (finished.has(name)) return undefined;
    path.push(name);
    for (const callee of calls.get(name) ?? []) {
      const cycle = visit(callee);
      if (cycle !== undefined) return cycle;
    }
    path.pop();
    finished.add(name);
    return undefined;
  };
  for (const { name } of components) {
    const cycle = visit(name);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
