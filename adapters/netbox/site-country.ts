import type { NetboxSnapshot } from './netbox-objects.ts';

/** What Intl can name without it being a country. */
const notCountries = ['EU', 'EZ', 'QO', 'UN', 'XA', 'XB', 'ZZ'];

/** English names of countries, as NetBox's regions mostly have them, to ISO 3166-1. */
function countryCodes(): Map<string, string> {
  const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode(65 + i));
  const codes = letters
    .flatMap((first) => letters.map((second) => first + second))
    // Codes that were given up (DD, SU, UK) share their name with today's.
    .filter((code) => Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`)
    .filter((code) => !notCountries.includes(code));
  const found = new Map<string, string>();
  for (const style of ['long', 'short'] as const) {
    const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none', style });
    for (const code of codes) {
      const name = names.of(code)?.toLowerCase();
      if (name !== undefined && !found.has(name)) found.set(name, code);
    }
  }
  return found;
}

/**
 * The country of a region: the nearest one above it that `countries` names by slug, or the outermost that
 * is called as a country is ("Georgia" below "United States" is not the country).
 */
export function createSiteCountry(
  regions: NetboxSnapshot['regions'],
  countries: Readonly<Record<string, string>>,
): (region: number | undefined) => string | undefined {
  const codes = countryCodes();
  const byId = new Map(regions.map((region) => [region.id, region]));
  return (start) => {
    const upwards: (typeof regions)[number][] = [];
    for (let id = start; id !== undefined;) {
      const region = byId.get(id);
      if (region === undefined || upwards.includes(region)) break;
      upwards.push(region);
      id = region.parent?.id;
    }
    const named = upwards.map(({ slug }) => countries[slug]).find((code) => code !== undefined);
    return (
      named ?? upwards.map(({ name }) => codes.get(name.trim().toLowerCase())).findLast(Boolean)
    );
  };
}
