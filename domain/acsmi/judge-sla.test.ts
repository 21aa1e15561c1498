import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slaTermsSchema } from './contract.ts';
import { describeBreach, judgeSla, samplesKept } from './judge-sla.ts';
import { monthInstants, monthOf } from './utc-days.ts';

const terms = slaTermsSchema.parse({
  availabilityPercent: 99.9,
  credits: [
    { belowPercent: 99.9, creditPercent: 10 },
    { belowPercent: 99, creditPercent: 25 },
    { belowPercent: 95, creditPercent: 100 },
  ],
  monthlyFee: { amount: 4200, currency: 'EUR' },
  measurement: { minSamples: 100 },
});
const samples = (asked: number, answered: number) => [
  { application: 'shop', component: 'web', datacentre: 'mad', asked, answered },
];

describe('a month against what was promised', () => {
  it.each([
    [10_000, 10_000, 'kept', 0, 0],
    [10_000, 9990, 'kept', 0, 0],
    [10_000, 9989, 'breached', 10, 420],
    [10_000, 9899, 'breached', 25, 1050],
    [10_000, 0, 'breached', 100, 4200],
    [99, 0, 'no-data', 0, 0],
    [0, 0, 'no-data', 0, 0],
  ])(
    'of %i asked %i answered is %s: credit %i %%, %d EUR',
    (asked, answered, verdict, percent, amount) => {
      const judged = judgeSla(terms, samples(asked, answered));
      expect(judged).toMatchObject({ verdict, creditPercent: percent, credit: { amount } });
    },
  );

  it('owes nothing below the promise where no tier is agreed', () => {
    const judged = judgeSla({ ...terms, credits: [] }, samples(1000, 1));
    expect(judged).toMatchObject({ verdict: 'breached', credit: { amount: 0, currency: 'EUR' } });
    expect(describeBreach({ label: 'CON-1', provider: 'iberia' }, '2026-11', judged)).toBe(
      'iberia answered 0.1000 % (1 of 1000) in 2026-11, and CON-1 promises 99.9 %: no credit is due.',
    );
  });

  it('counts all that stands there together', () => {
    const judged = judgeSla(terms, [...samples(500, 500), ...samples(500, 490)]);
    expect(judged).toMatchObject({ asked: 1000, answered: 990, measuredPercent: 99 });
  });

  it('names those that were answered least, and counts all', () => {
    const many = Array.from({ length: 300 }, (_, i) => samples(10, i % 10)).flat();
    const judged = judgeSla(terms, many);
    expect(judged).toMatchObject({ asked: 3000, answered: 1350 });
    expect(judged.samples).toHaveLength(samplesKept);
    expect(judged.samples[0]?.answered).toBe(0);
    expect(judged.samples.at(-1)?.answered).toBe(3);
  });

  const tiers = fc
    .uniqueArray(fc.integer({ min: 1, max: 990 }), { minLength: 1, maxLength: 6 })
    .chain((bounds) =>
      fc.record({
        below: fc.constant([...bounds].sort((a, b) => b - a).map((bound) => bound / 10)),
        credits: fc
          .uniqueArray(fc.integer({ min: 1, max: 100 }), {
            minLength: bounds.length,
            maxLength: bounds.length,
          })
          .map((percents) => percents.sort((a, b) => a - b)),
        fee: fc.integer({ min: 1, max: 10_000_000 }).map((cents) => cents / 100),
      }),
    );

  it('never owes less for a worse month, nor more than the fee, and only when it was not kept', () => {
    fc.assert(
      fc.property(
        tiers,
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ below, credits, fee }, asked, one, other) => {
          const agreed = slaTermsSchema.parse({
            availabilityPercent: 99,
            credits: below.map((belowPercent, i) => ({ belowPercent, creditPercent: credits[i] })),
            monthlyFee: { amount: fee, currency: 'EUR' },
            measurement: { minSamples: 1 },
          });
          const judge = (share: number) =>
            judgeSla(agreed, samples(asked, Math.floor(asked * share)));
          const [worse, better] = [judge(Math.min(one, other)), judge(Math.max(one, other))];
          expect(worse.credit.amount).toBeGreaterThanOrEqual(better.credit.amount);
          expect(worse.credit.amount).toBeLessThanOrEqual(fee);
          for (const judged of [worse, better]) {
            expect(judged.verdict === 'breached').toBe((judged.measuredPercent ?? 0) < 99);
            if (judged.verdict !== 'breached') expect(judged.credit.amount).toBe(0);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('has the instants of UTC, whatever its length and the year it ends in', () => {
    expect(monthOf(Date.parse('2026-12-31T23:59:59.999Z'))).toBe('2026-12');
    const { fromMs, toMs } = monthInstants('2026-12');
    expect([fromMs, toMs].map((ms) => new Date(ms).toISOString())).toEqual([
      '2026-12-01T00:00:00.000Z',
      '2027-01-01T00:00:00.000Z',
    ]);
  });
});
