import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { goodContract as good } from '../../test/support/contract-definition.ts';
import { contractSchema, contractState, endsSoon } from './contract.ts';
import { coveringContract } from './covering-contract.ts';

const withTerms = (terms: object) => ({ ...good, terms: { ...good.terms, ...terms } });
const credits = (...tiers: [number, number][]) =>
  withTerms({
    credits: tiers.map(([belowPercent, creditPercent]) => ({ belowPercent, creditPercent })),
  });
const complaintsOf = (given: object): string[] =>
  (contractSchema.safeParse(given).error?.issues ?? []).map(
    ({ path, message }) => `${z.core.toDotPath(path)}: ${message}`,
  );

describe('a contract', () => {
  it('needs no more than is agreed', () => {
    expect(contractSchema.parse(good)).toMatchObject({
      covers: { datacentres: ['mad'], offers: [] },
      terms: { measurement: { minSamples: 1000 } },
    });
  });

  it.each([
    [
      'no fee',
      withTerms({ monthlyFee: { amount: 0, currency: 'EUR' } }),
      'terms.monthlyFee.amount: use more than 0',
    ],
    [
      'a negative fee',
      withTerms({ monthlyFee: { amount: -1, currency: 'EUR' } }),
      'terms.monthlyFee.amount: use more than 0',
    ],
    [
      'more than is possible',
      withTerms({ availabilityPercent: 101, credits: [] }),
      'terms.availabilityPercent: use at most 100 (per cent)',
    ],
    [
      'an end before its start',
      { ...good, ends: '2025-12-31' },
      'ends: is not after starts; it is the first day without the contract',
    ],
    [
      'no length',
      { ...good, ends: good.starts },
      'ends: is not after starts; it is the first day without the contract',
    ],
    ['a day that is none', { ...good, ends: '2026-02-30' }, 'ends: use a date such as 2026-12-31'],
    [
      'nothing that it is about',
      { ...good, covers: {} },
      'covers.datacentres: names nothing, and neither does offers: name what the contract is about',
    ],
    [
      'something twice',
      { ...good, covers: { datacentres: ['mad', 'mad'] } },
      'covers.datacentres: names something twice; name each once',
    ],
    [
      'part of a day of notice',
      { ...good, noticeDays: 0.5 },
      'noticeDays: use a whole number of days',
    ],
    [
      'a credit above the promise',
      credits([99.95, 10]),
      'terms.credits[0].belowPercent: is above the 99.9 % that are promised; a credit is for less than that',
    ],
    [
      'tiers that rise',
      credits([95, 10], [99, 25]),
      'terms.credits[1].belowPercent: is not below the 95 % of the tier before; order tiers from the mildest to the worst',
    ],
    [
      'a worse month that owes less',
      credits([99, 25], [95, 10]),
      'terms.credits[1].creditPercent: is not more than the 25 % of the tier before; a worse month owes more',
    ],
  ])('is refused with %s, naming the field and the way out', (_, given, complaint) => {
    expect(complaintsOf(given)).toEqual([complaint]);
  });

  it('is in a state by its dates alone', () => {
    const contract = contractSchema.parse(good);
    const stateOn = (at: string) => contractState(contract, Date.parse(at));
    expect(stateOn('2025-12-31T23:59:59.999Z')).toBe('upcoming');
    expect(stateOn('2026-01-01T00:00:00.000Z')).toBe('in-force');
    expect(stateOn('2026-12-01T23:59:59.999Z')).toBe('in-force');
    expect(stateOn('2026-12-02T00:00:00.000Z')).toBe('in-notice');
    expect(stateOn('2027-01-01T00:00:00.000Z')).toBe('ended');
    const soon = (at: string) => endsSoon(contract, 30, Date.parse(at));
    expect(soon('2026-11-01T23:59:59.999Z')).toBe(false);
    expect(soon('2026-11-02T00:00:00.000Z')).toBe(true);
    expect(soon('2027-01-01T00:00:00.000Z')).toBe(false);
  });
});

describe('the contract that counts', () => {
  const contract = (label: string, more: object = {}) => ({
    ...contractSchema.parse({ ...good, ...more }),
    label,
  });
  const footing = { application: 'shop', datacentre: 'mad', offer: 'mad-s', provider: 'iberia' };
  const chosen = (...contracts: ReturnType<typeof contract>[]) =>
    coveringContract(contracts, footing, '2026-06-01')?.label;
  const offers = { covers: { offers: ['mad-s'] } };

  it('is the closest: for the application, then of the offer, then the latest', () => {
    const whole = contract('CON-1');
    const ofOffer = contract('CON-2', offers);
    const ofShop = contract('CON-3', { application: 'shop' });
    const later = contract('CON-4', { starts: '2026-05-01' });
    expect(chosen(whole)).toBe('CON-1');
    expect(chosen(whole, later)).toBe('CON-4');
    expect(chosen(whole, ofOffer, later)).toBe('CON-2');
    expect(chosen(whole, ofOffer, ofShop, later)).toBe('CON-3');
  });

  it('is in force, of the provider, and about this application', () => {
    expect(chosen(contract('CON-1', { starts: '2026-06-02' }))).toBeUndefined();
    expect(chosen(contract('CON-1', { ends: '2026-06-01' }))).toBeUndefined();
    expect(chosen(contract('CON-1', { provider: 'lutetia' }))).toBeUndefined();
    expect(chosen(contract('CON-1', { application: 'other' }))).toBeUndefined();
    // Where the catalogue does not say who sells it, whoever sells there is taken.
    const unsold = { ...footing, provider: undefined };
    const of = contract('CON-1', { provider: 'lutetia' });
    expect(coveringContract([of], unsold, '2026-06-01')?.label).toBe('CON-1');
  });
});
