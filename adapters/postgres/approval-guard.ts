import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import type { DecisionOverride } from '../../domain/change/messages.ts';
import { reservedStates } from '../../domain/change/life-cycle.ts';
import type { Conflict } from '../../domain/conflicts/conflict.ts';
import { DomainError } from '../../domain/errors.ts';
import type { InventoryEngine } from '../../domain/impact/ports.ts';
import { interventionOf } from './conflict-store.ts';
import { explainingConstraints } from './postgres-errors.ts';

export type ApprovalEngine = Pick<InventoryEngine, 'conflictsAmong' | 'locksOf'>;

/** Any number that nothing else locks with two keys. */
const lockClass = 7_205_932;
/** A change that touches more than this is approved alone: so many locks would fill the lock table. */
const mostLocks = 128;

/**
 * Two planners may approve at once, and neither see what the other does. Until the transaction ends this keeps
 * out every approval that could conflict: changes that can have a lock in common, and take them in one order.
 * An override steps over what the locks stand for, so it is alone, as is what touches very much.
 */
async function lockApproval(
  trx: Knex,
  engine: ApprovalEngine,
  changeId: string,
  isOverride: boolean,
): Promise<void> {
  const locks = await engine.locksOf(changeId);
  if (isOverride || locks.length > mostLocks) {
    await trx.raw(`select pg_advisory_xact_lock(hashtext('ctc-approvals'))`);
    return;
  }
  await trx.raw(`select pg_advisory_xact_lock_shared(hashtext('ctc-approvals'))`);
  await trx.raw(
    `select pg_advisory_xact_lock(${lockClass}, key)
     from (select key from unnest(cast(:locks as integer[])) as key order by key) as in_order`,
    { locks: [...locks] },
  );
}

/**
 * Whether the change may be approved beside what is approved already. Blocking conflicts that the override covers
 * are recorded with its reason.
 * @throws DomainError `refused` naming every blocking conflict that is not overridden.
 */
export async function guardApproval(
  trx: Knex,
  engine: ApprovalEngine,
  approval: {
    readonly changeId: string;
    readonly planHash: string;
    readonly by: string;
    readonly override?: DecisionOverride | undefined;
    readonly at: string;
  },
): Promise<{ readonly overridden: readonly Conflict[] }> {
  const { changeId, planHash, by, override, at } = approval;
  await lockApproval(trx, engine, changeId, override !== undefined);
  const among = await reservedBeside(trx, changeId);
  const blocking = (await engine.conflictsAmong(changeId, among)).filter(
    ({ severity }) => severity === 'blocking',
  );
  const isCovered = ({ kind }: Conflict): boolean =>
    kind === 'freeze' ? override?.freezes === true : override?.conflicts === true;
  const standing = blocking.filter((conflict) => !isCovered(conflict));
  if (standing.length > 0) {
    throw new DomainError(
      'refused',
      standing.map(({ evidence }) => evidence.explanation).join(' '),
      {
        code: 'blocking-conflict',
        remedy:
          'Move one of the windows (ctc windows next lists the free ones), or have it overridden with a reason by somebody who may.',
      },
    );
  }
  for (const { kind, subject, changes } of blocking) {
    await trx('conflict_override')
      .insert({
        id: uuidv7(),
        change_id: changeId,
        plan_hash: planHash,
        kind,
        subject,
        changes: [...changes],
        reason: override?.reason ?? '',
        overridden_by: by,
        overridden_at: at,
      })
      .onConflict(['change_id', 'plan_hash', 'kind', 'subject', 'changes'])
      .ignore();
  }
  return { overridden: blocking };
}

/** Approved changes that run at the same time, or that this one comes after. */
async function reservedBeside(trx: Knex, changeId: string): Promise<string[]> {
  const after = (await interventionOf(trx, changeId))?.after ?? [];
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    `select other.id from change as self join change as other
       on tstzrange(other.window_opens_at, other.window_closes_at)
         && tstzrange(self.window_opens_at, self.window_closes_at)
       or other.id = any (cast(:after as uuid[]))
       or other.definition #> '{request,after}' \\? ('CHG-' || self.number)
     where self.id = :changeId and other.id <> self.id
       and other.state = any (cast(:reserved as text[]))`,
    { changeId, after: [...after], reserved: [...reservedStates] },
  );
  return rows.map(({ id }) => id);
}

/**
 * Holds the items of an approved change for its window.
 * @throws DomainError `refused` when another change holds one of them: the constraint has the last word.
 */
export async function reserveItems(
  trx: Knex,
  changeId: string,
  overridden: readonly Conflict[],
): Promise<void> {
  const intervention = await interventionOf(trx, changeId);
  if (intervention === null || intervention.items.length === 0) return;
  const isOverridden = overridden.some(({ kind }) => kind === 'same-item');
  const held = (): DomainError =>
    new DomainError('refused', 'Another approved change works on the same item at that time.', {
      code: 'blocking-conflict',
      remedy: 'Look at the conflicts again, and move one of the windows.',
    });
  await explainingConstraints({ reservation_apart: held }, async () => {
    await trx.raw(
      `insert into reservation (change_id, item, during, overridden)
       select id, item, tstzrange(window_opens_at, window_closes_at), :isOverridden
       from change, unnest(cast(:items as text[])) as item where id = :changeId
       on conflict (change_id, item) do update set during = excluded.during`,
      { changeId, items: [...new Set(intervention.items.map(({ item }) => item))], isOverridden },
    );
  });
}

export async function releaseItems(trx: Knex, changeId: string): Promise<void> {
  await trx('reservation').where({ change_id: changeId }).delete();
}
