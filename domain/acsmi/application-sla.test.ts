import { describe, expect, it } from 'vitest';
import { applicationSla, nothingPromised, termOf, type SlaTerm } from './application-sla.ts';
import { contractSchema } from './contract.ts';

const contract = (label: string, provider: string, datacentre: string, percent: number) => ({
  ...contractSchema.parse({
    title: label,
    provider,
    covers: { datacentres: [datacentre] },
    starts: '2026-01-01',
    ends: '2027-01-01',
    noticeDays: 30,
    terms: { availabilityPercent: percent, monthlyFee: { amount: 1, currency: 'EUR' } },
  }),
  label,
});
const contracts = [
  contract('CON-1', 'iberia', 'mad', 99.9),
  contract('CON-2', 'lutetia', 'par', 99.5),
];
const stand = (component: string, datacentre: string, slaPercent?: number) => {
  const offer = `${datacentre}-s`;
  const footing = { application: 'shop', datacentre, offer, provider: undefined, slaPercent };
  return { component, datacentre, offer, term: termOf(footing, contracts, '2026-06-01') };
};

describe('what an application is promised', () => {
  it('is composed of its contracts: serial over components, parallel over datacentres', () => {
    const sla = applicationSla([stand('web', 'mad'), stand('web', 'par'), stand('db', 'mad')], 99);
    expect(sla).toMatchObject({ verdict: 'meets', promisedPercent: 99.9 });
    expect(sla.units.map(({ unit, promisedPercent }) => [unit, promisedPercent])).toEqual([
      ['mad by CON-1', 99.9],
      ['par by CON-2', 99.5],
    ]);
    expect(sla.components.map(({ component, computation }) => [component, computation])).toEqual([
      ['web', '1 − (1 − 99.9 %) × (1 − 99.5 %)'],
      ['db', '99.9 %'],
    ]);
    expect(sla.components[0]?.atLeastPercent).toBeCloseTo(99.9995, 9);
    expect(sla.summary).toBe('Promised are 99.9 % which is enough for the 99 % it requires.');
  });

  it('misses what it requires where nines are multiplied away', () => {
    const sla = applicationSla([stand('web', 'mad'), stand('db', 'par')], 99.5);
    expect(sla.verdict).toBe('misses');
    expect(sla.promisedPercent).toBeCloseTo(99.4005, 9);
  });

  it('takes the catalogue where there is no contract, and nothing for what nobody promises', () => {
    const known = applicationSla([stand('web', 'bcn', 99)], 98);
    expect(known).toMatchObject({ verdict: 'meets', promisedPercent: 99 });
    expect(known.units[0]?.unit).toBe('bcn by the catalogue (bcn-s)');
    const unknown = applicationSla([stand('web', 'bcn')], 98);
    expect(unknown).toMatchObject({
      verdict: 'unknown',
      promisedPercent: null,
      atLeastPercent: 0,
      atMostPercent: 100,
    });
    // Another datacentre that is promised enough by itself decides all the same; so does one that is not.
    expect(applicationSla([stand('web', 'bcn'), stand('web', 'mad')], 99.9).verdict).toBe('meets');
    const both = [stand('web', 'bcn'), stand('db', 'par')];
    expect(applicationSla(both, 99.9).verdict).toBe('misses');
  });

  it('counts the better term of a component in a datacentre, for its replicas go down together', () => {
    const term = (promisedPercent: number): SlaTerm => ({
      ...nothingPromised,
      source: 'catalogue',
      promisedPercent,
    });
    const at = (offer: string, percent: number) => ({
      component: 'web',
      datacentre: 'mad',
      offer,
      term: term(percent),
    });
    const sla = applicationSla([at('a', 99), at('b', 99.5), at('c', 98)], 99);
    expect(sla.promisedPercent).toBeCloseTo(99.5, 9);
    expect(sla.units.map(({ unit }) => unit)).toEqual(['mad by the catalogue (b)']);
  });

  it('meets nothing where nothing runs', () => {
    expect(applicationSla([], 0.1)).toMatchObject({ verdict: 'misses', promisedPercent: null });
  });
});
