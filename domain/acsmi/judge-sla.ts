import type { SlaTerms } from './contract.ts';

/** What was asked of something that stands on what a contract covers, and how much of it was answered. */
export interface MonthSamples {
  readonly application: string;
  readonly component: string;
  readonly datacentre: string;
  readonly asked: number;
  readonly answered: number;
}

export interface SlaVerdict {
  readonly verdict: 'kept' | 'breached' | 'no-data';
  readonly promisedPercent: number;
  /** Null without a sample. */
  readonly measuredPercent: number | null;
  readonly asked: number;
  readonly answered: number;
  /** Of the month's fee; 0 where nothing is due. */
  readonly creditPercent: number;
  readonly credit: { readonly amount: number; readonly currency: string };
  /** Those that were answered least come first; at most `samplesKept`, all are counted. */
  readonly samples: readonly MonthSamples[];
}

export const samplesKept = 100;

export const unanswered = ({ asked, answered }: Pick<MonthSamples, 'asked' | 'answered'>): number =>
  asked - answered;

/** A month in which a contract was not kept, as evidence. */
export interface SlaBreach extends SlaVerdict {
  readonly contract: string;
  readonly month: string;
}

/**
 * A month's samples against what was promised. Fewer samples than the terms ask for are no data: neither kept
 * nor breached. The credit is that of the worst tier that was reached, to the hundredth of the currency.
 */
export function judgeSla(terms: SlaTerms, samples: readonly MonthSamples[]): SlaVerdict {
  const asked = samples.reduce((sum, one) => sum + one.asked, 0);
  const answered = samples.reduce((sum, one) => sum + one.answered, 0);
  const measuredPercent = asked === 0 ? null : (100 * answered) / asked;
  const { availabilityPercent: promisedPercent, monthlyFee, measurement } = terms;
  const enough = measuredPercent !== null && asked >= measurement.minSamples;
  const breached = enough && measuredPercent < promisedPercent;
  const creditPercent = breached
    ? (terms.credits.findLast(({ belowPercent }) => measuredPercent < belowPercent)
        ?.creditPercent ?? 0)
    : 0;
  return {
    verdict: !enough ? 'no-data' : breached ? 'breached' : 'kept',
    promisedPercent,
    measuredPercent,
    asked,
    answered,
    creditPercent,
    credit: {
      amount: Math.round(monthlyFee.amount * creditPercent) / 100,
      currency: monthlyFee.currency,
    },
    samples: [...samples].sort((a, b) => unanswered(b) - unanswered(a)).slice(0, samplesKept),
  };
}

/** Of a breach, in one sentence with its figures. */
export function describeBreach(
  contract: { readonly label: string; readonly provider: string },
  month: string,
  { measuredPercent, promisedPercent, asked, answered, credit, creditPercent }: SlaVerdict,
): string {
  const due =
    creditPercent === 0
      ? 'no credit is due'
      : `a credit of ${credit.amount.toFixed(2)} ${credit.currency} is due (${creditPercent} % of the fee)`;
  return (
    `${contract.provider} answered ${(measuredPercent ?? 0).toFixed(4)} % (${answered} of ${asked}) in ` +
    `${month}, and ${contract.label} promises ${promisedPercent} %: ${due}.`
  );
}
