import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import type { Customer, Datacentre } from '../../domain/inventory/inventory.ts';
import type { InventoryReader } from '../../domain/inventory/ports.ts';
import { dayOf } from '../../domain/acsmi/utc-days.ts';
import type {
  CandidateDatacentre,
  FailureDomain,
  Latency,
  Offer,
} from '../../domain/placement/simulation.ts';
import { inventorySelections, listInventory } from './inventory-listings.ts';
import { placeableOffers, soldOn, withoutNulls } from './offer-rows.ts';

/** Reads the inventory for screens, impact and Optimus; never writes. */
export function createInventoryReadModel(db: Knex): InventoryReader {
  const rowsOf = async <Row>(sql: string, bindings: Record<string, Knex.Value> = {}) =>
    (await db.raw<{ rows: Row[] }>(sql, bindings)).rows;

  return {
    list: (kind, query) => listInventory(db, kind, query),

    version: () => readVersion(db),

    async datacentres(ids) {
      const rows = await rowsOf<Datacentre>(
        `${inventorySelections.datacentres} where id = any(:ids)`,
        { ids: [...ids] },
      );
      return inOrder(ids, rows);
    },

    async candidateDatacentres(ids) {
      const rows = await rowsOf<CandidateDatacentre>(
        `select id, country, availability_percent as "availabilityPercent",
           user_latency_ms as "userLatencyMs", egress_price_per_gb as "egressPricePerGb"
         from datacentre ${ids === undefined ? '' : 'where id = any(:ids)'} order by id`,
        ids === undefined ? {} : { ids: [...ids] },
      );
      return (ids === undefined ? rows : inOrder(ids, rows)).map(withoutNulls);
    },

    async failureDomains(ids) {
      const rows = await rowsOf<{ id: string; failureDomains: string }>(
        `select id, failure_domains as "failureDomains" from datacentre
         where failure_domains is not null ${ids === undefined ? '' : 'and id = any(:ids)'} order by id`,
        ids === undefined ? {} : { ids: [...ids] },
      );
      return toFailureDomains(rows);
    },

    async offers(datacentres, now = datacentres === undefined ? undefined : new Date()) {
      const conditions = [
        ...(now === undefined ? [] : [soldOn]),
        ...(datacentres === undefined ? [] : ['o.datacentre = any(:ids)']),
      ];
      const rows = await rowsOf<Offer>(
        `${placeableOffers} where ${conditions.join(' and ') || 'true'} order by o.id`,
        {
          ...(now === undefined ? {} : { on: dayOf(now) }),
          ...(datacentres === undefined ? {} : { ids: [...datacentres] }),
        },
      );
      return rows.map(withoutNulls);
    },

    latencies: (datacentres) =>
      rowsOf<Latency>(
        `${inventorySelections.latencies}
         ${
           datacentres === undefined
             ? ''
             : 'where from_datacentre = any(:ids) and to_datacentre = any(:ids)'
         }
         order by from_datacentre, to_datacentre`,
        datacentres === undefined ? {} : { ids: [...datacentres] },
      ),

    customers: (ids) =>
      rowsOf<Customer>(`${inventorySelections.customers} where id = any(:ids) order by id`, {
        ids: [...ids],
      }),

    async unknownNodes(ids) {
      const rows = await rowsOf<{ id: string }>(
        `select id from unnest(cast(:ids as text[])) with ordinality as asked (id, position)
         where not exists (select from node where node.id = asked.id) order by position`,
        { ids: [...ids] },
      );
      return rows.map(({ id }) => id);
    },
  };
}

/** By name; where datacentres say different figures of one, the lowest counts. */
function toFailureDomains(
  rows: readonly { readonly id: string; readonly failureDomains: string }[],
): FailureDomain[] {
  const domains = new Map<string, FailureDomain>();
  for (const { id, failureDomains } of rows) {
    for (const word of failureDomains.split(' ')) {
      const [name = '', percent = ''] = word.split('=');
      const known = domains.get(name) ?? { id: name, datacentres: [], availabilityPercent: 100 };
      domains.set(name, {
        id: name,
        datacentres: [...known.datacentres, id],
        availabilityPercent: Math.min(known.availabilityPercent, Number(percent)),
      });
    }
  }
  return [...domains.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function readVersion(db: Knex): Promise<number> {
  const [row] = await db('inventory_import').max<{ version: number | string | null }[]>({
    version: 'version',
  });
  return Number(row?.version ?? 0);
}

function inOrder<Row extends { readonly id: string }>(
  ids: readonly string[],
  rows: readonly Row[],
): Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const unknown = ids.filter((id) => !byId.has(id));
  if (unknown.length > 0) {
    throw new DomainError(
      'not-found',
      `There is no datacentre ${unknown.map((id) => `"${id}"`).join(', ')} in the inventory.`,
      {
        code: 'datacentre-not-found',
        complaints: unknown.map((id) => ({
          field: 'datacentres',
          message: `"${id}" is not in the inventory`,
        })),
        remedy: 'Correct the id, or import the datacentre first.',
      },
    );
  }
  return ids.flatMap((id) => byId.get(id) ?? []);
}
