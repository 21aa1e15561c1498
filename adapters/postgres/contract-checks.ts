import type { Knex } from 'knex';
import type { Contract } from '../../domain/acsmi/contract.ts';
import { DomainError, type Complaint } from '../../domain/errors.ts';
import { labelOf, type ContractRow } from './contract-rows.ts';

/**
 * What only the inventory and the other contracts can show; holds the provider until the transaction's end, so that
 * two contracts with it at the same moment see each other. `before` is the contract that is changed: an offer
 * that it names already may have been withdrawn.
 * @throws DomainError `invalid`, `conflict`.
 */
export async function checkContract(
  trx: Knex,
  contract: Contract,
  before?: Pick<ContractRow, 'id' | 'definition'>,
): Promise<void> {
  const complaints = await unknownNames(trx, contract, before?.definition.covers.offers ?? []);
  if (complaints.length > 0) {
    throw new DomainError('invalid', 'The contract names what is not known.', {
      code: 'unknown-reference',
      complaints,
      remedy: 'Correct the ids, or import what is missing first: ctc inventory list shows them.',
    });
  }
  await refuseOverlap(trx, contract, before?.id);
}

async function unknownNames(
  trx: Knex,
  { provider, application, covers }: Contract,
  keptOffers: readonly string[],
): Promise<Complaint[]> {
  const complaints: Complaint[] = [];
  const known = await trx('provider').where({ id: provider }).forNoKeyUpdate().first<object>('id');
  if ((known as object | undefined) === undefined) {
    complaints.push({ field: 'provider', message: `there is no provider "${provider}"` });
  }
  if (application !== undefined) {
    const there = await trx('application').where({ name: application }).pluck<string[]>('name');
    if (there.length === 0) {
      complaints.push({
        field: 'application',
        message: `there is no application "${application}"`,
      });
    }
  }
  const datacentres = new Set(
    await trx('datacentre').whereIn('id', covers.datacentres).pluck<string[]>('id'),
  );
  covers.datacentres.forEach((id, i) => {
    if (datacentres.has(id)) return;
    const field = `covers.datacentres[${i}]`;
    complaints.push({ field, message: `there is no datacentre "${id}"` });
  });
  const rows = await trx('offer')
    .whereIn('id', covers.offers)
    .select<{ id: string; provider: string | null }[]>('id', 'provider');
  const sellers = new Map(rows.map((row) => [row.id, row.provider]));
  covers.offers.forEach((id, i) => {
    const seller = sellers.get(id);
    const field = `covers.offers[${i}]`;
    if (seller === undefined && !keptOffers.includes(id)) {
      complaints.push({ field, message: `there is no offer "${id}"` });
    } else if (typeof seller === 'string' && seller !== provider) {
      complaints.push({ field, message: `"${id}" is sold by ${seller}, not by ${provider}` });
    }
  });
  return complaints;
}

async function refuseOverlap(
  trx: Knex,
  contract: Contract,
  ownId: string | undefined,
): Promise<void> {
  const { provider, covers, starts, ends } = contract;
  const application = contract.application ?? null;
  const { rows } = await trx.raw<{
    rows: { number: number; starts: string; ends: string; shared: string[] }[];
  }>(
    `select number, starts::text, ends::text, array(
       select unnest(datacentres || offers) intersect
       select unnest(cast(:datacentres as text[]) || cast(:offers as text[])) order by 1
     ) as shared
     from contract
     where provider = :provider and application is not distinct from :application
       and id is distinct from cast(:ownId as uuid)
       and starts < cast(:ends as date) and cast(:starts as date) < ends
       and (datacentres && cast(:datacentres as text[]) or offers && cast(:offers as text[]))
     order by number limit 1`,
    {
      provider,
      application,
      ownId: ownId ?? null,
      starts,
      ends,
      datacentres: covers.datacentres,
      offers: covers.offers,
    },
  );
  const [other] = rows;
  if (other === undefined) return;
  const scope = application === null ? '' : ` for ${application}`;
  throw new DomainError(
    'conflict',
    `${labelOf(other.number)} with ${provider} covers ${other.shared.join(', ')}${scope} from ${other.starts} to ${other.ends} already.`,
    {
      code: 'contract-overlaps',
      complaints: [
        {
          field: 'starts',
          message: `use ${other.ends} or later, when ${labelOf(other.number)} has ended`,
        },
      ],
      remedy: 'Let the two follow each other, or leave out what the other one covers.',
    },
  );
}
