import type { Page } from '../inventory/ports.ts';
import type { Offer } from '../placement/simulation.ts';

/** An offer as its provider's catalogue has it. */
export interface CatalogueOffer extends Offer {
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
