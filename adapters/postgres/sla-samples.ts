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

/** What was asked, on the days from `from` to before `to`, of all that stands on what the contract counts for. */
export async function samplesOf(
  trx: Knex,
  contract: Contract & { readonly id: string },
  contracts: readonly (LabelledContract & { readonly id: string })[],
  { from, to }: { readonly from: string; readonly to: string },
): Promise<CoveredSamples[]> {
  const { rows } = await trx.raw<{
    rows: (CoveredSamples & { day: string; offer: string; provider: string | null })[];
  }>(
    `select d.application, d.change_id as "changeId", d.attempt, d.component, d.datacentre, d.day::text as day,
       d.asked, d.answered, stood.offer, o.provider
     from availability_day d
       join attempt t on t.change_id = d.change_id and t.number = d.attempt
       cross join lateral (
         select min(assignment ->> 'offer') as offer
         from jsonb_array_elements(t.placement -> 'assignments') assignment
         where assignment ->> 'component' = d.component and assignment ->> 'datacentre' = d.datacentre
       ) stood
       left join offer o on o.id = stood.offer
     where d.day >= cast(:from as date) and d.day < cast(:to as date)
       and (d.datacentre = any (cast(:datacentres as text[])) or stood.offer = any (cast(:offers as text[])))
       and (cast(:application as text) is null or d.application = :application)
     order by d.day`,
    { from, to, ...contract.covers, application: contract.application ?? null },
  );
  const sums = new Map<string, CoveredSamples>();
  for (const { day, offer, provider, ...counts } of rows) {
    const { application, component, datacentre, asked, answered } = counts;
    const footing = { application, datacentre, offer, provider: provider ?? undefined };
    // Where a closer contract counts, it is that one's.
    if (coveringContract(contracts, footing, day)?.id !== contract.id) continue;
    const key = [application, component, datacentre].join('/');
    const sum = sums.get(key);
    sums.set(key, {
      ...counts,
      asked: asked + (sum?.asked ?? 0),
      answered: answered + (sum?.answered ?? 0),
    });
  }
  return [...sums.values()];
}
