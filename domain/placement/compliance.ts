import type { Nfrs, Requirement } from '../application/nfrs.ts';
import { isSameMark } from '../names.ts';
import type { Offer } from './simulation.ts';

/** Requirements that an offer meets or not by itself, wherever else the application is. */
export const offerRequirements = [
  'location',
  'certifications',
  'securityLevel',
  'financialRisk',
  'technologicalRisk',
] as const satisfies readonly Requirement[];
export type OfferRequirement = (typeof offerRequirements)[number];

/** What of an offer a requirement is held against. */
export type RatedOffer = Pick<
  Offer,
  'certifications' | 'jurisdiction' | 'securityLevel' | 'financialRisk' | 'technologicalRisk'
>;

/** Whether an offer in a country meets one of the requirements; what is not known meets none. */
export function meets(
  nfrs: Nfrs,
  requirement: OfferRequirement,
  offer: RatedOffer,
  country: string,
): boolean {
  switch (requirement) {
    case 'location': {
      const { countries, jurisdictions } = nfrs.location;
      return (
        countries.includes(country) &&
        (jurisdictions === undefined || jurisdictions.includes(offer.jurisdiction ?? ''))
      );
    }
    case 'certifications':
      return (nfrs.certifications?.all ?? []).every(
        (one) => offer.certifications?.some((other) => isSameMark(one, other)) === true,
      );
    case 'securityLevel':
      return (
        nfrs.securityLevel === undefined || (offer.securityLevel ?? 0) >= nfrs.securityLevel.min
      );
    case 'financialRisk':
      return atMost(offer.financialRisk, nfrs.financialRisk);
    case 'technologicalRisk':
      return atMost(offer.technologicalRisk, nfrs.technologicalRisk);
  }
}

/** The requirements that keep an offer out, but for those in `without`. */
export function failedRequirements(
  nfrs: Nfrs,
  offer: RatedOffer,
  country: string,
  without: ReadonlySet<Requirement> = new Set(),
): OfferRequirement[] {
  return offerRequirements.filter(
    (requirement) => !without.has(requirement) && !meets(nfrs, requirement, offer, country),
  );
}

function atMost(risk: number | undefined, limit: { readonly max: number } | undefined): boolean {
  return limit === undefined || (risk ?? Number.POSITIVE_INFINITY) <= limit.max;
}
