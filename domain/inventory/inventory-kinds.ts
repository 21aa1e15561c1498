import * as z from 'zod';
import { countrySchema, currencySchema, slugSchema } from '../names.ts';

/** Largest value of PostgreSQL's `integer`. */
const largestInteger = 2_147_483_647;

const nameColumn = z
  .string('use text')
  .trim()
  .min(1, 'use at least one character')
  .max(200, 'use at most 200 characters')
  .regex(/^\P{Cc}*$/u, 'leave out line breaks, tabs and other control characters')
  .refine((text) => text.isWellFormed(), 'contains half of a surrogate pair, which is no text');

/** CSV has text only; NDJSON may give a number as number or as text. */
const numberFrom = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess(
    (value) =>
      typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value,
    schema,
  );

const decimal = z.number('use a number with a point before decimals, such as 12.5');
const whole = z.int('use a whole number').max(largestInteger, `use at most ${largestInteger}`);
const notNegative = 'use 0 or more';
const positive = 'use more than 0';

/** A month has so many hours wherever a price by the hour becomes one by the month. */
export const hoursPerMonth = 730;
export const priceModels = ['monthly', 'hourly', 'reserved'] as const;

/** A column that files may leave out, and a cell that may be empty. */
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .preprocess((value) => (value === '' || value === null ? undefined : value), schema.optional())
    .optional();

/** Several in one cell with spaces between them, in NDJSON a list too; each once, in order. */
const words = z.preprocess(
  (value) => (Array.isArray(value) ? value.join(' ') : value),
  z
    .string('use words with spaces between them')
    .trim()
    .max(1000, 'use at most 1000 characters')
    .regex(
      /^[\p{L}\p{N}._+/:-]+(\s+[\p{L}\p{N}._+/:-]+)*$/u,
      'use words of letters, digits and . _ + / : -, with spaces between them',
    )
    .transform((text) => [...new Set(text.split(/\s+/))].sort().join(' ')),
);
/**
 * What a datacentre has in common with others and is down with, with the share of time that it is up, in per cent:
 * `grid-centre=99.95 fibre-north=99.9`, each once, in order.
 */
const failureDomains = z
  .string('use words such as grid-centre=99.95, with spaces between them')
  .trim()
  .max(1000, 'use at most 1000 characters')
  .regex(
    /^[a-z0-9._-]+=(100|\d{1,2})(\.\d+)?(\s+[a-z0-9._-]+=(100|\d{1,2})(\.\d+)?)*$/,
    'use words such as grid-centre=99.95 (lower-case name, per cent that it is up), with spaces between them',
  )
  .transform((text) => [...new Set(text.split(/\s+/))].sort().join(' '));
const price = (least: z.ZodNumber) =>
  numberFrom(least.max(9_999_999_999, 'use at most 9,999,999,999'));
const level = numberFrom(z.int('use a whole number').min(1, 'use 1 to 5').max(5, 'use 1 to 5'));
const date = z.iso.date('use a date such as 2026-12-31');

