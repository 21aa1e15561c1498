import type { LineScope, StandingStop } from '../../domain/line/line-stop.ts';
import { scopeWords } from '../../domain/line/line-stop.ts';

export interface LineStopRow {
  readonly id: string;
  readonly scope_kind: LineScope['kind'];
  readonly scope_id: string | null;
  readonly reason: string;
  readonly stopped_by: string;
  readonly stopped_at: string;
  readonly resumed_by: string | null;
  readonly resumed_at: string | null;
  readonly resume_reason: string | null;
}

/**
 * Pairs of a stop `s` and a change `c` that it covers (docs/concepts.md says it in words); a condition on `s` or
 * `c` is added by the caller. The newest assessment says what the change disturbs and reaches; where there is no
 * stop, nothing but its index is read.
 */
export const coveredChanges = `
  line_stop s cross join change c
  left join lateral (
    select impact from impact_assessment where change_id = c.id order by revision desc limit 1
  ) as assessed on s.scope_kind <> 'all'
  where (
    s.scope_kind = 'all'
    or s.scope_kind = 'datacentre' and (
      c.definition #> '{request,datacentres}' \\? s.scope_id
      or exists (select from attempt t where t.change_id = c.id and t.desired \\? s.scope_id)
      or exists (
        select from (
          select placement from verified_deployment v
          where v.application = c.application and v.change_id <> c.id order by v.verified_at desc limit 1
        ) as before
        where before.placement -> 'assignments' @> jsonb_build_array(jsonb_build_object('datacentre', s.scope_id)))
      or exists (
        select from jsonb_array_elements(assessed.impact -> 'disturbances') as d
        join node n on n.id = d ->> 'item' where n.datacentre = s.scope_id)
    )
    or s.scope_kind = 'solution' and
      assessed.impact #> '{summary,bySolution}' @> jsonb_build_array(jsonb_build_object('key', s.scope_id))
    or s.scope_kind = 'department' and (
      c.department = s.scope_id
      or c.plan #>> '{application,department}' = s.scope_id
      or assessed.impact #> '{summary,byDepartment}' @> jsonb_build_array(jsonb_build_object('key', s.scope_id))
      or exists (
        select from jsonb_array_elements(assessed.impact -> 'disturbances') as d
        join node n on n.id = d ->> 'item' where n.department = s.scope_id)
    )
  )`;

/**
 * Of the stops of datacentres, those that hold what comes next: a wave in `:datacentres`, or, where that is null,
 * the beginning of something that could go nowhere: of what people carry out, and of a release all of whose
 * datacentres are stopped.
 */
export const stopsWhatComesNext = `(
    s.scope_kind <> 'datacentre'
    or s.scope_id = any (cast(:datacentres as text[]))
    or cast(:datacentres as text[]) is null and (
      c.application is null
      or (c.definition #> '{request,datacentres}') <@ (
        select jsonb_agg(other.scope_id) from line_stop other
        where other.scope_kind = 'datacentre' and other.resumed_at is null)
    )
  )`;

export function scopeOf({ scope_kind, scope_id }: LineStopRow): LineScope {
  return scope_kind === 'all' ? { kind: 'all' } : { kind: scope_kind, id: scope_id ?? '' };
}

export function toStandingStop(row: LineStopRow): StandingStop {
  return {
    id: row.id,
    scope: scopeWords(scopeOf(row)),
    ...(row.scope_kind === 'datacentre' ? { datacentre: row.scope_id ?? '' } : {}),
    reason: row.reason,
    by: row.stopped_by,
    at: row.stopped_at,
  };
}
