import { describe, expect, it } from 'vitest';
import type { Nfrs } from '../application/nfrs.ts';
import { failedRequirements } from './compliance.ts';

const nfrs: Nfrs = {
  availability: { minPercent: 0 },
  monthlyCost: { max: 1, currency: 'EUR' },
  responseTime: { p95MaxMs: 1 },
  location: { countries: ['ES'], jurisdictions: ['ES', 'FR'] },
  certifications: { all: ['iso-27001', 'ens-high'] },
  securityLevel: { min: 3 },
  financialRisk: { max: 2 },
  technologicalRisk: { max: 4 },
};
const good = {
  // Capitals do not matter.
  certifications: ['ens-high', 'ISO-27001', 'soc-2'],
  jurisdiction: 'FR',
  securityLevel: 3,
  financialRisk: 2,
  technologicalRisk: 1,
};

describe('whether an offer may be rented', () => {
  it('is said by each requirement', () => {
    const failed = (offer: object, country = 'ES') =>
      failedRequirements(nfrs, { ...good, ...offer }, country);
    expect(failed({})).toEqual([]);
    expect(failed({}, 'PT')).toEqual(['location']);
    expect(failed({ jurisdiction: 'US' })).toEqual(['location']);
    expect(failed({ certifications: ['iso-27001'] })).toEqual(['certifications']);
    expect(failed({ securityLevel: 2, financialRisk: 3, technologicalRisk: 5 })).toEqual([
      'securityLevel',
      'financialRisk',
      'technologicalRisk',
    ]);
  });

  it('is not where what is asked for is not known, unless the requirement is left out', () => {
    expect(failedRequirements(nfrs, {}, 'ES')).toHaveLength(5);
    expect(failedRequirements(nfrs, {}, 'ES', new Set(['location', 'certifications']))).toEqual([
      'securityLevel',
      'financialRisk',
      'technologicalRisk',
    ]);
  });
});
