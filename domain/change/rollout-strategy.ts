import * as z from 'zod';
import { slugSchema } from '../names.ts';

/** What is done when more datacentres have failed than the strategy lets pass. */
export const failurePolicies = ['pause', 'rollbackWave', 'rollbackAll', 'continue'] as const;
export type FailurePolicy = (typeof failurePolicies)[number];

const seconds = z.int().min(1).max(86_400);

/** How a release goes out, and what may happen meanwhile; times are seconds. */
export const strategySchema = z.strictObject({
  /** Datacentres that are worked on together, group after group; default: one after the other. */
  waves: z.array(z.array(slugSchema).min(1)).min(1).optional(),
  /** No placement without a datacentre of the first wave is deployed, and no failure there is gone past. */
  firstWaveMandatory: z.boolean().default(false),
  /** Datacentres of a wave that are worked on at once; default: all of them. */
  maxConcurrency: z.int().min(1).max(100).optional(),
  /** Share of the replicas, in percent, that gets the new release first in each datacentre. */
  canaryPercent: z.int().min(1).max(99).optional(),
  /** After each wave (and each canary) the new release must have run this long … */
  bakeSeconds: z.int().min(0).max(86_400).default(0),
  /** … and have been probed this often at each entry, and hold, before the next one begins. */
  bakeSamples: z.int().min(0).max(100_000).default(0),
  /** A datacentre that is not ready this long after its apply has failed; default: what its components say. */
  progressDeadlineSeconds: seconds.optional(),
  /** Failed datacentres that are restored and gone past. */
  failureLimit: z.int().min(0).max(100).default(0),
  /**
   * Past the limit: `pause` waits for a person; `rollbackWave` restores the wave, then waits; `rollbackAll`
   * redeploys to another placement, or restores everything; `continue` restores what failed and goes on.
   */
  onFailure: z.enum(failurePolicies).default('rollbackAll'),
  /** Take over fields of API objects that somebody else manages. */
  forceConflicts: z.boolean().default(false),
  /** A wave starts only if the window still covers this (and its bakes) and the rollback's budget. */
  waveBudgetSeconds: seconds.default(60),
  rollbackBudgetSeconds: seconds.default(60),
  /** Redeployments to a re-simulated placement before the change is rolled back. */
  maxRedeployments: z.int().min(0).max(10).default(2),
});

export type RolloutStrategy = z.output<typeof strategySchema>;

/** What the window must cover for one wave: its work, and the bakes that follow it. */
export function waveSeconds({
  waveBudgetSeconds,
  bakeSeconds,
  canaryPercent,
}: Pick<RolloutStrategy, 'waveBudgetSeconds' | 'bakeSeconds' | 'canaryPercent'>): number {
  return waveBudgetSeconds + bakeSeconds * (canaryPercent === undefined ? 1 : 2);
}

/** The strategy in what the workflow needs of it; times are milliseconds. */
export interface RolloutPolicy {
  readonly firstWaveMandatory: boolean;
  readonly maxConcurrency?: number;
  /** Missing where nothing bakes. */
  readonly bake?: BakeRule;
  readonly progressDeadlineMs?: number;
  readonly failureLimit: number;
  readonly onFailure: FailurePolicy;
}

/** Both must be met: time and evidence. */
export interface BakeRule {
  readonly forMs: number;
  readonly samples: number;
}

export function rolloutPolicy(strategy: RolloutStrategy): RolloutPolicy {
  const { firstWaveMandatory, maxConcurrency, failureLimit, onFailure } = strategy;
  const { bakeSeconds, bakeSamples, progressDeadlineSeconds } = strategy;
  return {
    firstWaveMandatory,
    failureLimit,
    onFailure,
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    ...(bakeSeconds === 0 && bakeSamples === 0
      ? {}
      : { bake: { forMs: bakeSeconds * 1000, samples: bakeSamples } }),
    ...(progressDeadlineSeconds === undefined
      ? {}
      : { progressDeadlineMs: progressDeadlineSeconds * 1000 }),
  };
}

/** Whether a roll-out may restore what has failed and go on with the rest. */
export function mayGoPast(
  { onFailure, failureLimit, firstWaveMandatory }: RolloutPolicy,
  so: {
    /** Datacentres that have failed so far, these included. */
    readonly failed: number;
    readonly wave: number;
    /** Datacentres that stand, or are still to come. */
    readonly left: number;
  },
): boolean {
  if (so.left === 0) return false;
  if (firstWaveMandatory && so.wave === 0) return false;
  return onFailure === 'continue' || so.failed <= failureLimit;
}
