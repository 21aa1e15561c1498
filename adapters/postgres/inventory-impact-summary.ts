import type { Knex } from 'knex';
import type {
  AffectedServices,
  ImpactSummary,
  SummaryLine,
} from '../../domain/impact/summarise-impact.ts';

interface SummaryRow {
  readonly dimension: 'total' | 'solution' | 'contractLevel' | 'country' | 'department';
  readonly key: string;
  readonly s1: number;
  readonly s2: number;
  readonly s3: number;
  readonly c1: number;
  readonly c2: number;
  readonly c3: number;
}

/** Counts as `summariseImpact` does; ids that are no service (any more) count for nothing. */
export async function summariseAffected(
  db: Knex,
  { down, degraded, atRisk }: AffectedServices,
): Promise<ImpactSummary> {
  // A customer is counted once on each line, in the worst (lowest) state of its services there.
  const { rows } = await db.raw<{ rows: SummaryRow[] }>(
    `
    with affected (id, state) as (
      select id, 1 from unnest(cast(:down as text[])) as id
      union all select id, 2 from unnest(cast(:degraded as text[])) as id
      union all select id, 3 from unnest(cast(:atRisk as text[])) as id
    ),
    facts as (
      select state, customer, solution, department, contract_level, country
      from affected
        join service using (id)
        join solution on solution.id = service.solution
        join customer on customer.id = service.customer
    ),
    by_customer as (
      select
        case when grouping(solution) = 0 then 'solution'
          when grouping(contract_level) = 0 then 'contractLevel'
          when grouping(country) = 0 then 'country'
          when grouping(department) = 0 then 'department'
          else 'total' end as dimension,
        coalesce(solution, contract_level, country, department, '') as key,
        min(state) as worst,
        count(*) filter (where state = 1) as s1,
        count(*) filter (where state = 2) as s2,
        count(*) filter (where state = 3) as s3
      from facts
      group by grouping sets (
        (customer), (customer, solution), (customer, contract_level), (customer, country),
        (customer, department)
      )
    )
    select dimension, key, sum(s1)::integer as s1, sum(s2)::integer as s2, sum(s3)::integer as s3,
      (count(*) filter (where worst = 1))::integer as c1,
      (count(*) filter (where worst = 2))::integer as c2,
      (count(*) filter (where worst = 3))::integer as c3
    from by_customer group by dimension, key order by dimension, key collate "C"
    `,
    { down: [...down], degraded: [...degraded], atRisk: [...atRisk] },
  );
  const lines = (dimension: SummaryRow['dimension']): SummaryLine[] =>
    rows
      .filter((row) => row.dimension === dimension)
      .map(({ key, s1, s2, s3, c1, c2, c3 }) => ({
        key,
        services: { down: s1, degraded: s2, atRisk: s3 },
        customers: { down: c1, degraded: c2, atRisk: c3 },
      }));
  const none = { down: 0, degraded: 0, atRisk: 0 };
  const [total = { services: none, customers: none }] = lines('total');
  return {
    total: { services: total.services, customers: total.customers },
    bySolution: lines('solution'),
    byContractLevel: lines('contractLevel'),
    byCountry: lines('country'),
    byDepartment: lines('department'),
  };
}
