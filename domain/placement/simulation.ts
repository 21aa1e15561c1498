import * as z from 'zod';
import { applicationDefinitionSchema } from '../application/application-definition.ts';
import { countrySchema, currencySchema, slugSchema } from '../names.ts';

/** A datacentre as Optimus sees it. */
export const candidateDatacentreSchema = z.strictObject({
  id: slugSchema,
  country: countrySchema,
  /** Share of time that the whole datacentre is up, in per cent. */
  availabilityPercent: z.number().min(0).max(100),
  /** Round trip between the users and an entry component here. */
  userLatencyMs: z.number().nonnegative(),
});

/** What a provider sells in a datacentre: a machine, for one replica or for several that may share it. */
export const offerSchema = z.strictObject({
  id: slugSchema,
  datacentre: slugSchema,
  cores: z.number().positive(),
  memoryMb: z.int().positive(),
  storageGb: z.int().nonnegative(),
  monthlyPrice: z.number().nonnegative(),
  currency: currencySchema,
  /** Machines of this offer that can be rented now (what is free, plus what this application holds). */
  available: z.int().nonnegative(),
});

/** Round trip between two datacentres; symmetric, 0 within one. A missing pair cannot talk. */
export const latencySchema = z.strictObject({
  from: slugSchema,
  to: slugSchema,
  ms: z.number().nonnegative(),
});

/**
 * A figure measured on the running application: it overrides what the definition or the inventory says
 * for that component in that datacentre.
 */
export const measurementSchema = z.strictObject({
  datacentre: slugSchema,
  component: slugSchema,
  /** Own time of the component there, without what it calls. */
  serviceTimeP95Ms: z.number().nonnegative().optional(),
  /** Share of its requests answered well there, in per cent. */
  availabilityPercent: z.number().min(0).max(100).optional(),
  samples: z.int().positive(),
  measuredAt: z.iso.datetime(),
});

export const assignmentSchema = z.strictObject({
  component: slugSchema,
  datacentre: slugSchema,
  offer: slugSchema,
  /** Which machine of the offer, where machines are shared; without it the replica has one to itself. */
  machine: slugSchema.optional(),
});

/** Components onto offers and datacentres: one assignment for each replica. */
export const placementSchema = z.strictObject({ assignments: z.array(assignmentSchema) });

export const simulationInputSchema = z.strictObject({
  application: applicationDefinitionSchema,
  datacentres: z.array(candidateDatacentreSchema).min(1),
  offers: z.array(offerSchema),
  latencies: z.array(latencySchema),
  measurements: z.array(measurementSchema),
});

export const predictedNfrsSchema = z.strictObject({
  availabilityPercent: z.number(),
  monthlyCost: z.number(),
  currency: currencySchema,
  responseTimeP95Ms: z.number(),
  countries: z.array(countrySchema),
});

export const rankedPlacementSchema = z.strictObject({
  rank: z.int().min(1).max(5),
  placement: placementSchema,
  predicted: predictedNfrsSchema,
});

export const proofSchema = z.strictObject({
  /** No placement that meets the requirements costs less a month. */
  lowerBound: z.number().nonnegative(),
  /** How much less than the first placement that is, in per cent of its cost; 0 when it is optimal. */
  gapPercent: z.number().nonnegative(),
  /** So many placements, from the first on, are proven to be next best; those after them were only found. */
  ranksProven: z.int().min(0).max(5),
});

/** Why the best placement does not use a datacentre, or why no placement at all can use it. */
export const rejectedDatacentreSchema = z.strictObject({
  datacentre: slugSchema,
  reasons: z.array(z.string()).min(1),
});

export const simulationResultSchema = z.strictObject({
  engine: z.strictObject({ name: z.string(), version: z.string() }),
  /** SHA-256 (hex) of the canonical JSON (RFC 8785) of the input. */
  inputsHash: z.string().regex(/^[0-9a-f]{64}$/),
  /** `feasible`: the time limit struck before the best one found was proven to be the best there is. */
  status: z.enum(['optimal', 'feasible', 'infeasible']),
  /**
   * At most five, every one meets all NFRs, by rising monthly cost; empty when infeasible. Distinct: any two
   * differ in the number of instances of some component in some datacentre.
   */
  placements: z.array(rankedPlacementSchema).max(5),
  /** What is proven of the placements. Absent in what older engines answered. */
  proof: proofSchema.optional(),
  rejectedDatacentres: z.array(rejectedDatacentreSchema),
  /** When infeasible: the requirements that no placement meets, each as one sentence with figures. */
  contradictions: z.array(z.string()),
});

export type CandidateDatacentre = z.output<typeof candidateDatacentreSchema>;
export type Offer = z.output<typeof offerSchema>;
export type Latency = z.output<typeof latencySchema>;
export type Measurement = z.output<typeof measurementSchema>;
export type Assignment = z.output<typeof assignmentSchema>;
export type Placement = z.output<typeof placementSchema>;
export type SimulationInput = z.output<typeof simulationInputSchema>;
export type PredictedNfrs = z.output<typeof predictedNfrsSchema>;
export type RankedPlacement = z.output<typeof rankedPlacementSchema>;
export type Proof = z.output<typeof proofSchema>;
export type SimulationResult = z.output<typeof simulationResultSchema>;
