import * as z from 'zod';
import { currencySchema, slugSchema } from '../names.ts';
import { startOfDayMs } from './utc-days.ts';

/** Ended as seldom as that: more are a mistake of units. */
const longestNoticeDays = 3650;
const dayMs = 86_400_000;

const percent = z.number().gt(0, 'use more than 0').max(100, 'use at most 100 (per cent)');
const daySchema = z.iso.date('use a date such as 2026-12-31');

/** What a provider owes when it was up for less than `belowPercent` of a month: a share of the month's fee. */
export const creditTierSchema = z.strictObject({
  belowPercent: percent,
  creditPercent: percent,
});

export const slaTermsSchema = z
  .strictObject({
    /** Promised for each calendar month (of UTC) and each thing that is covered. */
    availabilityPercent: percent,
    /** From the mildest to the worst: lower bounds owe more. */
    credits: z.array(creditTierSchema).max(20).default([]),
    monthlyFee: z.strictObject({
      amount: z.number().gt(0, 'use more than 0').max(9_999_999_999, 'use at most 9,999,999,999'),
      currency: currencySchema,
    }),
    /** Answers of what runs there, as guardians ask for them; fewer in a month are no data, and no verdict. */
    measurement: z
      .strictObject({ minSamples: z.int().min(1).max(1_000_000_000) })
      .default({ minSamples: 1000 }),
  })
  .superRefine(({ availabilityPercent, credits }, context) => {
    credits.forEach(({ belowPercent, creditPercent }, i) => {
      const complain = (field: string, message: string): void =>
        context.addIssue({ code: 'custom', path: ['credits', i, field], message });
      const before = credits[i - 1];
      if (before === undefined) {
        if (belowPercent > availabilityPercent) {
          complain(
            'belowPercent',
            `is above the ${availabilityPercent} % that are promised; a credit is for less than that`,
          );
        }
        return;
      }
      if (belowPercent >= before.belowPercent) {
        complain(
          'belowPercent',
          `is not below the ${before.belowPercent} % of the tier before; order tiers from the mildest to the worst`,
        );
      }
      if (creditPercent <= before.creditPercent) {
        complain(
          'creditPercent',
          `is not more than the ${before.creditPercent} % of the tier before; a worse month owes more`,
        );
      }
    });
  });

const listOfIds = z
  .array(slugSchema)
  .max(1000)
  .default([])
  .refine((ids) => new Set(ids).size === ids.length, 'names something twice; name each once');

/** What is agreed with a provider: the body of `POST /contracts` and the content of `contract.yaml`. */
export const contractSchema = z
  .strictObject({
    title: z.string().trim().min(3).max(200),
    provider: slugSchema,
    /** What of the provider it is about: all it sells in datacentres, or single offers. */
    covers: z
      .strictObject({ datacentres: listOfIds, offers: listOfIds })
      .refine(({ datacentres, offers }) => datacentres.length + offers.length > 0, {
        path: ['datacentres'],
        message: 'names nothing, and neither does offers: name what the contract is about',
      }),
    /** Without one it is for whatever stands there. */
    application: slugSchema.optional(),
    /** Days of UTC: in force from the first on, and from the second on no more. */
    starts: daySchema,
    ends: daySchema,
    noticeDays: z
      .int('use a whole number of days')
      .min(0, 'use 0 or more')
      .max(longestNoticeDays, `use at most ${longestNoticeDays}`),
    terms: slaTermsSchema,
  })
  .refine(({ starts, ends }) => starts < ends, {
    path: ['ends'],
    message: 'is not after starts; it is the first day without the contract',
  });

export type Contract = z.output<typeof contractSchema>;
export type SlaTerms = z.output<typeof slaTermsSchema>;

export const contractStates = ['upcoming', 'in-force', 'in-notice', 'ended'] as const;
export type ContractState = (typeof contractStates)[number];

type ContractTimes = Pick<Contract, 'starts' | 'ends' | 'noticeDays'>;

/** `in-notice` from the day on by which notice had to be given. */
export function contractState(
  { starts, ends, noticeDays }: ContractTimes,
  nowMs: number,
): ContractState {
  if (nowMs < startOfDayMs(starts)) return 'upcoming';
  if (nowMs >= startOfDayMs(ends)) return 'ended';
  return nowMs >= startOfDayMs(ends) - noticeDays * dayMs ? 'in-notice' : 'in-force';
}

/** Whether to warn: it ends within its notice period and so many days more, and has not ended. */
export function endsSoon(contract: ContractTimes, warningDays: number, nowMs: number): boolean {
  const endsMs = startOfDayMs(contract.ends);
  return nowMs < endsMs && nowMs >= endsMs - (contract.noticeDays + warningDays) * dayMs;
}
