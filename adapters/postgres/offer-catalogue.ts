import type { Knex } from 'knex';
import type { CatalogueOffer, OfferCatalogue, OfferFilter } from '../../domain/acsmi/catalogue.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { catalogueOffers, withoutNulls } from './offer-rows.ts';

type Conditions = { readonly [Field in keyof Required<OfferFilter>]: string };

/** Comparisons with what is not known are not true: such an offer is not found by them. */
const conditions: Conditions = {
  provider: 'provider = :provider',
  region: 'region = :region',
  datacentre: 'datacentre = :datacentre',
  jurisdiction: 'jurisdiction = :jurisdiction',
  certifications: `string_to_array(lower(array_to_string(certifications, ' ')), ' ')
    @> cast(:certifications as text[])`,
  operatingSystem: `:operatingSystem = any (string_to_array(lower(array_to_string("operatingSystems", ' ')), ' '))`,
  minCores: 'cores >= :minCores',
  // Whole numbers in the table; what is asked for need not be.
  minMemoryMb: '"memoryMb" >= cast(:minMemoryMb as numeric)',
  minStorageGb: '"storageGb" >= cast(:minStorageGb as numeric)',
  minGpus: 'gpus >= cast(:minGpus as numeric)',
  maxMonthlyPrice: '"monthlyPrice" <= :maxMonthlyPrice',
  currency: 'currency = :currency',
  minSlaPercent: '"slaPercent" >= :minSlaPercent',
  minSecurityLevel: '"securityLevel" >= :minSecurityLevel',
  validAt: `("validFrom" is null or "validFrom" <= :validAt) and ("validTo" is null or "validTo" > :validAt)`,
};

/** Finds offers of the catalogue by what is wanted of them. */
export function createOfferCatalogue(database: Knex): OfferCatalogue {
  return {
    async find(filter, { limit, cursor }) {
      const given = Object.entries(filter).filter(([, value]) => value !== undefined);
      const where = given.map(([field]) => `(${conditions[field as keyof OfferFilter]})`);
      if (cursor !== undefined) where.push('id > :after');
      const { rows } = await database.raw<{ rows: CatalogueOffer[] }>(
        `${catalogueOffers} where ${where.join(' and ')} order by id limit :rows`,
        {
          ...Object.fromEntries(given),
          ...(filter.certifications === undefined
            ? {}
            : { certifications: filter.certifications.map((name) => name.toLowerCase()) }),
          ...(filter.operatingSystem === undefined
            ? {}
            : { operatingSystem: filter.operatingSystem.toLowerCase() }),
          ...(cursor === undefined ? {} : { after: decodeCursor(cursor, /^[a-z0-9._-]{1,100}$/) }),
          rows: limit + 1,
        },
      );
      return pageOf(rows, limit, withoutNulls, ({ id }) => id);
    },
  };
}
