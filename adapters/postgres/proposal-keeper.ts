import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import {
  proposalsFor,
  type NewProposal,
  type RunningApplication,
} from '../../domain/acsmi/propose.ts';
import { dayOf } from '../../domain/acsmi/utc-days.ts';
import type { Placement } from '../../domain/placement/simulation.ts';
import { raiseAlert } from './alerts.ts';
import { contractsFrom } from './contract-rows.ts';
import { soldBy } from './contract-terms.ts';
import { holdersOf } from './grants.ts';
import { responsibleFor } from './incidents.ts';
import { soldOn } from './offer-rows.ts';
import { proposalLabel } from './proposal-reader.ts';

/** Rounds of the watch are one after the other; any number that nothing else locks. */
const proposalLock = 7_205_931_166n;

interface RunningRow {
  readonly application: string;
  readonly change_id: string;
  readonly department: string;
  readonly countries: string[];
  readonly release_version: string;
  readonly placement: Placement;
  readonly datacentres: string[] | null;
}

/**
 * Makes the open proposals those that there is reason for now: new ones are told once to those who manage
 * contracts and are responsible for the application, and what has lost its reason is closed. Returns how many
 * are new.
 */
export async function keepProposals(
  trx: Knex.Transaction,
  { at, warningDays }: { readonly at: string; readonly warningDays: number },
): Promise<number> {
  await trx.raw('select pg_advisory_xact_lock(?)', [proposalLock.toString()]);
  const day = dayOf(at);
  const running = await runningRows(trx);
  const { rows: sold } = await trx.raw<{ rows: { id: string; datacentre: string }[] }>(
    `select o.id, o.datacentre from offer o where ${soldOn}`,
    { on: day },
  );
  const proposals = proposalsFor({
    nowMs: Date.parse(at),
    warningDays,
    contracts: await contractsFrom(trx, day),
    running: await withFootings(trx, running),
    sold: new Set(sold.map(({ id }) => id)),
    sites: await trx('datacentre')
      .whereIn('id', [...new Set(sold.map(({ datacentre }) => datacentre))])
      .orderBy('id')
      .select<{ id: string; country: string }[]>('id', 'country'),
  });
  const keys = proposals.map(({ key }) => key);
  await trx('acsmi_proposal')
    .whereNull('closed_at')
    .whereNotIn('key', keys)
    .update({ closed_at: at });
  const known = new Set(await trx('acsmi_proposal').whereNull('closed_at').pluck<string[]>('key'));
  const changes = new Map(running.map((row) => [row.application, row.change_id]));
  let added = 0;
  for (const proposal of proposals) {
    if (known.has(proposal.key)) await refresh(trx, proposal);
    else {
      await propose(trx, proposal, changes, at);
      added += 1;
    }
  }
  return added;
}

/** Nights that were proposed pass, and where to go may change: what is prepared is for now. */
async function refresh(trx: Knex, { key, reason, whatToDo, request }: NewProposal): Promise<void> {
  await trx('acsmi_proposal')
    .where({ key })
    .whereNull('closed_at')
    .update({ reason, what_to_do: whatToDo, request: jsonOf(request) });
}

const jsonOf = (request: object | null): string | null =>
  request === null ? null : JSON.stringify(request);

async function propose(
  trx: Knex,
  proposal: NewProposal,
  changes: ReadonlyMap<string, string>,
  at: string,
): Promise<void> {
  const { key, kind, contractId, offer, application, reason, whatToDo, request } = proposal;
  const id = uuidv7();
  const [row] = await trx('acsmi_proposal')
    .insert({
      ...{ id, key, kind, offer, application, reason },
      contract_id: contractId,
      what_to_do: whatToDo,
      request: jsonOf(request),
      proposed_at: at,
    })
    .returning<{ number: number }[]>('number');
  const recipients = [
    ...(await holdersOf(trx, 'contract.manage')),
    ...(application === null ? [] : await responsibleFor(trx, application, '')),
  ];
  await raiseAlert(trx, recipients, {
    key: `proposal/${id}`,
    changeId: application === null ? null : (changes.get(application) ?? null),
    topic: kind,
    subject: `${proposalLabel(row?.number ?? 0)} ${application ?? ''}`.trim(),
    body: `${reason} ${whatToDo}`,
    at,
  });
}

async function runningRows(trx: Knex): Promise<RunningRow[]> {
  const { rows } = await trx.raw<{ rows: RunningRow[] }>(
    `select distinct on (v.application) v.application, v.change_id, a.department, v.release_version,
       v.placement, a.definition #> '{nfrs,location,countries}' as countries,
       c.definition #> '{request,datacentres}' as datacentres
     from verified_deployment v join application a on a.name = v.application
       join change c on c.id = v.change_id
     order by v.application, v.verified_at desc`,
  );
  return rows;
}

async function withFootings(trx: Knex, rows: readonly RunningRow[]): Promise<RunningApplication[]> {
  const offers = rows.flatMap(({ placement }) => placement.assignments.map(({ offer }) => offer));
  const sold = await soldBy(trx, offers);
  return rows.map(({ placement, release_version, datacentres, ...row }) => {
    const { application, department, countries } = row;
    const footings = placement.assignments.map(({ datacentre, offer }) => ({
      application,
      datacentre,
      offer,
      provider: sold.get(offer)?.provider,
    }));
    return {
      application,
      department,
      release: release_version,
      countries,
      datacentres: datacentres ?? [],
      footings: [
        ...new Map(footings.map((one) => [`${one.datacentre}/${one.offer}`, one])).values(),
      ],
    };
  });
}
