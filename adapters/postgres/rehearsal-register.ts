import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { DomainError } from '../../domain/errors.ts';
import type {
  RehearsalRegister,
  RehearsalState,
  RehearsalSummary,
  StoredRehearsal,
} from '../../domain/rehearsal/ports.ts';
import type { RehearsalReport } from '../../domain/rehearsal/report.ts';
import type { Scenario } from '../../domain/rehearsal/scenario.ts';
import { appendToLog } from './change-log.ts';
import { enqueueRehearsal } from './outbox.ts';
import { explainingConstraints } from './postgres-errors.ts';
import { uuidPattern } from './uuid-pattern.ts';

interface SummaryRow {
  readonly id: string;
  readonly change_id: string;
  readonly revision: number;
  readonly requested_by: string;
  readonly requested_at: string;
  readonly ended_at: string | null;
  readonly state: RehearsalState;
  readonly plan_hash: string | null;
  readonly summary: string | null;
  readonly problem: string | null;
}
interface RehearsalRow extends SummaryRow {
  readonly scenarios: readonly Scenario[];
  readonly report: RehearsalReport | null;
}

const summaryColumns = [
  'id',
  'change_id',
  'revision',
  'requested_by',
  'requested_at',
  'ended_at',
  'state',
  'plan_hash',
  'summary',
  'problem',
] as const satisfies (keyof SummaryRow)[];

/** Rehearsals in PostgreSQL. */
export function createRehearsalRegister(database: Knex): RehearsalRegister {
  return {
    async request({ changeId, scenarios, requestedBy, requestedAt }, revision) {
      const id = uuidv7();
      const alreadyRunning = (): DomainError =>
        new DomainError('conflict', 'The change is being rehearsed already.', {
          code: 'rehearsal-running',
          remedy: 'Wait for its report.',
        });
      return explainingConstraints({ rehearsal_one_running: alreadyRunning }, () =>
        database.transaction(async (trx) => {
          const change = await trx('change')
            .where({ id: changeId })
            .forShare()
            .first<{ number: number; revision: number }>('number', 'revision');
          if (change.revision !== revision) {
            throw new DomainError(
              'conflict',
              `CHG-${change.number} is at revision ${change.revision} by now.`,
              { code: 'revision-moved-on', remedy: 'Ask for the rehearsal again.' },
            );
          }
          const [row] = await trx('rehearsal')
            .insert({
              id,
              change_id: changeId,
              revision,
              requested_by: requestedBy,
              requested_at: requestedAt,
              state: 'running',
              scenarios: JSON.stringify(scenarios),
            })
            .returning<RehearsalRow[]>('*');
          await enqueueRehearsal(trx, changeId, id);
          return toRehearsal(row as RehearsalRow);
        }),
      );
    },

    async get(changeId, id) {
      const row = uuidPattern.test(id)
        ? await database('rehearsal')
            .where({ id, change_id: changeId })
            .first<RehearsalRow | undefined>()
        : undefined;
      if (row !== undefined) return toRehearsal(row);
      throw new DomainError('not-found', `The change has no rehearsal ${id}.`, {
        code: 'no-such-rehearsal',
        remedy: 'Use an id that the list of its rehearsals shows.',
      });
    },

    async list(changeId, limit) {
      const rows = await database('rehearsal')
        .where({ change_id: changeId })
        .orderBy([
          { column: 'requested_at', order: 'desc' },
          { column: 'id', order: 'desc' },
        ])
        .limit(limit)
        .select<SummaryRow[]>(...summaryColumns);
      return rows.map(toSummary);
    },

    end: (id, ending, at) =>
      database.transaction(async (trx) => {
        const report = 'report' in ending ? ending.report : null;
        const problem = 'problem' in ending ? ending.problem : null;
        const [ended] = await trx('rehearsal')
          .where({ id, state: 'running' })
          .update({
            state: report === null ? 'failed' : 'done',
            report: report === null ? null : JSON.stringify(report),
            problem,
            ended_at: at,
          })
          .returning<SummaryRow[]>([...summaryColumns]);
        if (ended === undefined) return;
        await appendToLog(trx, {
          changeId: ended.change_id,
          key: `rehearsal/${id}`,
          actor: ended.requested_by,
          event: 'note',
          message:
            report === null
              ? `It could not be rehearsed: ${problem}`
              : `Rehearsed (revision ${ended.revision}). ${report.summary}`,
          details: { rehearsal: id },
          at,
        });
      }),
  };
}

function toRehearsal(row: RehearsalRow): StoredRehearsal {
  return { ...toSummary(row), scenarios: row.scenarios, report: row.report };
}

function toSummary(row: SummaryRow): RehearsalSummary {
  return {
    id: row.id,
    changeId: row.change_id,
    revision: row.revision,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    endedAt: row.ended_at,
    state: row.state,
    planHash: row.plan_hash,
    summary: row.summary,
    problem: row.problem,
  };
}
