import type { Knex } from 'knex';
import { applicationDefinitionSchema } from '../../domain/application/application-definition.ts';
import { touchingStates } from '../../domain/change/life-cycle.ts';
import type { ChangePlan } from '../../domain/change/ports.ts';
import type { Move } from '../../domain/guardian/decide-correction.ts';
import type { GuardedApplication } from '../../domain/guardian/ports.ts';

interface Row {
  readonly definition: unknown;
  readonly version: number;
  readonly plan: ChangePlan | null;
  readonly change_id: string;
  readonly number: number;
  readonly attempt: number;
  readonly release_version: string;
  readonly placement: GuardedApplication['placement'];
  readonly endpoints: GuardedApplication['endpoints'];
  readonly verified_at: string;
  readonly by_roll_back: boolean;
}

/** What runs of an application and what it is held to; undefined while nothing of it is verified. */
export async function findGuarded(
  trx: Knex,
  application: string,
): Promise<GuardedApplication | undefined> {
  const { rows } = await trx.raw<{ rows: Row[] }>(
    `
      select p.definition, p.version, c.plan, c.number, v.change_id, v.attempt, v.release_version,
        v.placement, a.endpoints, v.verified_at,
        coalesce(c.origin ->> 'way' = 'roll-back', false) as by_roll_back
      from application p
      join verified_deployment v on v.application = p.name
      join attempt a on a.change_id = v.change_id and a.number = v.attempt
      join change c on c.id = v.change_id
      where p.name = ? order by v.verified_at desc limit 1
    `,
    [application],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const definition = applicationDefinitionSchema.parse(row.definition);
  const planned = row.plan?.application;
  return {
    definition,
    definitionVersion: row.version,
    planned:
      planned === null || planned === undefined
        ? definition
        : applicationDefinitionSchema.parse(planned),
    changeId: row.change_id,
    label: `CHG-${row.number}`,
    attempt: row.attempt,
    release: row.release_version,
    placement: row.placement,
    endpoints: row.endpoints,
    verifiedAt: row.verified_at,
    byRollBack: row.by_roll_back,
    ...(await changeAtWork(trx, application)),
  };
}

/** A change that has its hands on the application, or has left it in a state that a person must mend. */
async function changeAtWork(
  trx: Knex,
  application: string,
): Promise<Pick<GuardedApplication, 'otherChange' | 'isChanging'>> {
  const row = await trx('change')
    .where({ application, kind: 'release' })
    .whereIn('state', [...touchingStates, 'rolling-back', 'paused', 'rollback-incomplete'])
    .whereRaw(`resumes_to is distinct from 'scheduled'`)
    .orderByRaw(`state = 'rollback-incomplete', number desc`)
    .first<{ number: number; state: string } | undefined>('number', 'state');
  return {
    otherChange: row === undefined ? null : `CHG-${row.number} (${row.state})`,
    isChanging: row !== undefined && row.state !== 'rollback-incomplete',
  };
}

/** Corrections of an application that were begun, newest first. */
export async function movesOf(trx: Knex, application: string): Promise<Move[]> {
  const { rows } = await trx.raw<{
    rows: {
      begun_at: string;
      ended_at: string | null;
      outcome: string | null;
      left_datacentres: string[];
      left_replicas: string[];
    }[];
  }>(
    `
      select d.begun_at, coalesce(d.ended_at, c.ended_at) as ended_at, c.outcome,
        d.left_datacentres, d.left_replicas
      from guardian_decision d left join change c on c.id = d.change_id
      where d.application = ? and d.begun_at is not null order by d.begun_at desc limit 100
    `,
    [application],
  );
  return rows.map((row) => ({
    begunAtMs: Date.parse(row.begun_at),
    endedAtMs: row.ended_at === null ? null : Date.parse(row.ended_at),
    completed: row.outcome === 'completed',
    left: row.left_datacentres,
    leftReplicas: row.left_replicas,
  }));
}
