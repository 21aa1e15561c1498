/** What placements know of an offer, under the names of the domain. */
const placeable = `
  o.id, o.datacentre, o.cores, o.memory_mb as "memoryMb", o.storage_gb as "storageGb",
  o.monthly_price::double precision as "monthlyPrice", o.currency, o.available, o.provider, o.region,
  string_to_array(o.operating_systems, ' ') as "operatingSystems", o.gpus,
  string_to_array(o.certifications, ' ') as certifications,
  coalesce(o.jurisdiction, p.jurisdiction) as jurisdiction, o.security_level as "securityLevel",
  p.financial_risk as "financialRisk", p.technological_risk as "technologicalRisk",
  o.sla_percent as "slaPercent"`;
const from = 'from offer as o left join provider as p on p.id = o.provider';
/** Prices as double precision, because numeric comes as text where nobody set a parser. */
const catalogue = `${placeable}, o.price_model as "priceModel",
  o.hourly_price::double precision as "hourlyPrice", o.valid_from::text as "validFrom", o.valid_to::text as "validTo"`;

/** Offers as placements see them; `o` is the offer in conditions. */
export const placeableOffers = `select ${placeable} ${from}`;

/** Sold on the day `:on`. */
export const soldOn =
  '(o.valid_from is null or o.valid_from <= :on) and (o.valid_to is null or o.valid_to > :on)';

/** Every offer with all that its catalogue says; conditions and order are added by the caller. */
export const catalogueOffers = `select * from (select ${catalogue} ${from}) as offer`;

/** What is not known is absent: the same inputs have the same hash as before there was such a column. */
export function withoutNulls<Row extends object>(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as Row;
}
