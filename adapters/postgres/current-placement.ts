import type { Knex } from 'knex';
import type { ApplicationDefinition } from '../../domain/application/application-definition.ts';
import { guardianPolicyOf } from '../../domain/guardian/policy.ts';
import type { Current, Placement } from '../../domain/placement/simulation.ts';

/** Datacentres of so many deployments say how often a start fails. */
const remembered = 100;

/**
 * Where an application stands and what it counts to move it, as its policy says; undefined where it says
 * nothing of moves, or nothing runs.
 */
export async function currentOf(
  database: Knex,
  definition: ApplicationDefinition,
  placement: Placement | undefined,
): Promise<Current | undefined> {
  const { moving } = guardianPolicyOf(definition);
  if (moving === undefined || placement === undefined) return undefined;
  return {
    placement,
    ...moving,
    failurePercent: moving.failurePercent ?? (await failureShare(database, definition.name)),
  };
}

/** The same of what was verified last of the application. */
export async function currentOfVerified(
  database: Knex,
  definition: ApplicationDefinition,
): Promise<Current | undefined> {
  const row = await database('verified_deployment')
    .where({ application: definition.name })
    .orderBy('verified_at', 'desc')
    .first<{ placement: Placement } | undefined>('placement');
  return currentOf(database, definition, row?.placement);
}

/** Share of the newest deployments to datacentres that failed, in per cent; none where there were none. */
async function failureShare(database: Knex, application: string): Promise<number> {
  const { rows } = await database.raw<{ rows: { percent: number | null }[] }>(
    `
      select cast(100.0 * count(*) filter (where outcome in ('failed', 'needs-a-person')) / nullif(count(*), 0)
        as double precision) as percent
      from (
        select o.outcome from site_outcome o
        join attempt a on a.change_id = o.change_id and a.number = o.attempt
        where a.application = :application and a.kind <> 'rollback' and o.outcome <> 'unreachable'
        order by o.decided_at desc limit :remembered
      ) latest
    `,
    { application, remembered },
  );
  return rows[0]?.percent ?? 0;
}
