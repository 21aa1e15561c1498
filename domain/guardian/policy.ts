import * as z from 'zod';

/** What the guardian may do by itself. */
export const guardianModes = ['off', 'observe', 'propose', 'act'] as const;
export const correctionWays = ['redeploy', 'roll-back'] as const;
export type CorrectionWay = (typeof correctionWays)[number];

/** How an application is guarded while it runs: the `guardian:` section of its definition. */
export const guardianPolicySchema = z.strictObject({
  /** `off`: not measured. `observe`: incidents, no moves. `propose`: asks an operator. `act`: by itself. */
  mode: z.enum(guardianModes).default('propose'),
  measureEverySeconds: z.int().min(1).max(3_600).default(60),
  /** Requests to each entry replica in each measurement. */
  samplesPerMeasurement: z.int().min(1).max(1_000).default(5),
  /** Measurements in one activity: fewer and longer ones spare the workflow engine. */
  measurementsPerPeriod: z.int().min(1).max(60).default(10),
  /** A window with fewer samples than this is no data: neither good nor bad. */
  minSamples: z.int().min(1).max(100_000).default(20),
  /** How far a figure may be over its limit before a sample counts as bad, in per cent of the limit. */
  tolerancePercent: z.number().min(0).max(1_000).default(0),
  /** Nothing is deployed on figures older than this. */
  maxInputAgeSeconds: z.int().min(10).max(86_400).default(300),
  /** After a correction has ended, before the next one is decided. */
  coolDownMinutes: z.number().min(0).max(10_080).default(30),
  /** Corrections within `movesPeriodHours`; then a person must look. */
  maxMoves: z.int().min(1).max(100).default(3),
  movesPeriodHours: z.number().positive().max(8_760).default(24),
  /** How long it does not go back to where it has just left. */
  noReturnHours: z.number().min(0).max(8_760).default(24),
  /** Which way is taken when both are open. */
  prefer: z.enum(['redeploy', 'roll-back', 'cheaper']).default('redeploy'),
  allowRollBack: z.boolean().default(true),
  /** Ways that an operator approves although the mode is `act`. */
  approvalFor: z.array(z.enum(correctionWays)).max(2).default([]),
  /** A correction that costs more than now by more than this is approved by an operator. */
  maxExtraCostPercent: z.number().min(0).max(10_000).default(25),
  /** How long a proposal waits for an operator. */
  proposalExpiresMinutes: z.number().positive().max(10_080).default(240),
  /** After a rollback nothing moves until a person lifts the hold, or this has passed. */
  holdAfterRollbackHours: z.number().min(0).max(8_760).optional(),
  /**
   * What it counts to move: without it a placement is chosen by its cost alone. `failurePercent`: share of starts
   * that fail; without it as many as failed of the application's last ones.
   */
  moving: z
    .strictObject({
      aim: z.enum(['cost', 'least-disruption']).default('cost'),
      costPerStart: z.number().nonnegative().default(0),
      lossPerFailure: z.number().nonnegative().default(0),
      failurePercent: z.number().min(0).max(100).optional(),
      overMonths: z.int().min(1).max(120).default(12),
    })
    .optional(),
  /** Length of a correction's window. */
  windowMinutes: z.int().min(5).max(1_440).default(120),
});

export type GuardianPolicy = z.output<typeof guardianPolicySchema>;

/** The policy of an application; one that says nothing has the defaults. */
export function guardianPolicyOf(definition: {
  readonly guardian?: GuardianPolicy | undefined;
}): GuardianPolicy {
  return definition.guardian ?? guardianPolicySchema.parse({});
}

/** What all guardians of the company keep to together, so that a mass failure does not swamp what is healthy. */
export interface EvacuationRate {
  /** Corrections under way at once. */
  readonly atOnce: number;
  /** Corrections begun within an hour. */
  readonly perHour: number;
}
