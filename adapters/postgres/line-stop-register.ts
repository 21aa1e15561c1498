import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { reservedStates } from '../../domain/change/life-cycle.ts';
import { DomainError } from '../../domain/errors.ts';
import { scopeWords, type LineScope, type LiftedStop } from '../../domain/line/line-stop.ts';
import type { LineStopRegister, StoredLineStop } from '../../domain/line/ports.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { coveredChanges, scopeOf, toStandingStop, type LineStopRow } from './line-cover.ts';
import { appendToLedger } from './ledger-append.ts';
import { enqueueLineNews } from './outbox.ts';
import { uuidPattern } from './uuid-pattern.ts';

export interface LineStopRegisterDeps {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
}

type CountedRow = LineStopRow & { readonly covered: number; readonly paused: number };

/** Declaring and lifting are one transaction each, with the news to every workflow concerned. */
export function createLineStopRegister({ database, now }: LineStopRegisterDeps): LineStopRegister {
  const find = async (trx: Knex, id: string): Promise<StoredLineStop> => {
    const row = uuidPattern.test(id)
      ? await counted(trx).where({ id }).first<CountedRow | undefined>()
      : undefined;
    if (row !== undefined) return toStored(row);
    throw new DomainError('not-found', `There is no stop of the line ${id}.`, {
      code: 'no-such-line-stop',
      remedy: 'Use an id that ctc line list shows.',
    });
  };

  return {
    stop: ({ scope, reason, by, requestKey }) =>
      database.transaction(async (trx) => {
        await checkScope(trx, scope);
        const id = uuidv7();
        const [row] = await trx('line_stop')
          .insert({
            id,
            request_key: requestKey,
            scope_kind: scope.kind,
            scope_id: scope.kind === 'all' ? null : scope.id,
            reason,
            stopped_by: by,
            stopped_at: now(),
          })
          .onConflict(['stopped_by', 'request_key'])
          .ignore()
          .returning<LineStopRow[]>('*');
        if (row === undefined) {
          const known = await trx('line_stop')
            .where({ stopped_by: by, request_key: requestKey })
            .first<{ id: string }>('id');
          return find(trx, known.id);
        }
        // Changes in the other states come to it, if it still stands, at their first step that can wait.
        await trx.raw(
          `insert into line_stop_change (stop_id, change_id, covered_at)
           select s.id, c.id, s.stopped_at from ${coveredChanges}
             and s.id = :id and c.state = any (cast(:states as text[]))`,
          { id, states: [...reservedStates] },
        );
        await appendToLedger(trx, {
          at: row.stopped_at,
          actor: by,
          action: 'line.stopped',
          subject: { kind: 'line-stop', id },
          details: { scope, reason },
        });
        await enqueueLineNews(trx, 'line-stopped', id, { stopped: toStandingStop(row) });
        return find(trx, id);
      }),

    resume: (id, by, reason) =>
      database.transaction(async (trx) => {
        const before = await find(trx, id);
        const lifted: LiftedStop = { id, scope: scopeWords(before.scope), reason, by, at: now() };
        const updated = await trx('line_stop')
          .where({ id })
          .whereNull('resumed_at')
          .update({ resumed_by: by, resumed_at: lifted.at, resume_reason: reason });
        if (updated === 0) {
          const { resumed } = await find(trx, id);
          throw new DomainError(
            'refused',
            `It was lifted by ${resumed?.by ?? ''} at ${resumed?.at ?? ''}.`,
            { code: 'line-stop-lifted' },
          );
        }
        await appendToLedger(trx, {
          at: lifted.at,
          actor: by,
          action: 'line.resumed',
          subject: { kind: 'line-stop', id },
          details: { reason },
        });
        await enqueueLineNews(trx, 'line-resumed', id, { lifted });
        return find(trx, id);
      }),

    get: (id) => find(database, id),

    async list({ includeResumed, limit, cursor }) {
      const query = counted(database)
        .orderBy('id', 'desc')
        .limit(limit + 1);
      if (!includeResumed) void query.whereNull('resumed_at');
      if (cursor !== undefined) void query.where('id', '<', decodeCursor(cursor, uuidPattern));
      const rows = (await query) as CountedRow[];
      return pageOf(rows, limit, toStored, ({ id }) => id);
    },
  };
}

const counted = (trx: Knex): Knex.QueryBuilder =>
  trx('line_stop').select(
    'line_stop.*',
    trx.raw(`(select count(*) from line_stop_change where stop_id = line_stop.id) as covered`),
    trx.raw(
      `(select count(*) from line_stop_change l join change c on c.id = l.change_id
        where l.stop_id = line_stop.id and c.state = 'paused') as paused`,
    ),
  );

function toStored(row: CountedRow): StoredLineStop {
  return {
    id: row.id,
    scope: scopeOf(row),
    reason: row.reason,
    stoppedBy: row.stopped_by,
    stoppedAt: row.stopped_at,
    resumed:
      row.resumed_at === null
        ? null
        : { by: row.resumed_by ?? '', at: row.resumed_at, reason: row.resume_reason ?? '' },
    covered: row.covered,
    paused: row.paused,
  };
}

async function checkScope(trx: Knex, scope: LineScope): Promise<void> {
  if (scope.kind === 'all') return;
  const known = await trx(scope.kind)
    .where({ id: scope.id })
    .first<{ id: string } | undefined>('id');
  if (known !== undefined) return;
  throw new DomainError('invalid', `The inventory has no ${scope.kind} "${scope.id}".`, {
    code: 'invalid-line-stop',
    complaints: [{ field: 'scope.id', message: `there is no ${scope.kind} "${scope.id}"` }],
    remedy: `Correct the id (ctc inventory list ${scope.kind}s shows them), or stop all.`,
  });
}
