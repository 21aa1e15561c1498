import * as z from 'zod';
import { dayOf, startOfDayMs } from '../acsmi/utc-days.ts';
import { slugSchema } from '../names.ts';
import { annexA, controlOf } from './annex-a.ts';
import {
  rate,
  ratingComplaints,
  ratingSchema,
  type Rating,
  type RiskCriteria,
} from './criteria.ts';

export const treatmentOptions = ['modify', 'retain', 'avoid', 'share'] as const;
export type TreatmentOption = (typeof treatmentOptions)[number];

const text = (most: number) => z.string().trim().min(3).max(most);

const controlNumber = z.string().refine((number) => controlOf(number) !== undefined, {
  message: `is no control of Annex A: use a number from 5.1 to 8.34 (${annexA.length} in all)`,
});

const treatmentSchema = z
  .strictObject({
    option: z.enum(treatmentOptions),
    explanation: text(4000).describe('Why this way, and what it does'),
    controls: z.array(controlNumber).max(93).default([]).describe('Of Annex A'),
    ownControls: z
      .array(z.strictObject({ id: slugSchema, title: text(200) }))
      .max(100)
      .default([])
      .describe('Controls that Annex A does not have'),
    residual: ratingSchema.describe('What is left when all of it is done'),
  })
  .superRefine(({ option, controls, ownControls }, context) => {
    const complain = (path: string[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    if (option === 'modify' && controls.length + ownControls.length === 0) {
      complain(['controls'], 'a risk is modified by controls: name at least one');
    }
    if (new Set(controls).size < controls.length) complain(['controls'], 'names one twice');
  });

/** A risk as it is assessed: the body of `POST /risks` and the content of `risk.yaml`. */
export const riskSchema = z
  .strictObject({
    title: text(200),
    asset: text(500),
    threat: text(1000),
    vulnerability: text(1000),
    owner: z.string().min(1).max(100).describe('Id of the principal who accepts what is left'),
    inherent: ratingSchema.describe('Without what is done about it'),
    treatment: treatmentSchema.nullable().default(null).describe('null: not decided yet'),
    reviewOn: z.iso
      .date('use a date such as 2026-12-31')
      .optional()
      .describe('Earlier than the criteria demand'),
  })
  .superRefine(({ inherent, treatment }, context) => {
    if (treatment?.option !== 'retain') return;
    if (!isSameRating(inherent, treatment.residual)) {
      context.addIssue({
        code: 'custom',
        path: ['treatment', 'residual'],
        message: 'a risk that is retained is as it was: give the same as inherent',
      });
    }
  });
export type Risk = z.output<typeof riskSchema>;

const isSameRating = (one: Rating, other: Rating): boolean =>
  (['likelihood', 'confidentiality', 'integrity', 'availability'] as const).every(
    (key) => one[key] === other[key],
  );

/** What is wrong with an assessment by these criteria. */
export function riskComplaints(
  criteria: RiskCriteria,
  { inherent, treatment }: Risk,
): { readonly field: string; readonly message: string }[] {
  const complaints = ratingComplaints(criteria, inherent, 'inherent');
  if (treatment === null) return complaints;
  const { residual } = treatment;
  const [before, after] = [rate(criteria, inherent), rate(criteria, residual)];
  return [
    ...complaints,
    ...ratingComplaints(criteria, residual, 'treatment.residual'),
    ...(after.score > before.score
      ? [
          {
            field: 'treatment.residual',
            message: `is worse (${after.score}) than without treatment (${before.score})`,
          },
        ]
      : []),
  ];
}

/** Day by which a risk is to be assessed again: as its band demands, or earlier if it says so. */
export function reviewDay(
  criteria: Pick<RiskCriteria, 'bands'>,
  band: string,
  assessedAt: string,
  wanted: string | undefined,
): string {
  const days = criteria.bands.find(({ id }) => id === band)?.reviewEveryDays ?? 1;
  const demanded = dayOf(startOfDayMs(dayOf(assessedAt)) + days * 86_400_000);
  return wanted !== undefined && wanted < demanded ? wanted : demanded;
}

export const implementationStates = ['not-started', 'planned', 'partly', 'implemented'] as const;

/** What is decided about a control of Annex A: the body of `PUT /controls/:control`. */
export const controlDecisionSchema = z
  .strictObject({
    applicable: z.boolean(),
    reason: text(4000).describe('Why it is included or, just so, why it is not'),
    implementation: z.enum(implementationStates).optional(),
    how: text(4000).optional().describe('By what it is implemented, and where that is seen'),
  })
  .superRefine(({ applicable, implementation, how }, context) => {
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (applicable && implementation === undefined) {
      complain('implementation', `say how far it is: ${implementationStates.join(', ')}`);
    }
    if (!applicable && implementation !== undefined) {
      complain('implementation', 'what is excluded is not implemented: leave it out');
    }
    if (implementation === 'implemented' && how === undefined) {
      complain('how', 'say by what it is implemented');
    }
  });
export type ControlDecision = z.output<typeof controlDecisionSchema>;
