import type { Knex } from 'knex';
import { RoaringBitmap32, SerializationFormat } from 'roaring-wasm';
import { DomainError } from '../../domain/errors.ts';
import { impactStates, type Disturbance, type ImpactState } from '../../domain/impact/impact.ts';
import type { InventoryEngine, SetsByState } from '../../domain/impact/ports.ts';
import type {
  AffectedKind,
  AffectedRows,
  ImpactDifference,
  ImpactSnapshots,
  SetDifference,
} from '../../domain/impact/snapshot-ports.ts';

/** Rows of a batch: few enough that the event loop goes on between them. */
const batchSize = 2_000;

interface StoredSets {
  readonly version: number;
  readonly disturbances: readonly Disturbance[];
  readonly services: SetsByState;
  readonly customers: SetsByState;
}

/** What is selected of each kind; a row that has left the inventory comes from its history. */
const selections: Readonly<Record<AffectedKind, string>> = {
  services: `
    select n.nr, coalesce(node.id, h.row ->> 'id') as id, coalesce(node.name, h.row ->> 'name') as name,
      coalesce(node.solution, h.row ->> 'solution') as solution,
      coalesce(node.customer, h.row ->> 'customer') as customer
    from unnest(cast(:numbers as integer[])) as n (nr)
    left join node on node.nr = n.nr
    left join lateral (
      select row from inventory_history where node.nr is null and kind = 'nodes'
        and (row ->> 'nr')::integer = n.nr order by until desc limit 1
    ) as h on true
    order by n.nr`,
  customers: `
    select n.nr, coalesce(c.id, h.row ->> 'id') as id, coalesce(c.name, h.row ->> 'name') as name,
      coalesce(c.country, h.row ->> 'country') as country,
      coalesce(c.contract_level, h.row ->> 'contract_level') as "contractLevel"
    from unnest(cast(:numbers as integer[])) as n (nr)
    left join customer as c on c.nr = n.nr
    left join lateral (
      select row from inventory_history where c.nr is null and kind = 'customers'
        and (row ->> 'nr')::integer = n.nr order by until desc limit 1
    ) as h on true
    order by n.nr`,
};

export function createImpactSnapshots(
  database: Knex,
  engine: Pick<InventoryEngine, 'snapshot'>,
): ImpactSnapshots {
  return {
    async *affected(changeId, kind, states = impactStates) {
      const stored = await readSets(database, changeId);
      for (const state of states) {
        for (const numbers of batchesOf(stored[kind][state])) {
          const { rows } = await database.raw<{ rows: object[] }>(selections[kind], { numbers });
          yield rows.map((row) => ({
            ...row,
            state,
          })) as unknown as readonly AffectedRows[typeof kind][];
        }
      }
    },

    async difference(changeId): Promise<ImpactDifference> {
      const then = await readSets(database, changeId);
      const now = await engine.snapshot(then.disturbances, 0);
      const services = compare(then.services, now.services);
      const customers = compare(then.customers, now.customers);
      return {
        assessedVersion: then.version,
        currentVersion: now.impact.version,
        services,
        customers,
        share: Math.max(shareOf(services), shareOf(customers)),
      };
    },
  };
}

async function readSets(database: Knex, changeId: string): Promise<StoredSets> {
  const row = await database('impact_assessment')
    .where({ change_id: changeId })
    .orderBy('revision', 'desc')
    .first<
      | (Record<
          | 'services_down'
          | 'services_degraded'
          | 'services_at_risk'
          | 'customers_down'
          | 'customers_degraded'
          | 'customers_at_risk',
          Buffer | null
        > & { inventory_version: number; disturbances: readonly Disturbance[] })
      | undefined
    >(
      'inventory_version',
      database.raw(`impact -> 'disturbances' as disturbances`),
      'services_down',
      'services_degraded',
      'services_at_risk',
      'customers_down',
      'customers_degraded',
      'customers_at_risk',
    );
  if (row === undefined) {
    throw new DomainError('not-found', 'The change has not been assessed yet.', {
      code: 'not-assessed',
      remedy: 'Try again in a moment.',
    });
  }
  const set = (bytes: Buffer | null): Uint8Array => {
    if (bytes !== null) return bytes;
    throw new DomainError('not-found', 'The change was assessed before exact lists were kept.', {
      code: 'no-impact-snapshot',
      remedy: 'Move its window, so that it is assessed again.',
    });
  };
  return {
    version: row.inventory_version,
    disturbances: row.disturbances,
    services: {
      down: set(row.services_down),
      degraded: set(row.services_degraded),
      atRisk: set(row.services_at_risk),
    },
    customers: {
      down: set(row.customers_down),
      degraded: set(row.customers_degraded),
      atRisk: set(row.customers_at_risk),
    },
  };
}

function withBitmap<T>(bytes: Uint8Array, use: (bitmap: RoaringBitmap32) => T): T {
  const bitmap = RoaringBitmap32.deserialize(SerializationFormat.portable, bytes);
  try {
    return use(bitmap);
  } finally {
    bitmap.dispose();
  }
}

function* batchesOf(bytes: Uint8Array): Generator<number[]> {
  const numbers = withBitmap(bytes, (bitmap) => bitmap.toUint32Array());
  for (let i = 0; i < numbers.length; i += batchSize) {
    yield [...numbers.subarray(i, i + batchSize)];
  }
}

function compare(then: SetsByState, now: SetsByState): Record<ImpactState, SetDifference> {
  const ofState = (state: ImpactState): SetDifference =>
    withBitmap(then[state], (before) =>
      withBitmap(now[state], (after) => ({
        then: before.size,
        now: after.size,
        added: after.andNotCardinality(before),
        gone: before.andNotCardinality(after),
      })),
    );
  return { down: ofState('down'), degraded: ofState('degraded'), atRisk: ofState('atRisk') };
}

function shareOf(differences: Readonly<Record<ImpactState, SetDifference>>): number {
  const all = impactStates.map((state) => differences[state]);
  const moved = all.reduce((sum, { added, gone }) => sum + added + gone, 0);
  const before = all.reduce((sum, { then }) => sum + then, 0);
  return moved === 0 ? 0 : moved / Math.max(1, before);
}
