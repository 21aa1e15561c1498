import type { ChangeRequest } from '../../domain/change/change-request.ts';
import { disturbancesOf } from '../../domain/change/disturbances.ts';
import type { Intervention } from '../../domain/conflicts/conflict.ts';

export interface InterventionRow {
  readonly id: string;
  readonly number: number;
  readonly request: ChangeRequest;
  readonly opens_at_ms: number;
  readonly closes_at_ms: number;
  readonly ended: boolean;
  readonly seq: string | number | null;
  readonly item: string | null;
  readonly after: readonly string[] | null;
  readonly broken_after: readonly string[] | null;
}

/** Interventions as the engine wants them; a condition on the change `c` is added by the caller. */
export const selectInterventions = `
  select c.id, c.number::integer as number, c.definition -> 'request' as request,
    extract(epoch from c.window_opens_at)::float8 * 1000 as opens_at_ms,
    extract(epoch from c.window_closes_at)::float8 * 1000 as closes_at_ms,
    c.ended_at is not null as ended, c.intervention_seq as seq,
    coalesce(c.plan #>> '{application,item}', case when c.plan is null then a.definition ->> 'item' end) as item,
    earlier.live as after, earlier.broken as broken_after
  from change c
  left join application a on a.name = c.application
  left join lateral (
    select
      array_agg(e.id order by e.id) filter (where e.ended_at is null) as live,
      array_agg('CHG-' || e.number order by e.number) filter (
        where e.ended_at is not null and e.outcome is distinct from 'completed') as broken
    from jsonb_array_elements_text(coalesce(c.definition #> '{request,after}', '[]'::jsonb)) as wanted (label)
    join change e on e.number = substring(wanted.label from '^CHG-([0-9]+)$')::bigint
  ) as earlier on c.definition #> '{request,after}' is not null`;

export function toIntervention(row: InterventionRow): Intervention {
  const { request } = row;
  const team = request.team;
  return {
    change: row.id,
    label: `CHG-${row.number}`,
    window: { opensAtMs: row.opens_at_ms, closesAtMs: row.closes_at_ms },
    deploys: request.kind === 'release',
    ...(request.kind === 'release' ? { application: request.application } : {}),
    datacentres: request.datacentres,
    department: request.department,
    ...(team === undefined ? {} : { team }),
    items: disturbancesOf(request, row.item ?? undefined),
    after: row.after ?? [],
    brokenAfter: row.broken_after ?? [],
  };
}
