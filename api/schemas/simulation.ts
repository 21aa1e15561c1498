import * as z from 'zod';
import { frontRequestSchema } from '../../domain/placement/front.ts';
import { simulationResultSchema } from '../../domain/placement/simulation.ts';
import { simulationPurposes } from '../../domain/placement/simulation-ports.ts';
import { assumptionSchema } from '../../domain/placement/what-if.ts';
import { slugSchema } from '../../domain/names.ts';

const question = {
  assume: z.array(assumptionSchema).max(50).default([]),
  /** Candidates; all datacentres of the inventory by default. */
  datacentres: z.array(slugSchema).min(1).max(200).optional(),
  timeLimitMs: z.int().min(100).max(60_000).default(10_000),
};

export const whatIfSchema = z.strictObject({
  ...question,
  placements: z.int().min(1).max(5).default(5),
  /** How often failures are played for each placement. */
  trials: z.int().min(0).max(1_000_000).optional(),
});

export const frontQuestionSchema = frontRequestSchema.safeExtend(question);

const summary = {
  id: z.string(),
  application: z.string(),
  purpose: z.enum(simulationPurposes),
  askedFor: z.string().describe('Label of the change or the incident, or id of the person'),
  attempt: z.int().nullable(),
  engine: z.string().describe('Name and version'),
  inputsHash: z.string(),
  simulatedAt: z.string(),
  status: z.enum(['optimal', 'feasible', 'infeasible']),
  monthlyCost: z.number().nullable().describe('Of the best placement'),
};

export const simulationListSchema = z
  .object({ rows: z.array(z.object(summary)), nextCursor: z.string().optional() })
  .meta({ id: 'SimulationList' });

const differenceSchema = z
  .object({
    monthlyCost: z.number().nullable(),
    availabilityPercent: z.number().nullable(),
    responseTimeP95Ms: z.number().nullable(),
    appears: z.array(z.string()).describe('As component@datacentre'),
    disappears: z.array(z.string()),
  })
  .meta({ id: 'SimulationDifference' });

const replaySummary = {
  id: z.string(),
  engine: z.string(),
  unlike: z
    .array(z.string())
    .describe('Fields of the answer that were not the same; empty: all are'),
  replayedBy: z.string(),
  replayedAt: z.string(),
};

export const replaySchema = z
  .object({
    ...replaySummary,
    simulation: z.string(),
    identical: z.boolean(),
    result: simulationResultSchema,
  })
  .meta({ id: 'SimulationReplay' });

export const simulationSchema = z
  .object({
    ...summary,
    result: simulationResultSchema,
    replays: z.array(z.object(replaySummary)).describe('Newest first'),
    assumptions: z.array(assumptionSchema).optional(),
    difference: differenceSchema.optional().describe('From what is best as things are'),
  })
  .meta({ id: 'Simulation' });
