import type { Knex } from 'knex';
import type { ChangeRequest } from '../../domain/change/change-request.ts';
import type { ChangeState } from '../../domain/change/life-cycle.ts';
import type {
  ChangeDetail,
  ChangeFilter,
  ChangeReader,
  ChangeSummary,
  ConflictView,
  LogLine,
} from '../../domain/change/readers.ts';
import type { ChangePlan } from '../../domain/change/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Impact } from '../../domain/impact/impact.ts';
import type { InventoryEngine } from '../../domain/impact/ports.ts';
import type { WaitingFor } from '../../domain/change/story.ts';
import type { ResolvedWindow } from '../../domain/windows/window.ts';
import { attemptsOf } from './attempt-reader.ts';
import { interventionOf, presentConflicts } from './conflict-store.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { findChange } from './find-change.ts';
import { listMeasurements } from './metrics-reader.ts';

export interface ChangeReaderDeps {
  readonly database: Knex;
  readonly engine: Pick<InventoryEngine, 'freeWindows'>;
}

interface ChangeRow {
  readonly id: string;
  readonly number: number;
  readonly kind: string;
  readonly class: string;
  readonly title: string;
  readonly department: string;
  readonly requester: string;
  readonly application: string | null;
  readonly state: ChangeState;
  readonly outcome: ChangeState | null;
  readonly revision: number;
  readonly version: number;
  readonly attempt: number;
  readonly window_opens_at: string;
  readonly window_closes_at: string;
  readonly waiting_for: WaitingFor | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly definition: { readonly request: ChangeRequest; readonly window: ResolvedWindow };
  readonly plan: ChangePlan | null;
  readonly plan_hash: string | null;
  readonly approval_expires_at: string | null;
  readonly origin: ChangeDetail['origin'];
}

/** What the pages and lists show of changes. */
export function createChangeReader({ database, engine }: ChangeReaderDeps): ChangeReader {
  return {
    async list(filter, { limit, cursor }) {
      const query = filtered(database<ChangeRow>('change'), filter)
        .orderBy('number', 'desc')
        .limit(limit + 1);
      if (cursor !== undefined) void query.where('number', '<', decodeCursor(cursor, /^\d{1,15}$/));
      const rows = await query.select<ChangeRow[]>('*');
      return pageOf(rows, limit, toSummary, ({ number }) => number);
    },

    async get(idOrLabel) {
      const row = await findChange<ChangeRow>(database, idOrLabel, ['*']);
      const [approvals, conflicts, attempts, rehearsal] = await Promise.all([
        approvalsOf(database, row.id),
        conflictsOf(database, row.id),
        attemptsOf(database, row),
        newestRehearsal(database, row),
      ]);
      return toDetail(row, { approvals, conflicts, attempts, rehearsal });
    },

    async log(changeId, { after, limit }) {
      const rows = await database('change_log')
        .where({ change_id: changeId })
        .andWhere('id', '>', after)
        .orderBy('id')
        .limit(limit)
        .select<LogLine[]>(
          'id',
          'at',
          'actor',
          'event',
          'from_state as from',
          'to_state as to',
          'message',
          'details',
        );
      return rows;
    },

    async simulations(changeId) {
      return database('simulation')
        .where({ change_id: changeId })
        .orderBy('attempt')
        .select(
          'id',
          'attempt',
          'engine',
          'inputs_hash as inputsHash',
          'simulated_at as simulatedAt',
          'result',
          'inputs',
        );
    },

    measurements: (changeId, page) => listMeasurements(database, changeId, page),

    async impact(changeId) {
      const row = await database('impact_assessment')
        .where({ change_id: changeId })
        .orderBy('revision', 'desc')
        .first<{ impact: Impact; revision: number; at: string } | undefined>(
          'impact',
          'revision',
          'assessed_at as at',
        );
      if (row === undefined) {
        throw new DomainError('not-found', 'The change has not been assessed yet.', {
          code: 'not-assessed',
          remedy: 'Try again in a moment.',
        });
      }
      return { revision: row.revision, assessedAt: row.at, ...row.impact };
    },

    async freeWindows(changeId, range) {
      if ((await interventionOf(database, changeId)) === null) {
        throw new DomainError(
          'refused',
          'The change has ended, or has not been assessed: there is no window to look for.',
          { code: 'no-intervention' },
        );
      }
      return engine.freeWindows(changeId, range);
    },
  };
}

