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
  offers: z.strictObject({
    id: slugSchema,
    datacentre: slugSchema,
    cores: numberFrom(decimal.gt(0, positive)),
    memory_mb: numberFrom(whole.gt(0, positive)),
    storage_gb: numberFrom(whole.min(0, notNegative)),
    monthly_price: numberFrom(
      decimal.min(0, notNegative).max(9_999_999_999, 'use at most 9,999,999,999'),
    ),
    currency: currencySchema,
    available: numberFrom(whole.min(0, notNegative)),
  }),
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

const byId = z.strictObject({ id: slugSchema });

/** A row of a file of removals: the key columns only. A dependent loses all its groups. */
export const removalSchemas = {
  departments: byId,
  teams: byId,
  datacentres: byId,
  latencies: z.strictObject({ from_datacentre: slugSchema, to_datacentre: slugSchema }),
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
