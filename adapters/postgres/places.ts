import type { Knex } from 'knex';
import type { InventoryReader } from '../../domain/inventory/ports.ts';
import type { SimulationInput } from '../../domain/placement/simulation.ts';

export type PlacesInventory = Pick<
  InventoryReader,
  'candidateDatacentres' | 'failureDomains' | 'offers' | 'latencies'
>;

/**
 * Where an application may stand, as Optimus is asked about it: datacentres, or all of them, with what is sold there
 * and not held by others.
 * @throws DomainError `not-found` naming datacentres that are unknown.
 */
export async function placesFor(
  database: Knex,
  inventory: PlacesInventory,
  {
    application,
    datacentres,
    soldAt,
  }: {
    readonly application: string;
    readonly datacentres: readonly string[] | undefined;
    /** Default: now. */
    readonly soldAt?: Date;
  },
): Promise<Pick<SimulationInput, 'datacentres' | 'failureDomains' | 'offers' | 'latencies'>> {
  const [candidates, failureDomains, offers, latencies, held] = await Promise.all([
    inventory.candidateDatacentres(datacentres),
    inventory.failureDomains(datacentres),
    inventory.offers(datacentres, soldAt ?? new Date()),
    inventory.latencies(datacentres),
    machinesHeldByOthers(database, application),
  ]);
  return {
    datacentres: candidates,
    offers: offers.map((offer) => ({
      ...offer,
      available: Math.max(0, offer.available - (held.get(offer.id) ?? 0)),
    })),
    latencies,
    // Where there are none, the input is as it was before there were any: its hash, too.
    ...(failureDomains.length === 0 ? {} : { failureDomains }),
  };
}

/** Machines of each offer that other applications' newest verified placements rent. */
async function machinesHeldByOthers(
  database: Knex,
  application: string,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await database.raw<{ rows: { offer: string; machines: number }[] }>(
    `
      select assignment ->> 'offer' as offer,
        -- What shares a machine names it; what does not has one to itself.
        count(distinct (latest.application, assignment ->> 'machine'))
          filter (where assignment ->> 'machine' is not null)
          + count(*) filter (where assignment ->> 'machine' is null) as machines
      from (
        select distinct on (application) application, placement from verified_deployment
        where application <> :application order by application, verified_at desc
      ) latest, jsonb_array_elements(latest.placement -> 'assignments') assignment
      group by 1
    `,
    { application },
  );
  return new Map(rows.map(({ offer, machines }) => [offer, machines]));
}
