import * as z from 'zod';
import { approvalPolicySchema } from '../../domain/approvals/policy.ts';
import { treatmentOptions } from '../../domain/approvals/ports.ts';
import { changeClasses } from '../../domain/change/change-request.ts';
import { riskLevels } from '../../domain/change/change-risk.ts';

/** A policy as it is written down, which is also how it is shown. */
const shownPolicySchema = z
  .looseObject({ id: z.string(), title: z.string() })
  .describe('As it was proposed, with its defaults')
  .meta({ id: 'ApprovalPolicyShown' });

const versionShape = {
  id: z.string(),
  version: z.int(),
  state: z.enum(['proposed', 'in-force', 'superseded', 'retired']),
  reason: z.string(),
  proposedBy: z.string(),
  proposedAt: z.string(),
  approvedBy: z.string().nullable(),
  approvedAt: z.string().nullable(),
  retiredBy: z.string().nullable(),
  retiredAt: z.string().nullable(),
};

export const policyVersionSchema = z
  .object({ ...versionShape, policy: shownPolicySchema })
  .meta({ id: 'PolicyVersion' });

export const templateVersionSchema = z
  .object({
    ...versionShape,
    template: z
      .looseObject({ title: z.string(), expiresAt: z.string(), request: z.looseObject({}) })
      .describe('As it was proposed, with its defaults'),
    isExpired: z.boolean().describe('It approves nothing any more'),
  })
  .meta({ id: 'TemplateVersion' });

export const riskSchema = z
  .object({
    rules: z.int().describe('The version of the rules: the same facts give the same risk'),
    score: z.int().describe('0 to 100'),
    level: z.enum(riskLevels),
    factors: z.array(
      z.object({
        factor: z.string(),
        points: z.int(),
        most: z.int().describe('The most that the factor can give'),
        because: z.string(),
      }),
    ),
    facts: z.looseObject({}).describe('What it was computed from'),
  })
  .meta({ id: 'ChangeRisk' });

export const treatmentSchema = z
  .object({
    option: z.enum(treatmentOptions),
    description: z.string(),
    by: z.string(),
    at: z.string(),
  })
  .meta({ id: 'RiskTreatment' });

const stepSchema = z.object({
  policy: z.string(),
  step: z.string(),
  given: z.array(z.string()).describe('Whose signatures count for it'),
  isMet: z.boolean(),
  isLater: z.boolean().describe('An earlier step comes first'),
});

export const planApprovalsSchema = z
  .object({
    change: z.string(),
    state: z.string(),
    planHash: z.string().nullable(),
    risk: riskSchema.nullable(),
    terms: z
      .looseObject({})
      .nullable()
      .describe('What the policies asked for when it was assessed'),
    outcome: z.enum(['open', 'approved', 'rejected']).nullable(),
    steps: z.array(stepSchema.extend({ may: z.array(z.string()).describe('Who could sign it') })),
    unmet: z.array(z.object({ requirement: z.string(), wayOut: z.string() })),
    treatment: treatmentSchema.nullable(),
    justification: z
      .object({
        by: z.string().describe('When it is due'),
        settled: z.string().nullable(),
        isLate: z.boolean(),
        steps: z.array(stepSchema),
      })
      .nullable(),
  })
  .meta({ id: 'PlanApprovals' });

export const agendaItemSchema = z
  .object({
    change: z.string(),
    title: z.string(),
    class: z.string(),
    department: z.string(),
    requester: z.string(),
    windowOpensAt: z.string(),
    expiresAt: z.string().nullable(),
    risk: z.object({ level: z.string(), score: z.int() }).nullable(),
    impact: z.object({
      servicesDown: z.int(),
      servicesDegraded: z.int(),
      servicesAtRisk: z.int(),
      customers: z.int(),
    }),
    conflicts: z.object({ blocking: z.int(), warnings: z.int() }),
    open: z.array(z.string()).describe('What the policies still ask for'),
    mine: z.boolean().describe('Your signature would count for it now'),
  })
  .meta({ id: 'AgendaItem' });

/** Facts that somebody makes up, to see what the policies would ask for. */
const exampleSchema = z.strictObject({
  name: z.string().trim().min(1).max(200),
  kind: z.string().default('release'),
  class: z.enum(changeClasses).default('normal'),
  requestedBy: z.enum(['person', 'guardian']).default('person'),
  department: z.string(),
  datacentres: z.array(z.string()).default([]),
  risk: z.enum(riskLevels).default('low'),
  servicesDown: z.int().min(0).default(0),
  customers: z.int().min(0).default(0),
});

export const policyTestSchema = z.strictObject({
  policies: z
    .array(approvalPolicySchema)
    .max(200)
    .optional()
    .describe('In place of those in force with the same id, and beside the others'),
  examples: z.array(exampleSchema).min(1).max(100),
});

export const policyTestResultSchema = z
  .object({
    name: z.string(),
    policies: z.array(z.object({ policy: z.string(), version: z.int(), title: z.string() })),
    asks: z.string().describe('In words'),
    fewestSignatures: z.int(),
    steps: z.array(z.object({ policy: z.string(), step: z.string(), may: z.array(z.string()) })),
    requires: z.array(z.string()),
    separateImplementer: z.boolean(),
    review: z.boolean(),
    afterwards: z.string().nullable(),
  })
  .meta({ id: 'PolicyTestResult' });

export const wayBackSchema = z
  .object({
    change: z.string(),
    kind: z.enum(['restore-release', 'take-away', 'runbook', 'steps', 'text']).nullable(),
    plan: z.array(z.string()),
    tested: z.enum(['none', 'planned', 'tested']).nullable(),
    testedAt: z.string().nullable(),
    testedIn: z.string().nullable(),
    estimatedMinutes: z.number().nullable(),
    estimateFrom: z.enum(['request', 'runbook', 'earlier-rollbacks']).nullable(),
    rollbacks: z.array(
      z.object({
        decidedBy: z.string(),
        because: z.string(),
        beganAt: z.string(),
        endedAt: z.string().nullable(),
        minutes: z.number().nullable(),
        outcome: z.string().nullable(),
        sites: z.array(
          z.object({
            datacentre: z.string(),
            outcome: z.string(),
            detail: z.string(),
            at: z.string(),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'WayBack' });

export const delegationSchema = z
  .object({
    id: z.string(),
    delegator: z.string(),
    delegate: z.string(),
    from: z.string(),
    until: z.string(),
    reason: z.string(),
    endedAt: z.string().nullable(),
  })
  .meta({ id: 'Delegation' });
