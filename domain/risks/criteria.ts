import * as z from 'zod';
import { slugSchema } from '../names.ts';

const line = z.string().trim().min(1).max(200);
const scaleSchema = z
  .array(
    z.strictObject({
      title: line,
      meaning: z.string().trim().min(3).max(2000).describe('By what somebody else would choose it'),
    }),
  )
  .min(2)
  .max(10);

/** By what risks are assessed: the body of `PUT /risk-criteria` and the content of `criteria.yaml`. */
export const riskCriteriaSchema = z
  .strictObject({
    title: line,
    likelihoods: scaleSchema.describe('From the least likely, level 1, on'),
    impacts: scaleSchema.describe('From the least, level 1, on; for each of C, I and A'),
    bands: z
      .array(
        z.strictObject({
          id: slugSchema,
          title: line,
          fromScore: z.int().min(1).max(100),
          reviewEveryDays: z.int().min(1).max(3650),
        }),
      )
      .min(2)
      .max(10)
      .describe('From the lowest; a score is likelihood times impact'),
    acceptableUpTo: slugSchema.describe('The highest band whose risks are accepted without more'),
  })
  .superRefine(({ bands, acceptableUpTo, likelihoods, impacts }, context) => {
    const complain = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    const highest = likelihoods.length * impacts.length;
    bands.forEach(({ id, fromScore }, i) => {
      const before = bands[i - 1];
      if (before === undefined) {
        if (fromScore !== 1)
          complain(['bands', 0, 'fromScore'], 'must be 1: every score has a band');
      } else if (fromScore <= before.fromScore) {
        complain(
          ['bands', i, 'fromScore'],
          `is not above the ${before.fromScore} of the band before; begin with the lowest`,
        );
      }
      if (fromScore > highest) {
        complain(['bands', i, 'fromScore'], `no score is above ${highest}`);
      }
      if (bands.findIndex((band) => band.id === id) < i) {
        complain(['bands', i, 'id'], `"${id}" is there twice`);
      }
    });
    if (!bands.some(({ id }) => id === acceptableUpTo)) {
      complain(['acceptableUpTo'], `use ${bands.map(({ id }) => id).join(', ')}`);
    }
  });
export type RiskCriteria = z.output<typeof riskCriteriaSchema>;

const level = z.int().min(1).max(10);

/** How likely, and how bad for each of what security is about; what is left out is not touched. */
export const ratingSchema = z
  .strictObject({
    likelihood: level,
    confidentiality: level.optional(),
    integrity: level.optional(),
    availability: level.optional(),
  })
  .refine(
    ({ confidentiality, integrity, availability }) =>
      [confidentiality, integrity, availability].some((one) => one !== undefined),
    { message: 'give an impact on confidentiality, integrity or availability' },
  );
export type Rating = z.output<typeof ratingSchema>;

export interface Rated {
  readonly impact: number;
  /** Likelihood times impact. */
  readonly score: number;
  /** Id. */
  readonly band: string;
}

const qualities = ['confidentiality', 'integrity', 'availability'] as const;

/** The same facts are the same level, whoever asks: the worst of the three impacts times the likelihood. */
export function rate(criteria: Pick<RiskCriteria, 'bands'>, rating: Rating): Rated {
  const impact = Math.max(...qualities.map((quality) => rating[quality] ?? 0));
  const score = rating.likelihood * impact;
  const band = criteria.bands.findLast(({ fromScore }) => fromScore <= score)?.id ?? '';
  return { impact, score, band };
}

/** Levels that the scales do not have. */
export function ratingComplaints(
  { likelihoods, impacts }: Pick<RiskCriteria, 'likelihoods' | 'impacts'>,
  rating: Rating,
  path: string,
): { readonly field: string; readonly message: string }[] {
  const beyond = (field: string, value: number | undefined, highest: number) =>
    value !== undefined && value > highest
      ? [{ field: `${path}.${field}`, message: `the scale ends at ${highest}` }]
      : [];
  return [
    ...beyond('likelihood', rating.likelihood, likelihoods.length),
    ...qualities.flatMap((quality) => beyond(quality, rating[quality], impacts.length)),
  ];
}

/** Whether the owner may accept a risk in this band without an exception. */
export function isAcceptable(criteria: RiskCriteria, band: string): boolean {
  const position = (id: string): number => criteria.bands.findIndex((one) => one.id === id);
  const [is, most] = [position(band), position(criteria.acceptableUpTo)];
  return is >= 0 && is <= most;
}
