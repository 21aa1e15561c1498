import { describe, expect, it } from 'vitest';
import type { Nfrs } from '../application/nfrs.ts';
import type { ProbeSample } from '../deployment/ports.ts';
import { judgeVerification, p95, type EntryEvidence } from './judge-verification.ts';

const nfrs: Nfrs = {
  availability: { minPercent: 95 },
  monthlyCost: { max: 100, currency: 'EUR' },
  responseTime: { p95MaxMs: 250 },
  location: { countries: ['ES'] },
};
const placement = {
  monthlyCost: 100,
  currency: 'EUR',
  sites: [{ datacentre: 'mad', country: 'ES' }],
};
const sample = (ok: boolean, durationMs: number): ProbeSample => ({
  component: 'web',
  at: '2026-11-24T12:00:00.000Z',
  ok,
  durationMs,
  detail: '',
  hops: [],
});
const entry = (durationsMs: readonly number[], failed = 0): EntryEvidence => ({
  datacentre: 'mad',
  component: 'web',
  samplesWanted: 20,
  samples: [
    ...durationsMs.map((ms) => sample(true, ms)),
    ...Array.from({ length: failed }, () => sample(false, 2_000)),
  ],
});
const steady = (count: number, ms = 50): number[] => Array.from({ length: count }, () => ms);

describe('the judgement of a verification', () => {
  it('passes when every requirement was measured and holds, its limits included', () => {
    const report = judgeVerification(nfrs, [entry(steady(19, 250), 1)], placement);
    expect(report.verdict).toBe('passed');
    expect(report.requirements.map(({ verdict }) => verdict)).toEqual(Array(4).fill('holds'));
  });

  it.each([
    ['nothing was measured', []],
    ['an entry has no sample', [entry([])]],
    ['an entry has one sample too few', [entry(steady(19))]],
    ['one of two entries has too few', [entry(steady(20)), entry(steady(3))]],
  ])('never passes when %s', (_what, entries) => {
    expect(judgeVerification(nfrs, entries, placement).verdict).not.toBe('passed');
  });

  it('calls too little evidence inconclusive, not violated, when what there is holds', () => {
    expect(judgeVerification(nfrs, [entry(steady(19))], placement).verdict).toBe('inconclusive');
    expect(judgeVerification(nfrs, [], placement).verdict).toBe('inconclusive');
  });

  it('counts unanswered probes against availability, and says nothing of their response time', () => {
    const report = judgeVerification(nfrs, [entry([], 20)], placement);
    expect(report.verdict).toBe('violated');
    expect(report.requirements[0]).toMatchObject({ verdict: 'violated', datacentres: ['mad'] });
    expect(report.requirements[1]?.measured).toContain('no answer');
  });

  it('names the datacentre that is too slow', () => {
    const report = judgeVerification(nfrs, [entry(steady(20, 251))], placement);
    expect(report.verdict).toBe('violated');
    expect(report.summary).toBe('Violated: responseTime p95 at most 250 ms: web@mad 251 ms.');
  });

  it('judges cost and location by the placement, whatever the probes say', () => {
    const dear = judgeVerification(nfrs, [entry(steady(20))], {
      ...placement,
      monthlyCost: 100.01,
    });
    expect(dear.requirements[2]?.verdict).toBe('violated');
    const abroad = judgeVerification(nfrs, [entry(steady(20))], {
      ...placement,
      sites: [{ datacentre: 'par', country: 'FR' }],
    });
    expect(abroad.requirements[3]).toMatchObject({ verdict: 'violated', datacentres: ['par'] });
  });
});

describe('the 95th percentile', () => {
  it('is the value at the nearest rank', () => {
    expect(p95(Array.from({ length: 100 }, (_, index) => 100 - index))).toBe(95);
    expect(p95([3, 1, 2])).toBe(3);
    expect(p95([])).toBeUndefined();
  });
});