function isTimeZone(name: string): boolean {
  // Fixed offsets are accepted by Intl but know no summer time: a site's zone must have a name.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * One row of each kind, as it stands in a CSV or NDJSON file: the same column names in both. The order
 * of the kinds is the order in which they refer to each other.
 */
export const inventoryRowSchemas = {
  departments: z.strictObject({ id: slugSchema, name: nameColumn }),
  /** Who carries interventions out: a team is booked for one at a time. */
  teams: z.strictObject({ id: slugSchema, name: nameColumn, department: slugSchema }),
  datacentres: z.strictObject({
    id: slugSchema,
    name: nameColumn,
    country: countrySchema,
    time_zone: z
      .string()
      .refine(
        isTimeZone,
        'use the name of a time zone of the IANA database, such as Europe/Madrid',
      ),
    driver: slugSchema,
    availability_percent: numberFrom(
      decimal.min(0, notNegative).max(100, 'use at most 100 (per cent)'),
    ),
    user_latency_ms: numberFrom(decimal.min(0, notNegative)),
    /** What a GB costs that leaves it, in the currency of its offers. */
    egress_price_per_gb: optional(price(decimal.min(0, notNegative))),
    failure_domains: optional(failureDomains),
  }),
  latencies: z
    .strictObject({
      from_datacentre: slugSchema,
      to_datacentre: slugSchema,
      ms: numberFrom(decimal.min(0, notNegative)),
    })
    .refine((row) => row.from_datacentre !== row.to_datacentre, {
      path: ['to_datacentre'],
      message: 'is the same datacentre as from_datacentre; leave the line out, it is always 0',
    }),
  /** Who sells offers, and how much is risked by relying on it: 1 is least. */
  providers: z.strictObject({
    id: slugSchema,
    name: nameColumn,
    jurisdiction: countrySchema,
    financial_risk: level,
    technological_risk: level,
  }),
  /**
   * What may be empty is not known, and never taken for good. `monthly_price` may be left empty where
   * `hourly_price` is given: it is `hoursPerMonth` times that. Without a `jurisdiction` of its own an offer
   * has its provider's. It is sold from `valid_from` on, and from `valid_to` on no more (days of UTC).
   */
  offers: z
    .strictObject({
      id: slugSchema,
      datacentre: slugSchema,
      cores: numberFrom(decimal.gt(0, positive)),
      memory_mb: numberFrom(whole.gt(0, positive)),
      storage_gb: numberFrom(whole.min(0, notNegative)),
      monthly_price: optional(price(decimal.min(0, notNegative))),
      currency: currencySchema,
      available: numberFrom(whole.min(0, notNegative)),
      provider: optional(slugSchema),
      region: optional(slugSchema),
      operating_systems: optional(words),
      gpus: optional(numberFrom(whole.min(0, notNegative))),
      certifications: optional(words),
      jurisdiction: optional(countrySchema),
      /** 5 is the most secure. */
      security_level: optional(level),
      price_model: optional(z.enum(priceModels, `use ${priceModels.join(', ')}`)),
      hourly_price: optional(price(decimal.gt(0, positive))),
      sla_percent: optional(
        numberFrom(decimal.gt(0, positive).max(100, 'use at most 100 (per cent)')),
      ),
      valid_from: optional(date),
      valid_to: optional(date),
    })
    .refine((row) => row.monthly_price !== undefined || row.hourly_price !== undefined, {
      path: ['monthly_price'],
      message: 'is empty, and so is hourly_price; fill one of them in',
    })
    .refine(
      ({ monthly_price: monthly, hourly_price: hourly }) =>
        monthly === undefined ||
        hourly === undefined ||
        Math.abs(monthly - hourly * hoursPerMonth) < 0.01,
      {
        path: ['monthly_price'],
        message: `is not ${hoursPerMonth} times hourly_price; leave it empty, and it is computed`,
      },
    )
    .refine(
      ({ valid_from: from, valid_to: to }) => from === undefined || to === undefined || from < to,
      { path: ['valid_to'], message: 'is not after valid_from; correct one of the two dates' },
    ),
  solutions: z.strictObject({ id: slugSchema, name: nameColumn, department: slugSchema }),
  customers: z.strictObject({
    id: slugSchema,
    name: nameColumn,
    country: countrySchema,
    contract_level: slugSchema,
  }),
  items: z.strictObject({
    id: slugSchema,
    kind: slugSchema,
    name: nameColumn,
    datacentre: slugSchema,
    department: slugSchema,
  }),
  services: z.strictObject({
    id: slugSchema,
    name: nameColumn,
    solution: slugSchema,
    customer: slugSchema,
  }),
  /**
   * One row for each member of a group. `needs` is how many members must be up; it is the same on every
   * row of a group, or empty on some; empty on all means every member. All groups of a dependent
   * belong in one file: they replace the groups it had.
   */
  dependencies: z
    .strictObject({
      dependent: slugSchema,
      group: slugSchema,
      needs: z.preprocess(
        (value) => (value === '' || value === undefined ? null : value),
        numberFrom(
          whole.min(1, 'use 1 or more, or leave it empty to need every member').nullable(),
        ),
      ),
      member: slugSchema,
    })
    .refine((row) => row.dependent !== row.member, {
      path: ['member'],
      message: 'depends on itself; name what it really needs, or leave the line out',
    }),
} as const;

export type InventoryKind = keyof typeof inventoryRowSchemas;

/** All kinds, those that others refer to first. */
export const inventoryKinds = Object.keys(inventoryRowSchemas) as readonly InventoryKind[];

export const inventoryFormats = ['csv', 'ndjson'] as const;
export type InventoryFormat = (typeof inventoryFormats)[number];

/** The columns of a kind, in the order in which `ctc` and the generator write them. */
export function inventoryColumns(kind: InventoryKind): readonly string[] {
  return Object.keys(inventoryRowSchemas[kind].shape);
}

/** Those of a kind's columns that its files may leave out. */
export function optionalColumns(kind: InventoryKind): ReadonlySet<string> {
  const columns = Object.entries<z.ZodType>(inventoryRowSchemas[kind].shape);
  return new Set(
    columns.filter(([, schema]) => schema instanceof z.ZodOptional).map(([column]) => column),
  );
}

const byId = z.strictObject({ id: slugSchema });

/** A row of a file of removals: the key columns only. A dependent loses all its groups. */
export const removalSchemas = {
  departments: byId,
  teams: byId,
  datacentres: byId,
  latencies: z.strictObject({ from_datacentre: slugSchema, to_datacentre: slugSchema }),
  providers: byId,
  offers: byId,
  solutions: byId,
  customers: byId,
  items: byId,
  services: byId,
  dependencies: z.strictObject({ dependent: slugSchema }),
} as const satisfies Record<InventoryKind, z.ZodObject>;

/** What tells a row of a kind from the others; of dependencies, whose groups are replaced as a whole. */
export function keyColumns(kind: InventoryKind): readonly string[] {
  return Object.keys(removalSchemas[kind].shape);
}
