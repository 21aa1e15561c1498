import * as z from 'zod';
import { predictedNfrsSchema, placementSchema, type PredictedNfrs } from './simulation.ts';

/** Figures that may be traded for each other; less is better of the first two, more of the others. */
export const frontAxes = ['monthlyCost', 'responseTime', 'availability', 'throughput'] as const;
export const frontAxisSchema = z.enum(frontAxes);
export type FrontAxis = z.output<typeof frontAxisSchema>;

export const frontRequestSchema = z
  .strictObject({
    x: frontAxisSchema.default('monthlyCost'),
    y: frontAxisSchema.default('availability'),
    /** At most so many placements. */
    points: z.int().min(2).max(100).default(20),
    /** Two placements nearer to each other than this on y are one: per cent, ms, answers a second or money. */
    resolution: z.number().positive().optional(),
  })
  .refine(({ x, y }) => x !== y, {
    path: ['y'],
    message: 'is the same as x; choose another figure',
  });
export type FrontRequest = z.output<typeof frontRequestSchema>;

export const frontSchema = z.strictObject({
  x: frontAxisSchema,
  y: frontAxisSchema,
  resolution: z.number().positive(),
  /** The best on x first. None of them is at least as good as another on both figures. */
  points: z.array(z.strictObject({ placement: placementSchema, predicted: predictedNfrsSchema })),
  /** Whether there are no others; if not, the number of points or the time limit was reached. */
  isComplete: z.boolean(),
});
export type Front = z.output<typeof frontSchema>;

/** How a figure is read, compared and held to a limit. */
export interface Axis {
  readonly isLessBetter: boolean;
  /** Below this difference nobody would choose by it. */
  readonly resolution: number;
  readonly figure: (predicted: PredictedNfrs) => number;
}

export const axes: Readonly<Record<FrontAxis, Axis>> = {
  monthlyCost: { isLessBetter: true, resolution: 0.01, figure: ({ monthlyCost }) => monthlyCost },
  responseTime: {
    isLessBetter: true,
    resolution: 1,
    figure: ({ responseTimeP95Ms }) => responseTimeP95Ms,
  },
  availability: {
    isLessBetter: false,
    resolution: 0.0001,
    figure: ({ availabilityPercent }) => availabilityPercent,
  },
  throughput: {
    isLessBetter: false,
    resolution: 0.1,
    figure: ({ throughputPerSecond }) => throughputPerSecond ?? 0,
  },
};
