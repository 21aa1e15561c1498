import * as z from 'zod';
import { guardianStates } from '../../domain/guardian/messages.ts';

const placementSchema = z
  .object({
    assignments: z.array(
      z.object({
        component: z.string(),
        datacentre: z.string(),
        offer: z.string(),
        machine: z
          .string()
          .optional()
          .describe('Which machine of the offer, where they are shared'),
      }),
    ),
  })
  .nullable();

export const evaluationSchema = z.object({
  verdict: z.enum(['holding', 'violated', 'no-data']),
  summary: z.string(),
  slos: z.array(
    z.object({
      sli: z.string(),
      target: z.string(),
      objectivePercent: z.number().describe('Share of samples that must be good'),
      verdict: z.enum(['holds', 'violated', 'no-data']),
      budgetLeftPercent: z
        .number()
        .nullable()
        .describe('Of the error budget of 30 days; below 0 it is overdrawn'),
      burnRates: z
        .array(
          z.object({
            window: z.string(),
            long: z.number().nullable(),
            short: z.number().nullable(),
            threshold: z.number(),
            burning: z.boolean(),
          }),
        )
        .describe('Times the rate that uses up the budget in 30 days; null without data'),
      measured: z.string(),
      offenders: z.array(z.string()),
    }),
  ),
});

export const decisionViewSchema = z
  .object({
    id: z.string(),
    number: z.int(),
    way: z.string().describe('redeploy, roll-back or wait'),
    because: z.string(),
    decidedAt: z.string(),
    needsApproval: z.boolean(),
    until: z.string().nullable(),
    release: z.string().nullable(),
    placement: placementSchema,
    predicted: z.unknown(),
    approvedBy: z.string().nullable().describe('The person; null where a policy approved'),
    change: z.string().nullable(),
    outcome: z.string().nullable(),
    simulations: z.array(
      z.object({
        id: z.string(),
        way: z.string(),
        inputsHash: z.string(),
        measuredAt: z.string(),
        simulatedAt: z.string(),
        engine: z.string(),
        status: z.string(),
        placements: z.array(
          z.object({
            rank: z.int(),
            chosen: z.boolean(),
            placement: placementSchema,
            predicted: z.unknown(),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'GuardianDecision' });

export const guardianSchema = z
  .object({
    application: z.string(),
    state: z.enum(guardianStates),
    mode: z.string(),
    waitingFor: z
      .object({ what: z.string(), detail: z.string(), until: z.string().optional() })
      .nullable(),
    pausedBy: z.string().nullable(),
    heldSince: z.string().nullable().describe('Since the rollback; nothing moves by itself'),
    deployment: z.object({ change: z.string(), release: z.string(), attempt: z.int() }).nullable(),
    evaluation: evaluationSchema.nullable(),
    evaluatedAt: z.string().nullable(),
    incident: z.string().nullable(),
    proposal: decisionViewSchema.nullable().describe('What waits for an operator'),
  })
  .meta({ id: 'Guardian' });
