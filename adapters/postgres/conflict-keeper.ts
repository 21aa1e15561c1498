import type { Knex } from 'knex';
import type { Logger } from 'pino';
import type { InventoryEngine } from '../../domain/impact/ports.ts';
import { keepConflicts, lockConflicts, type ConflictFinder } from './conflict-store.ts';

/** Queues the live interventions for which the condition holds, in the caller's transaction. */
export async function queueRecompute(
  trx: Knex,
  because: 'inventory' | 'freeze' | 'order',
  condition: string,
  bindings: Record<string, Knex.Value>,
): Promise<void> {
  await trx.raw(
    `insert into conflict_recompute (change_id, because, queued_at)
     select id, :because, now() from change
     where ended_at is null and intervention_seq is not null and (${condition})
     on conflict (change_id) do nothing`,
    { because, ...bindings },
  );
}

export interface ConflictKeeperDeps {
  readonly database: Knex;
  readonly engine: ConflictFinder & Pick<InventoryEngine, 'touchedSince'>;
  /** Looks at what else the inventory may have changed about a change. */
  readonly watch?: (trx: Knex, changeId: string) => Promise<void>;
  /** ISO instant. */
  readonly now: () => string;
}

/**
 * One round: queues what the inventory has touched since the kept conflicts were computed, and computes what is
 * queued anew, a change in a transaction. Any number of processes may do so at once; what a crash cuts off
 * the next round goes on with. Returns how many changes were looked at.
 */
export async function keepConflictsCurrent(deps: ConflictKeeperDeps): Promise<number> {
  const { database, engine, now } = deps;
  await queueTouched(deps);
  for (let done = 0; ; done += 1) {
    const looked = await database.transaction(async (trx) => {
      await lockConflicts(trx);
      const next = await trx('conflict_recompute')
        .orderBy('queued_at')
        .first<{ change_id: string } | undefined>('change_id');
      if (next === undefined) return false;
      await keepConflicts(trx, engine, next.change_id, now());
      await deps.watch?.(trx, next.change_id);
      await trx('conflict_recompute').where(next).delete();
      return true;
    });
    if (!looked) return done;
  }
}

async function queueTouched({ database, engine }: ConflictKeeperDeps): Promise<void> {
  await database.transaction(async (trx) => {
    // Cheap, and nearly always all there is to do.
    const { rows } = await trx.raw<{ rows: { kept: number; newest: number }[] }>(
      `select inventory_version as kept, (select coalesce(max(version), 0) from inventory_import) as newest
       from conflict_state`,
    );
    const [versions] = rows;
    if (versions === undefined || versions.kept >= versions.newest) return;
    await lockConflicts(trx);
    const { version, changes } = await engine.touchedSince(versions.kept);
    await queueRecompute(trx, 'inventory', 'id = any (cast(:changes as uuid[]))', {
      changes: [...changes],
    });
    await trx('conflict_state').update({ inventory_version: version });
  });
}

/** Keeps conflicts current in the background: soon after an import, and every few seconds. */
export function startConflictKeeper(
  deps: ConflictKeeperDeps & { readonly logger: Logger; readonly everyMs?: number },
): { stop(): Promise<void> } {
  const { logger, everyMs = 2_000 } = deps;
  let stopped = false;
  let wake: () => void = () => undefined;
  const run = async (): Promise<void> => {
    while (!stopped) {
      try {
        const looked = await keepConflictsCurrent(deps);
        if (looked > 0) logger.info({ changes: looked }, 'conflicts computed anew');
      } catch (error) {
        // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- set by stop() meanwhile
        if (!stopped) logger.warn({ err: error }, 'conflicts not computed; tried again');
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, everyMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const running = run();
  return {
    async stop() {
      stopped = true;
      wake();
      await running;
    },
  };
}
