import type { Knex } from 'knex';
import {
  nothingPromised,
  termOf,
  type SlaTerm,
  type StandingComponent,
} from '../../domain/acsmi/application-sla.ts';
import type { LabelledContract } from '../../domain/acsmi/covering-contract.ts';
import { dayOf } from '../../domain/acsmi/utc-days.ts';
import type { Placement } from '../../domain/placement/simulation.ts';
import { contractsFrom } from './contract-rows.ts';

export interface Deployment {
  readonly application: string;
  readonly changeId: string;
  readonly attempt: number;
}

/** What the catalogue says of offers, by their ids; what it has no more is missing. */
export async function soldBy(
  trx: Knex,
  offers: readonly string[],
): Promise<ReadonlyMap<string, { readonly provider?: string; readonly slaPercent?: number }>> {
  const rows = await trx('offer')
    .whereIn('id', [...new Set(offers)])
    .select<{ id: string; provider: string | null; sla_percent: number | null }[]>(
      'id',
      'provider',
      'sla_percent',
    );
  return new Map(
    rows.map(({ id, provider, sla_percent: slaPercent }) => [
      id,
      {
        ...(provider === null ? {} : { provider }),
        ...(slaPercent === null ? {} : { slaPercent }),
      },
    ]),
  );
}

/** Where the components of a placement stand, by the terms that are in force on a day of UTC. */
export async function standingOn(
  trx: Knex,
  application: string,
  { assignments }: Placement,
  day: string,
): Promise<StandingComponent[]> {
  const contracts: readonly LabelledContract[] = await contractsFrom(trx, day);
  const sold = await soldBy(
    trx,
    assignments.map(({ offer }) => offer),
  );
  return assignments.map(({ component, datacentre, offer }) => {
    const { provider, slaPercent } = sold.get(offer) ?? {};
    const footing = { application, datacentre, offer, provider, slaPercent };
    return { component, datacentre, offer, term: termOf(footing, contracts, day) };
  });
}

/** Keeps with a deployment what is promised where it stands, in the transaction that makes it verified. */
export async function keepTermsInForce(
  trx: Knex,
  { application, changeId, attempt }: Deployment,
  at: string,
): Promise<void> {
  const row = await trx('attempt')
    .where({ change_id: changeId, number: attempt })
    .first<{ placement: Placement } | undefined>('placement');
  if (row === undefined) return;
  const standing = await standingOn(trx, application, row.placement, dayOf(at));
  if (standing.length === 0) return;
  await trx('deployment_terms')
    .insert(
      standing.map(({ datacentre, offer, term }) => ({
        application,
        change_id: changeId,
        attempt,
        datacentre,
        offer,
        terms: JSON.stringify(term),
        kept_at: at,
      })),
    )
    // Several components may stand on the same, and the step may come twice.
    .onConflict(['application', 'change_id', 'attempt', 'datacentre', 'offer'])
    .ignore();
}

/** Where its components stood when it was verified; undefined where no terms were kept. */
export async function standingAtDeployment(
  trx: Knex,
  { application, changeId, attempt }: Deployment,
  { assignments }: Placement,
): Promise<StandingComponent[] | undefined> {
  const rows = await trx('deployment_terms')
    .where({ application, change_id: changeId, attempt })
    .select<{ datacentre: string; offer: string; terms: SlaTerm }[]>(
      'datacentre',
      'offer',
      'terms',
    );
  if (rows.length === 0) return undefined;
  const kept = new Map(rows.map((row) => [`${row.datacentre}/${row.offer}`, row.terms]));
  return assignments.map(({ component, datacentre, offer }) => ({
    component,
    datacentre,
    offer,
    term: kept.get(`${datacentre}/${offer}`) ?? nothingPromised,
  }));
}
