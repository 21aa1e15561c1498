import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assessRisk, questions, riskLevels, type RiskFacts } from './change-risk.ts';

const calm: RiskFacts = {
  servicesDown: 0,
  servicesDegraded: 0,
  servicesAtRisk: 0,
  customers: 0,
  conflicts: { blocking: 0, warnings: 0 },
  similar: { ended: 20, failed: 0 },
  evidence: 'same-release',
  rollback: 'tested',
  officeMinutes: 0,
  windowMinutes: 120,
  class: 'normal',
  answers: {},
};
const count = fc.integer({ min: 0, max: 2_000_000 });
const facts: fc.Arbitrary<RiskFacts> = fc.record({
  servicesDown: count,
  servicesDegraded: count,
  servicesAtRisk: count,
  customers: count,
  conflicts: fc.record({ blocking: fc.nat(50), warnings: fc.nat(50) }),
  similar: fc
    .nat(20)
    .chain((ended) => fc.record({ ended: fc.constant(ended), failed: fc.nat(ended) })),
  evidence: fc.constantFrom('none', 'named', 'same-release'),
  rollback: fc.constantFrom('none', 'planned', 'tested'),
  officeMinutes: fc.nat(720),
  windowMinutes: fc.integer({ min: 720, max: 10_000 }),
  class: fc.constantFrom('standard', 'normal', 'emergency'),
  answers: fc.dictionary(fc.constantFrom(...questions), fc.boolean()),
});

describe("a change's risk", () => {
  it('is the sum of its factors, none beyond its most, and at most 100', () => {
    fc.assert(
      fc.property(facts, (some) => {
        const { score, level, factors } = assessRisk(some);
        const sum = factors.reduce((all, { points }) => all + points, 0);
        expect(score).toBe(Math.min(100, sum));
        for (const { points, most } of factors) {
          expect(points).toBeGreaterThanOrEqual(0);
          expect(points).toBeLessThanOrEqual(most);
        }
        expect(riskLevels).toContain(level);
      }),
    );
  });

  it('is the same for the same facts, and never falls when one of them gets worse', () => {
    const worse: ((some: RiskFacts) => RiskFacts)[] = [
      (some) => ({ ...some, servicesDown: some.servicesDown * 2 + 1 }),
      (some) => ({ ...some, customers: some.customers * 2 + 1 }),
      (some) => ({
        ...some,
        conflicts: { ...some.conflicts, blocking: some.conflicts.blocking + 1 },
      }),
      (some) => ({ ...some, evidence: 'none' }),
      (some) => ({ ...some, rollback: 'none' }),
      (some) => ({ ...some, officeMinutes: some.windowMinutes }),
      (some) => ({ ...some, class: 'emergency' }),
      (some) => ({ ...some, answers: { ...some.answers, 'data-loss': true } }),
      (some) => ({ ...some, similar: { ended: some.similar.ended, failed: some.similar.ended } }),
    ];
    fc.assert(
      fc.property(facts, fc.constantFrom(...worse), (some, make) => {
        expect(assessRisk(some)).toEqual(assessRisk(structuredClone(some)));
        expect(assessRisk(make(some)).score).toBeGreaterThanOrEqual(assessRisk(some).score);
      }),
    );
  });

  it('is nothing where nothing speaks against it, and very high where everything does', () => {
    expect(assessRisk(calm)).toMatchObject({ score: 0, level: 'low' });
    const worst = assessRisk({
      servicesDown: 1_500_000,
      servicesDegraded: 0,
      servicesAtRisk: 0,
      customers: 266_000,
      conflicts: { blocking: 3, warnings: 3 },
      similar: { ended: 6, failed: 6 },
      evidence: 'none',
      rollback: 'none',
      officeMinutes: 120,
      windowMinutes: 120,
      class: 'emergency',
      answers: Object.fromEntries(questions.map((question) => [question, true])),
    });
    expect(worst).toMatchObject({ score: 100, level: 'very-high' });
  });

  it('says what each point comes from, and what was not answered', () => {
    const { factors } = assessRisk({ ...calm, similar: { ended: 2, failed: 1 }, servicesDown: 40 });
    const because = Object.fromEntries(factors.map((one) => [one.factor, one.because]));
    expect(because['history']).toBe(
      'only 2 similar changes have ended, 1 of them badly: too few to tell',
    );
    expect(because['services']).toBe('40 services down, 0 degraded, 0 at risk');
    expect(because['questionnaire']).toContain('not answered: data-loss');
  });
});
