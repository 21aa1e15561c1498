import type { Knex } from 'knex';
import type { ChangePlan } from '../../domain/change/ports.ts';
import type { ChangeRequest } from '../../domain/change/change-request.ts';
import {
  plannedWayBack,
  type RollbackView,
  type WayBackReader,
} from '../../domain/change/way-back.ts';
import { findChange } from './find-change.ts';

interface ChangeRow {
  readonly id: string;
  readonly number: number;
  readonly application: string | null;
  readonly request: ChangeRequest;
  readonly plan: ChangePlan | null;
}

interface RollbackRow {
  readonly actor: string;
  readonly message: string;
  readonly began_at: string;
  readonly ended_at: string | null;
  readonly outcome: string | null;
}

/** Earlier rollbacks that an estimate looks at. */
const mostEarlier = 20;

export function createWayBackReader(database: Knex): WayBackReader {
  return {
    async wayBack(which) {
      const change = await findChange<ChangeRow>(database, which, [
        'id',
        'number',
        'application',
        'plan',
        database.raw(`definition -> 'request' as request`),
      ]);
      const { request, plan } = change;
      const planned = plannedWayBack(request, plan?.rollsBackTo ?? null);
      const earlier =
        planned.estimatedMinutes === null && change.application !== null
          ? await earlierMinutes(database, change.application, change.id)
          : null;
      return {
        change: `CHG-${change.number}`,
        ...planned,
        ...(earlier === null
          ? {}
          : { estimatedMinutes: earlier, estimateFrom: 'earlier-rollbacks' as const }),
        tested: plan?.risk?.facts.rollback ?? null,
        rollbacks: await rollbacksOf(database, change.id),
      };
    },
  };
}

/**
 * Each time that the log entered `rolling-back`, until it first left it for another state; what people backed out
 * by themselves is told when it is done.
 */
const rollbacksSql = `
  select began.change_id, began.actor, began.message, began.at as began_at,
    case when began.to_state = 'rolling-back' then ended.at else began.at end as ended_at,
    case when began.to_state = 'rolling-back' then ended.to_state else began.to_state end as outcome
  from change_log began
  left join lateral (
    select at, to_state from change_log l
    where l.change_id = began.change_id and l.id > began.id
      and l.from_state = 'rolling-back' and l.to_state <> 'rolling-back'
    order by l.id limit 1
  ) as ended on true
  where (began.to_state = 'rolling-back' or began.event = 'back-out' and began.from_state <> 'rolling-back')`;

async function rollbacksOf(database: Knex, changeId: string): Promise<RollbackView[]> {
  const { rows } = await database.raw<{ rows: RollbackRow[] }>(
    `${rollbacksSql} and began.change_id = :changeId order by began.id desc`,
    { changeId },
  );
  const sites = await database('site_outcome')
    .where({ change_id: changeId })
    .whereIn('outcome', ['restored', 'unreachable', 'needs-a-person', 'failed'])
    .orderBy(['decided_at', 'datacentre'])
    .select<RollbackView['sites'][number][]>('datacentre', 'outcome', 'detail', 'decided_at as at');
  return rows.map((row) => ({
    decidedBy: row.actor,
    because: row.message,
    beganAt: row.began_at,
    endedAt: row.ended_at,
    minutes:
      row.ended_at === null ? null : (Date.parse(row.ended_at) - Date.parse(row.began_at)) / 60_000,
    outcome: row.outcome,
    // What was reached after it had ended belongs to it until the next begins.
    sites: sites.filter(
      ({ at }) =>
        at >= row.began_at &&
        !rows.some(({ began_at }) => began_at > row.began_at && at >= began_at),
    ),
  }));
}

/** The median of how long rollbacks of the application took that restored everything. */
async function earlierMinutes(
  database: Knex,
  application: string,
  notOf: string,
): Promise<number | null> {
  const { rows } = await database.raw<{ rows: { minutes: number | null }[] }>(
    `select percentile_cont(0.5) within group (
       order by extract(epoch from r.ended_at - r.began_at) / 60)::float8 as minutes
     from (
       select r.* from (${rollbacksSql}) r join change c on c.id = r.change_id
       where c.application = :application and c.id <> :notOf and r.outcome = 'rolled-back' and r.ended_at > r.began_at
       order by r.began_at desc limit ${mostEarlier}
     ) r`,
    { application, notOf },
  );
  return rows[0]?.minutes ?? null;
}
