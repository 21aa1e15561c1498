import type { Knex } from 'knex';
import type { RiskHistory } from '../../domain/change/ports.ts';
import { targetOfChange } from './access-targets.ts';
import { interventionAsked, type ConflictFinder } from './conflict-store.ts';

/** Similar changes that are looked back on, and how far back. */
const mostSimilar = 20;
const days = 365;

interface HistoryRow {
  readonly ended: number;
  readonly failed: number;
  readonly verified: boolean;
  readonly rolled_back: boolean;
}

/**
 * What the record tells of a change that is to be assessed: how changes like it ended, whether its release was
 * verified before, and what it conflicts with. Like it are those of its application; of what people carry out,
 * those of its kind in its department.
 */
export async function riskHistory(
  database: Knex,
  engine: Pick<ConflictFinder, 'conflictsOf'>,
  changeId: string,
  releaseDigest: string | null,
  at: string,
): Promise<RiskHistory> {
  const { rows } = await database.raw<{ rows: HistoryRow[] }>(
    `with self as (select * from change where id = :changeId),
     alike as (
       select other.outcome from change other, self
       where other.id <> self.id
         and other.outcome in ('completed', 'rolled-back', 'rollback-incomplete')
         and other.ended_at > cast(:at as timestamptz) - make_interval(days => ${days})
         and case when self.application is null
           then other.kind = self.kind and other.department = self.department
           else other.application = self.application end
       order by other.ended_at desc limit ${mostSimilar}
     )
     select
       (select count(*)::integer from alike) as ended,
       (select count(*)::integer from alike where outcome <> 'completed') as failed,
       exists (select from verified_deployment v, self
         where v.application = self.application and v.release_digest = :releaseDigest
           and v.change_id <> self.id) as verified,
       exists (select from alike, self
         where self.application is not null and alike.outcome = 'rolled-back') as rolled_back`,
    { changeId, releaseDigest, at },
  );
  const [row] = rows;
  const intervention = await interventionAsked(database, changeId);
  const conflicts = await engine.conflictsOf({ change: changeId, intervention });
  const blocking = conflicts.filter(({ severity }) => severity === 'blocking').length;
  return {
    similar: { ended: row?.ended ?? 0, failed: row?.failed ?? 0 },
    conflicts: { blocking, warnings: conflicts.length - blocking },
    isReleaseVerified: row?.verified ?? false,
    hasRolledBack: row?.rolled_back ?? false,
    target: await targetOfChange(database, changeId),
  };
}