function filtered<Q extends Knex.QueryBuilder>(query: Q, filter: ChangeFilter): Q {
  if (filter.states !== undefined) void query.whereIn('state', [...filter.states]);
  if (filter.kind !== undefined) void query.where('kind', filter.kind);
  if (filter.application !== undefined) void query.where('application', filter.application);
  if (filter.requester !== undefined) void query.where('requester', filter.requester);
  if (filter.text !== undefined) {
    void query.whereILike('title', `%${filter.text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`);
  }
  return query;
}

function toSummary(row: ChangeRow): ChangeSummary {
  return {
    id: row.id,
    label: `CHG-${row.number}`,
    kind: row.kind,
    class: row.class,
    title: row.title,
    department: row.department,
    requester: row.requester,
    application: row.application,
    state: row.state,
    outcome: row.outcome,
    revision: row.revision,
    version: row.version,
    attempt: row.attempt,
    windowOpensAt: row.window_opens_at,
    windowClosesAt: row.window_closes_at,
    waitingFor: row.waiting_for,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** The newest that has a report. */
async function newestRehearsal(
  database: Knex,
  { id, plan_hash: planHash }: ChangeRow,
): Promise<ChangeDetail['rehearsal']> {
  const row = await database('rehearsal')
    .where({ change_id: id, state: 'done' })
    .orderBy('requested_at', 'desc')
    .first<{ id: string; at: string; plan_hash: string; summary: string } | undefined>(
      'id',
      'ended_at as at',
      'plan_hash',
      'summary',
    );
  if (row === undefined) return null;
  const { plan_hash: rehearsed, ...found } = row;
  return { ...found, current: rehearsed === planHash };
}

function toDetail(
  row: ChangeRow,
  rest: Pick<ChangeDetail, 'approvals' | 'conflicts' | 'attempts' | 'rehearsal'>,
): ChangeDetail {
  return {
    ...toSummary(row),
    request: row.definition.request,
    window: row.definition.window,
    origin: row.origin,
    planHash: row.plan_hash,
    impact: row.plan === null ? null : { ...row.plan.impact },
    findings: row.plan?.findings ?? [],
    rollsBackTo: row.plan?.rollsBackTo ?? null,
    approvalExpiresAt: row.approval_expires_at,
    ...rest,
  };
}

async function approvalsOf(database: Knex, id: string): Promise<ChangeDetail['approvals']> {
  return database('approval')
    .where({ change_id: id })
    .orderBy('decided_at')
    .select<ChangeDetail['approvals']>(
      'decided_by as by',
      'decision',
      'reason',
      'decided_at as at',
      'plan_hash as planHash',
      'on_behalf_of as onBehalfOf',
      'policy',
    );
}

async function conflictsOf(database: Knex, id: string): Promise<ConflictView[]> {
  const conflicts = await presentConflicts(database, id);
  const others = [...new Set(conflicts.flatMap(({ changes }) => changes))].filter(
    (change) => change !== id,
  );
  const rows = await database('change')
    .whereIn('id', others)
    .orderBy('number')
    .select<{ id: string; number: number; state: ChangeState }[]>('id', 'number', 'state');
  return conflicts.map(({ changes, ...conflict }) => ({
    ...conflict,
    with: rows
      .filter((row) => changes.includes(row.id))
      .map(({ number, state }) => ({ change: `CHG-${number}`, state })),
  }));
}
