import type { Knex } from 'knex';
import type { LineSteps } from '../../domain/change/change-steps.ts';
import {
  coveredChanges,
  stopsWhatComesNext,
  toStandingStop,
  type LineStopRow,
} from './line-cover.ts';

export interface LineStepsDeps {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
}

/** What a change's workflow asks before it goes on. */
export function createLineSteps({ database, now }: LineStepsDeps): LineSteps {
  return {
    lookAtLine: ({ changeId, known, datacentres = null }) =>
      database.transaction(async (trx) => {
        const standing = await standingStops(trx, changeId, datacentres);
        if (standing.length > 0) await keepCovered(trx, changeId, standing, now());
        const lifted = await liftedStops(trx, known);
        return { standing: standing.map(toStandingStop), lifted };
      }),
  };
}

/**
 * Stops that cover the change, oldest first, kept from being lifted until the transaction ends: whoever lifts
 * one then finds the change among those to be told.
 */
async function standingStops(
  trx: Knex,
  changeId: string,
  datacentres: readonly string[] | null,
): Promise<LineStopRow[]> {
  const { rows } = await trx.raw<{ rows: LineStopRow[] }>(
    `select s.* from ${coveredChanges} and s.resumed_at is null and c.id = :changeId and ${stopsWhatComesNext}
     order by s.id for share of s`,
    { changeId, datacentres: datacentres === null ? null : [...datacentres] },
  );
  return rows;
}

async function keepCovered(
  trx: Knex,
  changeId: string,
  stops: readonly LineStopRow[],
  at: string,
): Promise<void> {
  await trx('line_stop_change')
    .insert(stops.map(({ id }) => ({ stop_id: id, change_id: changeId, covered_at: at })))
    .onConflict(['stop_id', 'change_id'])
    .ignore();
}

async function liftedStops(trx: Knex, ids: readonly string[]) {
  if (ids.length === 0) return [];
  const rows = await trx('line_stop')
    .whereIn('id', [...ids])
    .whereNotNull('resumed_at')
    .orderBy('id')
    .select<LineStopRow[]>();
  return rows.map((row) => ({
    id: row.id,
    scope: toStandingStop(row).scope,
    reason: row.resume_reason ?? '',
    by: row.resumed_by ?? '',
    at: row.resumed_at ?? '',
  }));
}
