import * as z from 'zod';
import { themes } from '../../domain/risks/annex-a.ts';
import { riskCriteriaSchema } from '../../domain/risks/criteria.ts';
import { implementationStates, riskSchema } from '../../domain/risks/risk.ts';
import { actionSchema } from './actions.ts';

export const criteriaVersionShape = {
  version: z.int().describe('0: none have been adopted, and nothing can be assessed'),
  reason: z.string().nullable(),
  adoptedBy: z.string().nullable(),
  adoptedAt: z.string().nullable(),
};
export const storedCriteriaSchema = z
  .object({ ...criteriaVersionShape, criteria: riskCriteriaSchema.nullable() })
  .meta({ id: 'RiskCriteriaVersion' });

const ratedSchema = z.object({
  impact: z.int().describe('The worst of confidentiality, integrity and availability'),
  score: z.int().describe('Likelihood times impact'),
  band: z.string(),
});
const assessmentShape = {
  version: z.int(),
  criteriaVersion: z.int().describe('Of the criteria it was assessed by'),
  risk: riskSchema,
  inherent: ratedSchema,
  residual: ratedSchema.nullable().describe('null while no treatment is decided'),
  reason: z.string(),
  assessedBy: z.string(),
  assessedAt: z.string(),
};
const acceptanceSchema = z.object({
  version: z.int().describe('Of the assessment that was accepted'),
  acceptedBy: z.string(),
  acceptedAt: z.string(),
  reason: z.string(),
  exception: z.string().nullable(),
});
const riskShape = {
  ...assessmentShape,
  id: z.string(),
  label: z.string(),
  state: z.enum(['open', 'closed']),
  acceptance: acceptanceSchema.nullable().describe('Of this assessment: an older one is void'),
  reviewOn: z.string(),
  reviewOverdue: z.boolean(),
  triggers: z
    .array(
      z.object({
        reason: z.string(),
        from: z.string().nullable(),
        by: z.string(),
        at: z.string(),
      }),
    )
    .describe('What asks for another assessment'),
};
export const storedRiskSchema = z.object(riskShape).meta({ id: 'StoredRisk' });
export const riskDetailSchema = z
  .object({
    ...riskShape,
    history: z.array(z.object(assessmentShape)),
    acceptances: z.array(acceptanceSchema),
    actions: z.array(actionSchema),
  })
  .meta({ id: 'RiskDetail' });

export const decidedControlSchema = z
  .object({
    number: z.string(),
    theme: z.enum(Object.values(themes)),
    title: z.string(),
    decision: z
      .object({
        applicable: z.boolean(),
        reason: z.string(),
        implementation: z.enum(implementationStates).optional(),
        how: z.string().optional(),
        version: z.int(),
        decidedBy: z.string(),
        decidedAt: z.string(),
      })
      .nullable()
      .describe('null while nobody has decided about it'),
    risks: z.array(z.string()).describe('Open risks that are treated by it'),
  })
  .meta({ id: 'DecidedControl' });
