import * as z from 'zod';
import { slugSchema } from '../names.ts';
import { durationMs, durationSchema } from './duration.ts';
import { metricProviderSchema } from './metric-providers.ts';

/** `application`: measured once. `datacentre`, `component`: a series for each, or for each replica. */
export const metricScopes = ['application', 'datacentre', 'component'] as const;

/** Longer would outlast the activity that measures (workflows/activity-options.ts). */
const longestMs = 90 * 60_000;

/** Longest condition, in characters. */
export const longestExpression = 500;
const conditionSchema = z.string().trim().min(1).max(longestExpression);

/**
 * One metric with the semantics of Argo Rollouts: measured `count` times, `interval` apart. Stricter than
 * Argo where Argo lets pass what nobody measured: a condition is needed, and the limits leave room for one
 * success at least.
 */
export const metricSchema = z
  .strictObject({
    name: slugSchema,
    provider: metricProviderSchema,
    scope: z.enum(metricScopes).default('application'),
    /** With the scope `component`: of these only. */
    components: z.array(slugSchema).min(1).max(200).optional(),
    initialDelay: durationSchema.optional(),
    /** From the end of one measurement to the next; needed when there is more than one. */
    interval: durationSchema.optional(),
    count: z.int().min(1).max(1000).default(1),
    /** For one measurement; one that takes longer is an error. */
    timeout: durationSchema.default('10s'),
    /** In CEL, of `result`. When it is the only one, false means failed. */
    successCondition: conditionSchema.optional(),
    /** When it is the only one, false means successful. With both, neither means inconclusive. */
    failureCondition: conditionSchema.optional(),
    /** More failed measurements fail the metric; -1: however many. */
    failureLimit: z.int().min(-1).max(1000).default(0),
    /** More inconclusive measurements make the metric inconclusive. */
    inconclusiveLimit: z.int().min(0).max(1000).default(0),
    /** More errors in a row make the metric an error; errors do not count as measured. */
    consecutiveErrorLimit: z.int().min(0).max(1000).default(4),
    /** Measured and recorded, and never decides. */
    dryRun: z.boolean().default(false),
  })
  .superRefine((metric, context) => {
    for (const [path, message] of complaintsAbout(metric)) {
      context.addIssue({ code: 'custom', path: [path], message });
    }
  });

export type Metric = z.output<typeof metricSchema>;

export const metricsSchema = z
  .array(metricSchema)
  .min(1, 'name a metric, or leave "metrics" out')
  .max(50)
  .superRefine((metrics, context) => {
    metrics.forEach(({ name }, index) => {
      if (metrics.findIndex((other) => other.name === name) === index) return;
      context.addIssue({
        code: 'custom',
        path: [index, 'name'],
        message: `metric "${name}" is defined twice`,
      });
    });
  });

function* complaintsAbout(metric: Metric): Generator<[path: string, message: string]> {
  const { provider, scope, components, count, interval, failureLimit, inconclusiveLimit } = metric;
  if (metric.successCondition === undefined && metric.failureCondition === undefined) {
    yield [
      'successCondition',
      'give a successCondition, a failureCondition or both: without one nothing is judged',
    ];
  }
  if (count > 1 && interval === undefined) {
    yield ['interval', `is missing: say how far apart the ${count} measurements are`];
  }
  if (failureLimit >= count) {
    yield ['failureLimit', `must be less than count (${count}); -1 means no limit`];
  }
  // Otherwise a metric without a single success, or without any data, would pass.
  if (Math.max(0, failureLimit) + inconclusiveLimit >= count) {
    yield [
      'inconclusiveLimit',
      `together with failureLimit must be less than count (${count}), so that no data never passes`,
    ];
  }
  const lastsMs = plannedMs(metric);
  if (lastsMs > longestMs) {
    yield [
      'interval',
      `${count} measurements take ${Math.ceil(lastsMs / 60_000)} minutes; at most ${longestMs / 60_000}`,
    ];
  }
  if (durationMs(metric.timeout) < 1 || durationMs(metric.timeout) > 5 * 60_000) {
    yield ['timeout', 'must be from 1ms to 5m'];
  }
  if (components !== undefined && scope !== 'component') {
    yield ['components', 'needs the scope "component"'];
  }
  if (provider.kind === 'kubernetes' && scope === 'application') {
    yield ['scope', 'must be "datacentre" or "component": each datacentre is a cluster of its own'];
  }
  if (provider.kind === 'http') {
    if ((provider.path === undefined) === (provider.url === undefined)) {
      yield ['provider', 'give either path, asked of each replica, or url'];
    }
    if (provider.path !== undefined && scope !== 'component') {
      yield ['scope', 'must be "component" with a path, which is asked of each replica'];
    }
  }
}

/** From the beginning to the last measurement, when none errs and each takes no time. */
export function plannedMs({
  initialDelay = '0s',
  interval = '0s',
  count,
}: Pick<Metric, 'initialDelay' | 'interval' | 'count'>): number {
  return durationMs(initialDelay) + (count - 1) * durationMs(interval);
}
