import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { annexA, controlOf } from './annex-a.ts';
import { isAcceptable, rate, ratingComplaints, riskCriteriaSchema } from './criteria.ts';
import { controlDecisionSchema, reviewDay, riskComplaints, riskSchema } from './risk.ts';

const example = (name: string): unknown =>
  parse(readFileSync(join(import.meta.dirname, '../../examples/risks', name), 'utf8'));
const criteria = riskCriteriaSchema.parse(example('criteria.yaml'));
const risk = riskSchema.parse(example('risk.yaml'));
const complaintsOf = (schema: typeof riskCriteriaSchema | typeof riskSchema, value: unknown) => {
  const parsed = schema.safeParse(value);
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

describe('Annex A', () => {
  it('has all 93 controls of the edition of 2022, each once, in its theme', () => {
    const counts = { 5: 37, 6: 8, 7: 14, 8: 34 };
    const numbers = Object.entries(counts).flatMap(([chapter, count]) =>
      Array.from({ length: count }, (_, i) => `${chapter}.${i + 1}`),
    );
    expect(annexA.map(({ number }) => number)).toEqual(numbers);
    expect(numbers).toHaveLength(93);
    const themed = Map.groupBy(annexA, ({ theme }) => theme);
    expect([...themed].map(([theme, list]) => [theme, list.length])).toEqual([
      ['organisational', 37],
      ['people', 8],
      ['physical', 14],
      ['technological', 34],
    ]);
    expect(new Set(annexA.map(({ title }) => title)).size).toBe(93);
    expect([controlOf('8.32')?.title, controlOf('8.35'), controlOf('5.01')]).toEqual([
      'Changes under control',
      undefined,
      undefined,
    ]);
  });
});

describe('risk criteria', () => {
  it('give every score that can be a band, the same for the same facts', () => {
    const level = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(level, level, level, level, (likelihood, c, i, a) => {
        const rating = { likelihood, confidentiality: c, integrity: i, availability: a };
        const rated = rate(criteria, rating);
        expect(rated).toEqual(rate(structuredClone(criteria), { ...rating }));
        expect(rated.impact).toBe(Math.max(c, i, a));
        const at = criteria.bands.findIndex(({ id }) => id === rated.band);
        expect(criteria.bands[at]!.fromScore).toBeLessThanOrEqual(rated.score);
        expect(criteria.bands[at + 1]?.fromScore ?? Infinity).toBeGreaterThan(rated.score);
        // More of anything is never a lower band.
        const worse = rate(criteria, { ...rating, likelihood: Math.min(4, likelihood + 1) });
        const worseAt = criteria.bands.findIndex(({ id }) => id === worse.band);
        expect(worseAt).toBeGreaterThanOrEqual(at);
      }),
    );
  });

  it('are whole: bands from 1 on, in order, of scores that can be, and one to accept up to', () => {
    const [low, medium] = criteria.bands;
    const bands = [
      { ...low!, fromScore: 2 },
      { ...medium!, fromScore: 2 },
      { ...medium!, fromScore: 17 },
    ];
    expect(
      complaintsOf(riskCriteriaSchema, { ...criteria, bands, acceptableUpTo: 'none' }),
    ).toEqual([
      'bands.0.fromScore: must be 1: every score has a band',
      'bands.1.fromScore: is not above the 2 of the band before; begin with the lowest',
      'bands.2.fromScore: no score is above 16',
      'bands.2.id: "medium" is there twice',
      'acceptableUpTo: use low, medium, medium',
    ]);
  });

  it('accept up to their band, and nothing that they do not know', () => {
    expect(['low', 'medium', 'high', 'ghost'].map((band) => isAcceptable(criteria, band))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('end their scales', () => {
    expect(
      ratingComplaints(criteria, { likelihood: 5, integrity: 5, availability: 1 }, 'inherent'),
    ).toEqual([
      { field: 'inherent.likelihood', message: 'the scale ends at 4' },
      { field: 'inherent.integrity', message: 'the scale ends at 4' },
    ]);
  });
});

describe('a risk', () => {
  const treated = (more: object) => ({ ...risk, treatment: { ...risk.treatment, ...more } });

  it('is treated by controls that exist, and is not worse for it', () => {
    expect(riskComplaints(criteria, risk)).toEqual([]);
    expect(complaintsOf(riskSchema, treated({ controls: ['7.11', '9.1'] }))[0]).toContain(
      'is no control of Annex A: use a number from 5.1 to 8.34 (93 in all)',
    );
    expect(complaintsOf(riskSchema, treated({ controls: [] }))).toEqual([
      'treatment.controls: a risk is modified by controls: name at least one',
    ]);
    const worse = riskSchema.parse(treated({ residual: { likelihood: 4, availability: 4 } }));
    expect(riskComplaints(criteria, worse)).toEqual([
      { field: 'treatment.residual', message: 'is worse (16) than without treatment (12)' },
    ]);
  });

  it('that is retained is what it was', () => {
    expect(complaintsOf(riskSchema, treated({ option: 'retain' }))).toEqual([
      'treatment.residual: a risk that is retained is as it was: give the same as inherent',
    ]);
    const same = treated({ option: 'retain', residual: risk.inherent, controls: [] });
    expect(complaintsOf(riskSchema, same)).toEqual([]);
  });

  it('touches something', () => {
    expect(complaintsOf(riskSchema, { ...risk, inherent: { likelihood: 1 } })).toContain(
      'inherent: give an impact on confidentiality, integrity or availability',
    );
  });

  it('is assessed again as its band demands, or earlier if it says so', () => {
    const day = (wanted?: string) =>
      reviewDay(criteria, 'high', '2026-02-27T23:59:00.000Z', wanted);
    expect([day(), day('2026-03-01'), day('2030-01-01')]).toEqual([
      '2026-08-26',
      '2026-03-01',
      '2026-08-26',
    ]);
  });
});

describe('a decision about a control', () => {
  it('says why, how far, and by what, and excludes nothing that is implemented', () => {
    const isRight = (more: object) =>
      controlDecisionSchema.safeParse({ reason: 'because', ...more }).success;
    expect(isRight({ applicable: false })).toBe(true);
    expect(isRight({ applicable: false, implementation: 'planned' })).toBe(false);
    expect(isRight({ applicable: true })).toBe(false);
    expect(isRight({ applicable: true, implementation: 'planned' })).toBe(true);
    expect(isRight({ applicable: true, implementation: 'implemented' })).toBe(false);
    expect(isRight({ applicable: true, implementation: 'implemented', how: 'by CTC' })).toBe(true);
    expect(isRight({ applicable: true, implementation: 'partly', reason: '' })).toBe(false);
  });
});
