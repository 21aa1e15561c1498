import type { Knex } from 'knex';
import type { ChangePlan } from '../../domain/change/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { RehearsalReader } from '../../domain/rehearsal/ports.ts';
import { targetOfChange } from './access-targets.ts';
import { audienceOf, knownOf } from './alerts.ts';
import { presentConflicts } from './conflict-store.ts';
import { holdersOf } from './grants.ts';

/** What is remembered of durations: lately, and enough for a median. */
const newest = 20;

/** What a rehearsal reads of the record. */
export function createRehearsalReader(database: Knex): RehearsalReader {
  const siteDurations = async (
    datacentres: readonly string[],
    application: string | null,
  ): Promise<Record<string, number[]>> => {
    const { rows } = await database.raw<{ rows: { datacentre: string; took: number[] }[] }>(
      `
        select datacentre, array_agg(cast(took_ms as double precision) order by decided_at desc) as took from (
          select o.datacentre, o.took_ms, o.decided_at,
            row_number() over (partition by o.datacentre order by o.decided_at desc) as nth
          from site_outcome o
          join attempt a on a.change_id = o.change_id and a.number = o.attempt
          where o.datacentre = any(:datacentres) and o.took_ms is not null
            and o.outcome in ('applied', 'verified', 'restored')
            and (cast(:application as text) is null or a.application = :application)
        ) lately where nth <= :newest group by datacentre
      `,
      { datacentres: [...datacentres], application, newest },
    );
    return Object.fromEntries(rows.map(({ datacentre, took }) => [datacentre, took]));
  };

  return {
    async approvers(changeId) {
      const change = await database('change')
        .where({ id: changeId })
        .first<{ requester: string } | undefined>('requester');
      const target = await targetOfChange(database, changeId);
      const deciders = await holdersOf(database, 'change.decide', target, 51);
      return deciders.filter((id) => id !== change?.requester).slice(0, 50);
    },

    async audience(changeId, { alert, alertAlso = [], actor }, involved) {
      const told = [
        ...(alert === undefined ? [] : await audienceOf(database, changeId, alert, actor)),
        ...(alert === 'everyone-involved' ? await knownOf(database, involved, actor) : []),
        ...(await knownOf(database, alertAlso, actor)),
      ];
      return [...new Set(told)].sort();
    },

    async durations(application, datacentres) {
      const [sites, anyApplication, simulations] = await Promise.all([
        siteDurations(datacentres, application),
        siteDurations(datacentres, null),
        simulationDurations(database, application),
      ]);
      return { sites, anyApplication, simulations };
    },

    conflicts: (changeId) => presentConflicts(database, changeId),

    async plan(changeId) {
      const row = await database('change')
        .where({ id: changeId })
        .first<{ plan: ChangePlan | null; plan_hash: string | null } | undefined>(
          'plan',
          'plan_hash',
        );
      if (row === undefined) {
        throw new DomainError('not-found', `There is no change ${changeId}.`, {
          code: 'no-such-change',
        });
      }
      return { plan: row.plan, planHash: row.plan_hash };
    },
  };
}

/** From entering `simulating` to leaving it; answers that there is no placement count, too. */
async function simulationDurations(database: Knex, application: string): Promise<number[]> {
  const { rows } = await database.raw<{ rows: { took: number }[] }>(
    `
      select cast(extract(epoch from answered.at - asked.at) * 1000 as bigint) as took
      from change c
      join change_log asked on asked.change_id = c.id and asked.to_state = 'simulating'
      join lateral (
        select at from change_log
        where change_id = c.id and id > asked.id and from_state = 'simulating' order by id limit 1
      ) answered on true
      where c.application = :application order by asked.at desc limit :newest
    `,
    { application, newest },
  );
  return rows.map(({ took }) => took);
}
