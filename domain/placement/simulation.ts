import * as z from 'zod';
import { applicationDefinitionSchema } from '../application/application-definition.ts';
import { requirements } from '../application/nfrs.ts';
import { countrySchema, currencySchema, markSchema, slugSchema } from '../names.ts';

const levelSchema = z.int().min(1).max(5);

/** A datacentre as Optimus sees it. */
export const candidateDatacentreSchema = z.strictObject({
  id: slugSchema,
  country: countrySchema,
  /** Share of time that the whole datacentre is up, in per cent. */
  availabilityPercent: z.number().min(0).max(100),
  /** Round trip between the users and an entry component here. */
  userLatencyMs: z.number().nonnegative(),
  /** What a GB costs that leaves the datacentre, in the currency of the offers; 0 where nothing is said. */
  egressPricePerGb: z.number().nonnegative().optional(),
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
  /** Graphics processors; none where nothing is said. */
  gpus: z.int().nonnegative().optional(),
  /** Any where nothing is said. */
  operatingSystems: z.array(markSchema).optional(),
  provider: slugSchema.optional(),
  region: slugSchema.optional(),
  /** What of these is not known meets no requirement. */
  certifications: z.array(markSchema).optional(),
  jurisdiction: countrySchema.optional(),
  securityLevel: levelSchema.optional(),
  financialRisk: levelSchema.optional(),
  technologicalRisk: levelSchema.optional(),
  /** Availability that the provider promises, in per cent. */
  slaPercent: z.number().min(0).max(100).optional(),
});

/** What datacentres have in common, such as a power grid: when it is down, all of them are. */
export const failureDomainSchema = z.strictObject({
  id: slugSchema,
  datacentres: z.array(slugSchema).min(1),
  /** Share of time that it is up, in per cent; what is down with it is not in the datacentres' own figures. */
  availabilityPercent: z.number().min(0).max(100),
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

/** What runs already, and what it counts to start an instance where there is none now. */
export const currentSchema = z.strictObject({
  placement: placementSchema,
  /** `least-disruption`: as few starts as can be, and the cheapest of those. */
  aim: z.enum(['cost', 'least-disruption']),
  /** Of one start, once. */
  costPerStart: z.number().nonnegative(),
  /** Share of starts that fail, in per cent, and what one that fails costs. */
  failurePercent: z.number().min(0).max(100),
  lossPerFailure: z.number().nonnegative(),
  /** A start is paid off in so many months: each month's share counts as its cost does. */
  overMonths: z.int().min(1).max(120),
});

export const simulationInputSchema = z.strictObject({
  application: applicationDefinitionSchema,
  datacentres: z.array(candidateDatacentreSchema).min(1),
  offers: z.array(offerSchema),
  latencies: z.array(latencySchema),
  measurements: z.array(measurementSchema),
  /** None of these has a default: stored simulations are known by their hash. */
  failureDomains: z.array(failureDomainSchema).max(10).optional(),
  current: currentSchema.optional(),
  /** Datacentres in which nothing may be started that is not there now. */
  noReturnTo: z.array(slugSchema).optional(),
});

export const predictedNfrsSchema = z.strictObject({
  availabilityPercent: z.number(),
  monthlyCost: z.number(),
  currency: currencySchema,
  responseTimeP95Ms: z.number(),
  countries: z.array(countrySchema),
  /** Answers a second, by the components whose capacity is known; absent where none is. */
  throughputPerSecond: z.number().optional(),
  /** What leaves a datacentre by the application's links, in GB a month; absent where none says how much. */
  trafficGbPerMonth: z.number().optional(),
});

/** The availability again, by playing failures of datacentres, what they have in common, and instances. */
export const failureTrialSchema = z.strictObject({
  trials: z.int().positive(),
  availabilityPercent: z.number(),
  /** The true availability is between these with 99 % certainty (Wilson's interval). */
  lowPercent: z.number(),
  highPercent: z.number(),
});

export const rankedPlacementSchema = z.strictObject({
  rank: z.int().min(1).max(5),
  placement: placementSchema,
  predicted: predictedNfrsSchema,
  /** Instances started where there are none now, and their monthly share; absent where nothing runs yet. */
  moves: z
    .strictObject({ starts: z.int().nonnegative(), monthlyShare: z.number().nonnegative() })
    .optional(),
  trial: failureTrialSchema.optional(),
});

export const proofSchema = z.strictObject({
  /** No placement that meets the requirements costs less a month, with its moves. */
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

/** One of the smallest set of requirements that no placement meets together. */
export const conflictingSchema = z.strictObject({
  /** A requirement (`requirement`), a restriction or a link by its index, or `stock`: what is offered. */
  kind: z.enum(['requirement', 'restriction', 'link', 'stock']),
  name: z.string(),
  target: z.string(),
  /** What would do, all others kept: the nearest there is. Absent where it was not found out. */
  nearest: z.string().optional(),
});

/** A soft requirement that gave way. */
export const unmetSchema = z.strictObject({
  requirement: z.enum(requirements),
  target: z.string(),
});

export const simulationResultSchema = z.strictObject({
  engine: z.strictObject({ name: z.string(), version: z.string() }),
  /** SHA-256 (hex) of the canonical JSON (RFC 8785) of the input. */
  inputsHash: z.string().regex(/^[0-9a-f]{64}$/),
  /** `feasible`: the time limit struck before the best one found was proven to be the best there is. */
  status: z.enum(['optimal', 'feasible', 'infeasible']),
  /**
   * At most five, every one meets all NFRs but the unmet, by rising monthly cost with its moves; empty when infeasible. Distinct: any two
   * differ in the number of instances of some component in some datacentre.
   */
  placements: z.array(rankedPlacementSchema).max(5),
  /** What is proven of the placements. Absent in what older engines answered. */
  proof: proofSchema.optional(),
  rejectedDatacentres: z.array(rejectedDatacentreSchema),
  /** When infeasible: the requirements that no placement meets, each as one sentence with figures. */
  contradictions: z.array(z.string()),
  /** The same for programs: no smaller set contradicts itself. Absent where older engines answered. */
  conflict: z.array(conflictingSchema).optional(),
  /** Soft requirements that no placement meets with the others; absent where all are met. */
  unmet: z.array(unmetSchema).optional(),
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
export type FailureDomain = z.output<typeof failureDomainSchema>;
export type Current = z.output<typeof currentSchema>;
export type FailureTrial = z.output<typeof failureTrialSchema>;
export type Conflicting = z.output<typeof conflictingSchema>;
export type Proof = z.output<typeof proofSchema>;
export type SimulationResult = z.output<typeof simulationResultSchema>;
