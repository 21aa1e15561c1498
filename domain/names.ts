import * as z from 'zod';

/** Ids of inventory things and names of components: lower case, as DNS labels allow, with dots between. */
export const slugSchema = z
  .string()
  .min(1)
  .max(100)
  .regex(
    /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/,
    'use lower-case letters, digits, "-", "_" and ".", beginning and ending with a letter or digit',
  );

/** What something is called elsewhere, such as ISO-27001 or debian-13; capitals do not matter. */
export const markSchema = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[\p{L}\p{N}._+/:-]+$/u, 'use letters, digits and . _ + / : -, without spaces');

/** Whether two marks are the same. */
export function isSameMark(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** ISO 3166-1 alpha-2, upper case. */
export const countrySchema = z
  .string()
  .regex(/^[A-Z]{2}$/, 'use the two-letter country code of ISO 3166-1 in capitals, such as ES');

/** ISO 4217, upper case. */
export const currencySchema = z
  .string()
  .regex(/^[A-Z]{3}$/, 'use the three-letter currency code of ISO 4217 in capitals, such as EUR');
