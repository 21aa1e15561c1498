import * as z from 'zod';
import { changeClasses, manualKinds } from '../change/change-request.ts';
import { riskLevels } from '../change/change-risk.ts';
import { slugSchema } from '../names.ts';

/** Who may sign: any of the people, and whoever has one of the roles where the change acts. */
const groupFields = {
  roles: z.array(slugSchema).max(20).default([]),
  people: z.array(slugSchema).max(200).default([]),
  /** Departments that the role must be held for; without them the change's own. */
  departments: z.array(slugSchema).min(1).max(50).optional(),
};
const someone = ({ roles, people }: { roles: string[]; people: string[] }): boolean =>
  roles.length + people.length > 0;
const nobody = 'name roles, people or both';

const groupSchema = z.strictObject(groupFields).refine(someone, nobody);
const quorumSchema = z
  .strictObject({ ...groupFields, quorum: z.int().min(1).max(20).default(1) })
  .refine(someone, nobody);

const stepSchema = z.strictObject({
  name: slugSchema,
  /** One of these quorums is enough. */
  anyOf: z.array(quorumSchema).min(1).max(5),
});

/** Ways through all steps that are weighed at most: every choice of one quorum for each step. */
const mostWays = 256;
const stepsSchema = z
  .array(stepSchema)
  .max(10)
  .superRefine((steps, context) => {
    const names = steps.map(({ name }) => name);
    const again = names.find((name, at) => names.indexOf(name) !== at);
    if (again !== undefined) {
      context.addIssue({ code: 'custom', message: `two steps are called "${again}"` });
    }
    if (steps.reduce((ways, { anyOf }) => ways * anyOf.length, 1) > mostWays) {
      context.addIssue({
        code: 'custom',
        message: `there are more than ${mostWays} ways through these steps: split the policy in two`,
      });
    }
  });

export const requirements = [
  'rollback-plan',
  'tested-rollback',
  'test-evidence',
  'rehearsal',
  'risk-questionnaire',
  'risk-treatment',
] as const;
export type Requirement = (typeof requirements)[number];

/** What a policy is for: all that is named must hold, and what is not named always does. */
const whenSchema = z.strictObject({
  kinds: z
    .array(z.enum(['release', ...manualKinds]))
    .min(1)
    .optional(),
  classes: z.array(z.enum(changeClasses)).min(1).optional(),
  departments: z.array(slugSchema).min(1).max(200).optional(),
  /** Any of the change's. */
  datacentres: z.array(slugSchema).min(1).max(200).optional(),
  /** The guardian's own are corrections that the policy of an application lets it make. */
  requestedBy: z.enum(['person', 'guardian']).optional(),
  /** At least so. */
  risk: z.enum(riskLevels).optional(),
  /** At least so many. */
  servicesDown: z.int().min(1).optional(),
  customers: z.int().min(1).optional(),
});

/** A policy as it is written down: `ctc policy propose -f policy.yaml`. */
export const approvalPolicySchema = z
  .strictObject({
    id: slugSchema,
    title: z.string().trim().min(3).max(200),
    when: whenSchema.default({}),
    steps: stepsSchema.default([]),
    /** Each step only after the one before it; otherwise in any order. */
    inOrder: z.boolean().default(false),
    /** May reject at any time, whether or not they are asked. */
    veto: groupSchema.optional(),
    expiryHours: z.number().positive().max(8784).optional(),
    /** Whoever carries the change out may not approve it. */
    separateImplementer: z.boolean().default(false),
    requires: z.array(z.enum(requirements)).max(requirements.length).default([]),
    /** Reviewed by a person before it is closed, whatever its class. */
    review: z.boolean().default(false),
    /** Told when a decision is asked for, besides those who may give it. */
    tell: groupSchema.optional(),
    /** Given afterwards: what an emergency does not wait for. */
    afterwards: z
      .strictObject({
        steps: stepsSchema.refine((steps) => steps.length > 0, 'at least one step'),
        withinHours: z.number().positive().max(8784),
      })
      .optional(),
  })
  .refine(
    ({ steps, requires, afterwards, review, veto, separateImplementer, tell }) =>
      steps.length + requires.length > 0 ||
      [afterwards, veto, tell].some((one) => one !== undefined) ||
      review ||
      separateImplementer,
    { message: 'it asks for nothing: name steps, requires, review, veto, tell or afterwards' },
  );

export type ApprovalPolicy = z.output<typeof approvalPolicySchema>;
export type PolicyStep = z.output<typeof stepSchema>;
export type ApproverGroup = z.output<typeof groupSchema>;

/** A policy in force, with the version that says so. */
export interface PolicyInForce {
  readonly version: number;
  readonly policy: ApprovalPolicy;
}
