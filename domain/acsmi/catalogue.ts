import type { Page } from '../inventory/ports.ts';
import type { Offer } from '../placement/simulation.ts';

/** An offer with what is known of it besides; what is not known is absent, never taken for good. */
export interface PlaceableOffer extends Offer {
  readonly provider?: string;
  readonly region?: string;
  operatingSystems?: string[];
  readonly gpus?: number;
  certifications?: string[];
  /** ISO 3166-1: whose law what runs there is under; the provider's where the offer has none of its own. */
  readonly jurisdiction?: string;
  /** From 1 to 5, the most secure. */
  readonly securityLevel?: number;
  /** Of the provider, from 1, the least, to 5. */
  readonly financialRisk?: number;
  readonly technologicalRisk?: number;
  /** Availability that the catalogue promises, in per cent of a month. */
  readonly slaPercent?: number;
}

/** An offer as its provider's catalogue has it. */
export interface CatalogueOffer extends PlaceableOffer {
  readonly priceModel?: string;
  /** `monthlyPrice` is `hoursPerMonth` times this. */
  readonly hourlyPrice?: number;
  /** Days of UTC: sold from the first on, and from the second on no more. */
  readonly validFrom?: string;
  readonly validTo?: string;
}

/** All that are given must hold; an offer of which it is not known does not count as one that has it. */
export interface OfferFilter {
  readonly provider?: string;
  readonly region?: string;
  readonly datacentre?: string;
  readonly jurisdiction?: string;
  /** All of them; capitals do not matter. */
  readonly certifications?: readonly string[];
  readonly operatingSystem?: string;
  readonly minCores?: number;
  readonly minMemoryMb?: number;
  readonly minStorageGb?: number;
  readonly minGpus?: number;
  /** A month, in the offer's own currency. */
  readonly maxMonthlyPrice?: number;
  readonly currency?: string;
  readonly minSlaPercent?: number;
  readonly minSecurityLevel?: number;
  /** A day of UTC, such as 2026-12-31: sold then. */
  readonly validAt: string;
}

export interface OfferCatalogue {
  /** By id. @throws DomainError `invalid` for a cursor that this list never gave. */
  find(
    filter: OfferFilter,
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<CatalogueOffer>>;
}
