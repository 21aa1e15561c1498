import type { Knex } from 'knex';
import type { Contract } from '../../domain/acsmi/contract.ts';
import { coveringContract, type LabelledContract } from '../../domain/acsmi/covering-contract.ts';
import type { MonthSamples } from '../../domain/acsmi/judge-sla.ts';

/** Guardians drop what is older than thirty days: these days are whole. */
const wholeDays = 29;

/** Longer than the watch looks back. */
const daysKept = 500;

/** Counts the guardians' samples by the day, before they are dropped. As often as one likes. */
export async function keepDays(trx: Knex, at: string): Promise<void> {
  await trx.raw(
    `delete from availability_day where day < cast(cast(:at as timestamptz) as date) - ${daysKept}`,
    { at },
  );
  await trx.raw(
    `insert into availability_day (application, change_id, attempt, datacentre, component, day, asked, answered)
     select application, change_id, attempt, datacentre, component,
       cast(starts_at at time zone 'UTC' as date), sum(total), sum(good)
     from guardian_bucket
     where sli = 'availability' and starts_at >= cast(greatest(
       cast(cast(:at as timestamptz) at time zone 'UTC' as date) - ${wholeDays},
       -- Days before the last one that was counted get no more samples.
       (select max(day) - 1 from availability_day)) as timestamp) at time zone 'UTC'
     group by 1, 2, 3, 4, 5, 6
     on conflict (day, application, change_id, attempt, datacentre, component)
     do update set asked = excluded.asked, answered = excluded.answered
     where availability_day.asked < excluded.asked`,
    { at },
  );
}

/** A deployment's samples, and what it is about. */
export interface CoveredSamples extends MonthSamples {
  readonly changeId: string;
  readonly attempt: number;
}

/** Days of UTC, the last one not included. */
interface Days {
  readonly from: string;
  readonly to: string;
}

/** What was asked, on these days, of all that stands on what the contract counts for. */
export async function samplesOf(
  trx: Knex,
  contract: Contract & { readonly id: string },
  contracts: readonly (LabelledContract & { readonly id: string })[],
  days: Days,
): Promise<CoveredSamples[]> {
  const sums = new Map<string, CoveredSamples>();
  for (const span of spansOf(contracts, days)) {
    for (const { offer, provider, ...counts } of await countsIn(trx, contract, span)) {
      const { application, component, datacentre, asked, answered } = counts;
      const footing = { application, datacentre, offer, provider: provider ?? undefined };
      // Where a closer contract counts, it is that one's.
      if (coveringContract(contracts, footing, span.from)?.id !== contract.id) continue;
      const key = [application, component, datacentre].join('/');
      const sum = sums.get(key);
      sums.set(key, {
        ...counts,
        asked: asked + (sum?.asked ?? 0),
        answered: answered + (sum?.answered ?? 0),
      });
    }
  }
  return [...sums.values()];
}

/** Within each of them the same contracts are in force, so that days need not be looked at one by one. */
function spansOf(contracts: readonly LabelledContract[], { from, to }: Days): Days[] {
  const inside = contracts
    .flatMap(({ starts, ends }) => [starts, ends])
    .filter((day) => from < day && day < to);
  const bounds = [...new Set([from, ...inside, to])].sort();
  return bounds.slice(1).map((end, i) => ({ from: bounds[i] ?? from, to: end }));
}

/** By what it stood on, and with the deployment that was measured last. */
async function countsIn(
  trx: Knex,
  { covers, application }: Contract,
  { from, to }: Days,
): Promise<(CoveredSamples & { readonly offer: string; readonly provider: string | null })[]> {
  const { rows } = await trx.raw<{
    rows: (CoveredSamples & { readonly offer: string; readonly provider: string | null })[];
  }>(
    `select d.application, (array_agg(d.change_id order by d.day desc))[1] as "changeId",
       (array_agg(d.attempt order by d.day desc))[1] as attempt, d.component, d.datacentre,
       sum(d.asked)::bigint as asked, sum(d.answered)::bigint as answered, stood.offer, o.provider
     from (
       select application, change_id, attempt, component, datacentre, max(day) as day,
         sum(asked) as asked, sum(answered) as answered
       from availability_day
       where day >= cast(:from as date) and day < cast(:to as date)
         and (cast(:application as text) is null or application = :application)
       group by 1, 2, 3, 4, 5
     ) d
       join attempt t on t.change_id = d.change_id and t.number = d.attempt
       cross join lateral (
         select min(assignment ->> 'offer') as offer
         from jsonb_array_elements(t.placement -> 'assignments') assignment
         where assignment ->> 'component' = d.component and assignment ->> 'datacentre' = d.datacentre
       ) stood
       left join offer o on o.id = stood.offer
     where d.datacentre = any (cast(:datacentres as text[])) or stood.offer = any (cast(:offers as text[]))
     group by d.application, d.component, d.datacentre, stood.offer, o.provider`,
    { from, to, ...covers, application: application ?? null },
  );
  return rows;
}
