import * as z from 'zod';
import { changeRequestSchema, manualKinds, type ChangeRequest } from '../change/change-request.ts';
import { isAtLeast, riskLevels, type RiskLevel } from '../change/change-risk.ts';
import { DomainError } from '../errors.ts';
import type { HashOf } from '../hash.ts';
import { slugSchema } from '../names.ts';

/** A standard change, approved once for many times: `ctc template propose -f template.yaml`. */
export const changeTemplateSchema = z.strictObject({
  id: slugSchema,
  title: z.string().trim().min(3).max(200),
  /** Fields of the request that must be as they are here; what is not named is free. */
  request: z.looseObject({ kind: z.enum(['release', ...manualKinds]) }),
  /** A change beyond any of them is decided by people. */
  limits: z
    .strictObject({
      risk: z.enum(riskLevels).default('medium'),
      servicesDown: z.int().min(0).default(0),
      customers: z.int().min(0).default(0),
      windowMinutes: z.int().min(1).optional(),
    })
    .prefault({}),
  /** ISO instant from which it approves nothing any more; at most 400 days from its approval. */
  expiresAt: z.iso.datetime({ offset: true }),
});
export type ChangeTemplate = z.output<typeof changeTemplateSchema>;

export interface TemplateInForce {
  readonly version: number;
  readonly template: ChangeTemplate;
}

/** Where a template pre-approves the plan. */
export interface PreApproval {
  readonly template: string;
  readonly version: number;
}

/** Fields that every request brings for itself. */
const free = ['title', 'reason', 'window', 'template', 'class'] as const;

/**
 * The template's fields as requests hold them, defaults and all.
 * @throws DomainError `invalid` naming the fields that no request could have.
 */
export function fixedFields({ request }: ChangeTemplate): Readonly<Record<string, unknown>> {
  const named = free.filter((field) => field in request);
  if (named.length > 0) {
    throw badTemplate(
      named.map((field) => ({ field: `request.${field}`, message: 'each request brings its own' })),
    );
  }
  const isRelease = request.kind === 'release';
  const sample = {
    title: 'sample',
    reason: 'sample',
    department: 'sample',
    window: { start: '2031-05-06T02:00', end: '2031-05-06T04:00', zone: 'UTC' },
    ...(isRelease ? { application: 'sample', release: '1', datacentres: ['sample'] } : {}),
    ...(isRelease || 'runbook' in request ? {} : { steps: ['sample'], rollbackSteps: ['sample'] }),
    ...request,
    class: 'standard',
  };
  const parsed = changeRequestSchema.safeParse(sample);
  if (!parsed.success) {
    throw badTemplate(
      parsed.error.issues.map(({ path, message }) => ({
        field: ['request', ...path].join('.'),
        message,
      })),
    );
  }
  const fields: Readonly<Record<string, unknown>> = { ...parsed.data };
  return Object.fromEntries(Object.keys(request).map((key) => [key, fields[key]]));
}

/** Why a change is not what the template approves; nothing where it is. */
export function unlikeTemplate(
  template: ChangeTemplate,
  change: {
    readonly request: ChangeRequest;
    readonly risk: RiskLevel;
    readonly servicesDown: number;
    readonly customers: number;
    readonly windowMinutes: number;
    readonly blockingConflicts: number;
    readonly nowMs: number;
  },
  hashOf: HashOf,
): string[] {
  const { limits, expiresAt } = template;
  const asked: Readonly<Record<string, unknown>> = { ...change.request };
  const differing = Object.entries(fixedFields(template))
    .filter(([key, value]) => hashOf(asked[key] ?? null) !== hashOf(value ?? null))
    .map(([key]) => `"${key}" is not the template's`);
  const beyond = (what: string, count: number, most: number | undefined): string[] =>
    most === undefined || count <= most ? [] : [`${count} ${what}, and ${most} at most`];
  return [
    ...(change.nowMs >= Date.parse(expiresAt) ? [`it expired at ${expiresAt}`] : []),
    ...(change.request.class === 'standard' ? [] : ['the class is not "standard"']),
    ...differing,
    ...(isAtLeast(change.risk, limits.risk) && change.risk !== limits.risk
      ? [`the risk is ${change.risk}, and ${limits.risk} at most`]
      : []),
    ...beyond('services down', change.servicesDown, limits.servicesDown),
    ...beyond('customers', change.customers, limits.customers),
    ...beyond('minutes', change.windowMinutes, limits.windowMinutes),
    ...(change.blockingConflicts === 0 ? [] : ['it has blocking conflicts']),
  ];
}

function badTemplate(complaints: readonly { field: string; message: string }[]): DomainError {
  return new DomainError('invalid', 'The template is not one that a request could follow.', {
    code: 'bad-template',
    complaints,
  });
}
