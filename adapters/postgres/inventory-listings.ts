import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import type { InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import type { InventoryRows, ListQuery, Page } from '../../domain/inventory/ports.ts';
import { catalogueOffers, withoutNulls } from './offer-rows.ts';

/** Each kind's rows in the shape of the domain; conditions and order are added by the caller. */
export const inventorySelections: Readonly<Record<InventoryKind, string>> = {
  departments: 'select id, name from department',
  teams: 'select id, name, department from team',
  datacentres: 'select id, name, country, time_zone as "timeZone", driver from datacentre',
  latencies: `select from_datacentre as "from", to_datacentre as "to", ms from datacentre_latency`,
  providers: `
    select id, name, jurisdiction, financial_risk as "financialRisk",
      technological_risk as "technologicalRisk" from provider`,
  offers: catalogueOffers,
  solutions: 'select id, name, department from solution',
  customers: 'select id, name, country, contract_level as "contractLevel" from customer',
  items: 'select id, kind, name, datacentre, department from item',
  services: 'select id, name, solution, customer from service',
  dependencies: `
    select dependent, group_name as "name", needs, members from (
      select dependent, group_name, min(needs) as needs, array_agg(member order by member) as members
      from requirement group by dependent, group_name
    ) as requirement_group`,
};

interface Listing {
  /** Unique together; the order of the listing. */
  readonly key: readonly string[];
  readonly searched: readonly string[];
}

const byId = (...searched: string[]): Listing => ({ key: ['id'], searched: ['id', ...searched] });

const listings: Readonly<Record<InventoryKind, Listing>> = {
  departments: byId('name'),
  teams: byId('name', 'department'),
  datacentres: byId('name', 'country'),
  latencies: {
    key: ['from_datacentre', 'to_datacentre'],
    searched: ['from_datacentre', 'to_datacentre'],
  },
  providers: byId('name', 'jurisdiction'),
  offers: byId('datacentre', 'provider', 'region'),
  solutions: byId('name', 'department'),
  customers: byId('name', 'country', 'contract_level'),
  items: byId('name', 'kind', 'datacentre', 'department'),
  services: byId('name', 'solution', 'customer'),
  dependencies: { key: ['dependent', 'group_name'], searched: ['dependent', 'group_name'] },
};

/** The names that key columns have in a row, where they differ. */
const rowNames: Readonly<Record<string, string>> = {
  from_datacentre: 'from',
  to_datacentre: 'to',
  group_name: 'name',
};

const highestLimit = 200;

export async function listInventory<Kind extends InventoryKind>(
  db: Knex,
  kind: Kind,
  { limit, cursor, text }: ListQuery,
): Promise<Page<InventoryRows[Kind]>> {
  if (!Number.isInteger(limit) || limit < 1 || limit > highestLimit) {
    throw new DomainError('invalid', `A page of ${limit} rows cannot be given.`, {
      code: 'page-limit-invalid',
      complaints: [{ field: 'limit', message: `use a whole number from 1 to ${highestLimit}` }],
    });
  }
  const { key, searched } = listings[kind];
  const conditions: string[] = [];
  const bindings: Record<string, Knex.Value> = { rows: limit + 1 };
  if (cursor !== undefined) {
    const names = key.map((_, i) => `:key${i}`);
    conditions.push(`(${key.join(', ')}) > (${names.join(', ')})`);
    readCursor(cursor, key.length).forEach((value, i) => (bindings[`key${i}`] = value));
  }
  if (text !== undefined && text !== '') {
    conditions.push(`(${searched.map((column) => `${column} ilike :pattern`).join(' or ')})`);
    bindings.pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
  }
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  const { rows } = await db.raw<{ rows: InventoryRows[Kind][] }>(
    `${inventorySelections[kind]} ${where} order by ${key.join(', ')} limit :rows`,
    bindings,
  );
  // Only offers have what may be unknown.
  const page = rows.slice(0, limit).map(withoutNulls);
  const last = page.at(-1) as Readonly<Record<string, unknown>> | undefined;
  if (rows.length <= limit || last === undefined) return { rows: page };
  const position = key.map((column) => last[rowNames[column] ?? column]);
  return {
    rows: page,
    nextCursor: Buffer.from(JSON.stringify(position)).toString('base64url'),
  };
}

function readCursor(cursor: string, length: number): string[] {
  let position: unknown;
  try {
    position = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    // Refused below like every other cursor that is not ours.
  }
  const isOurs = (value: unknown): value is string[] =>
    Array.isArray(value) &&
    value.length === length &&
    value.every((part) => typeof part === 'string' && !part.includes('\0'));
  if (isOurs(position)) return position;
  throw new DomainError('invalid', 'The cursor was not given by this listing.', {
    code: 'page-cursor-invalid',
    complaints: [{ field: 'cursor', message: 'use the cursor of the page before, unchanged' }],
    remedy: 'Begin again without a cursor.',
  });
}
