import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { DomainError } from '../../domain/errors.ts';
import type { FreezeRegister, StoredFreeze } from '../../domain/windows/freeze-ports.ts';
import { freezeInstants, type FreezePeriod } from '../../domain/windows/freeze.ts';
import { queueRecompute } from './conflict-keeper.ts';
import { lockConflicts } from './conflict-store.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { appendToLedger } from './ledger-append.ts';
import { uuidPattern } from './uuid-pattern.ts';

export interface FreezeRegisterDeps {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
}

interface FreezeRow {
  readonly id: string;
  readonly definition: FreezePeriod;
  readonly created_by: string;
  readonly created_at: string;
  readonly lifted_by: string | null;
  readonly lifted_at: string | null;
  readonly lift_reason: string | null;
}

/** No window that is planned now is further away. */
const horizonMs = 2 * 366 * 86_400_000;
const nextShown = 3;

export function createFreezeRegister({ database, now }: FreezeRegisterDeps): FreezeRegister {
  const toStored = (row: FreezeRow): StoredFreeze => {
    const nowMs = Date.parse(now());
    const next =
      row.lifted_at === null ? freezeInstants(row.definition, nowMs, nowMs + horizonMs) : [];
    return {
      id: row.id,
      freeze: row.definition,
      createdBy: row.created_by,
      createdAt: row.created_at,
      lifted:
        row.lifted_at === null
          ? null
          : { by: row.lifted_by ?? '', at: row.lifted_at, reason: row.lift_reason ?? '' },
      next: next.slice(0, nextShown).map(({ opensAtMs, closesAtMs }) => ({
        from: new Date(opensAtMs).toISOString(),
        to: new Date(closesAtMs).toISOString(),
      })),
    };
  };
  const find = async (trx: Knex, id: string): Promise<FreezeRow> => {
    const row = uuidPattern.test(id)
      ? await trx('freeze_period').where({ id }).first<FreezeRow | undefined>()
      : undefined;
    if (row !== undefined) return row;
    throw new DomainError('not-found', `There is no freeze ${id}.`, {
      code: 'no-such-freeze',
      remedy: 'Use an id that ctc freeze list shows.',
    });
  };
  /** Planned changes in its time are told of it, or that it is gone; engines follow by the number. */
  const announce = async (trx: Knex, id: string, freeze: FreezePeriod): Promise<void> => {
    await trx('freeze_period')
      .where({ id })
      .update({ seq: trx.raw(`nextval('intervention_seq')`) });
    const nowMs = Date.parse(now());
    const periods = freezeInstants(freeze, nowMs, nowMs + horizonMs);
    await queueRecompute(
      trx,
      'freeze',
      `exists (select from unnest(cast(:from as timestamptz[]), cast(:to as timestamptz[])) as period (opens, closes)
         where window_opens_at < closes and opens < window_closes_at)`,
      {
        from: periods.map(({ opensAtMs }) => new Date(opensAtMs).toISOString()),
        to: periods.map(({ closesAtMs }) => new Date(closesAtMs).toISOString()),
      },
    );
  };

  const note = (
    trx: Knex,
    what: {
      readonly action: string;
      readonly id: string;
      readonly by: string;
      readonly details: Readonly<Record<string, unknown>>;
    },
  ): Promise<void> =>
    appendToLedger(trx, {
      at: now(),
      actor: what.by,
      action: what.action,
      subject: { kind: 'freeze', id: what.id },
      details: what.details,
    });

  return {
    create: (freeze, by) =>
      database.transaction(async (trx) => {
        await checkScope(trx, freeze);
        await lockConflicts(trx);
        const id = uuidv7();
        await trx('freeze_period').insert({
          id,
          kind: freeze.kind,
          scope_kind: freeze.scope.kind,
          scope_id: freeze.scope.kind === 'company' ? null : freeze.scope.id,
          definition: JSON.stringify(freeze),
          created_by: by,
          created_at: now(),
          seq: 0,
        });
        await announce(trx, id, freeze);
        await note(trx, { action: 'freeze.created', id, by, details: namedIn(freeze) });
        return toStored(await find(trx, id));
      }),

    lift: (id, by, reason) =>
      database.transaction(async (trx) => {
        await lockConflicts(trx);
        const row = await find(trx, id);
        if (row.lifted_at !== null) {
          throw new DomainError('refused', `It was lifted by ${row.lifted_by ?? ''} before.`, {
            code: 'freeze-lifted',
          });
        }
        await trx('freeze_period')
          .where({ id })
          .update({ lifted_by: by, lifted_at: now(), lift_reason: reason });
        await announce(trx, id, row.definition);
        await note(trx, { action: 'freeze.lifted', id, by, details: { reason } });
        return toStored(await find(trx, id));
      }),

    get: async (id) => toStored(await find(database, id)),

    async list({ includeLifted, ofCustomers, limit, cursor }) {
      const query = database('freeze_period')
        .orderBy('id', 'desc')
        .limit(limit + 1);
      if (!includeLifted) void query.whereNull('lifted_at');
      if (!ofCustomers) void query.whereNot('scope_kind', 'customer');
      if (cursor !== undefined) void query.where('id', '<', decodeCursor(cursor, uuidPattern));
      const rows = await query.select<FreezeRow[]>();
      return pageOf(rows, limit, toStored, ({ id }) => id);
    },
  };
}

/** The log outlives customers: of whom a freeze protects it has only the freeze's id. */
function namedIn({ kind, scope }: FreezePeriod): Readonly<Record<string, unknown>> {
  return { kind, scope: scope.kind === 'customer' ? { kind: scope.kind } : scope };
}

async function checkScope(trx: Knex, { scope, ...freeze }: FreezePeriod): Promise<void> {
  // Whatever is wrong with its times is said before it is stored.
  freezeInstants(freeze, 0, 0);
  if (scope.kind === 'company') return;
  const known = await trx(scope.kind)
    .where({ id: scope.id })
    .first<{ id: string } | undefined>('id');
  if (known !== undefined) return;
  throw new DomainError('invalid', `The inventory has no ${scope.kind} "${scope.id}".`, {
    code: 'invalid-freeze',
    complaints: [{ field: 'scope.id', message: `there is no ${scope.kind} "${scope.id}"` }],
    remedy: `Correct the id: ctc inventory list ${scope.kind}s shows them.`,
  });
}
