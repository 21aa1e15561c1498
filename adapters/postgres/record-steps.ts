import type { Knex } from 'knex';
import type { RecordSteps } from '../../domain/change/change-steps.ts';
import { isEnded, reservedStates, type ChangeState } from '../../domain/change/life-cycle.ts';
import { DomainError } from '../../domain/errors.ts';
import type { WindowInstants } from '../../domain/windows/window-rules.ts';
import { appendToLog } from './change-log.ts';
import { releaseItems, reserveItems, type ApprovalEngine } from './approval-guard.ts';
import {
  keepConflicts,
  lockConflicts,
  renumberIntervention,
  type ConflictFinder,
} from './conflict-store.ts';
import { queueRecompute } from './conflict-keeper.ts';
import { keepTermsInForce } from './contract-terms.ts';
import { followRollback } from './failed-rollbacks.ts';
import { recordJustification } from './record-justification.ts';
import { logDecision, takeDecision } from './record-decision.ts';
import { recordRunbookStep, stopRunningSteps } from './record-runbook-step.ts';
import { enqueueCorrectionEnded, enqueueGuard } from './outbox.ts';

export interface RecordStepsDeps {
  readonly database: Knex;
  readonly engine: ConflictFinder & ApprovalEngine;
  /** ISO instant. */
  readonly now: () => string;
}

const outcomes: readonly ChangeState[] = [
  'completed',
  'rolled-back',
  'rollback-incomplete',
  'rejected',
  'cancelled',
  'expired',
];

/** Each step is one transaction: the state by compare-and-set, its log entry and its alerts together. */
export function createRecordSteps({ database, engine, now }: RecordStepsDeps): RecordSteps {
  /** Moves the state on, or says that record and workflow disagree. */
  const moveOn = async (
    trx: Knex,
    changeId: string,
    from: ChangeState,
    to: ChangeState,
    columns: Record<string, unknown>,
  ): Promise<void> => {
    const at = now();
    const moved = await trx('change')
      .where({ id: changeId, state: from })
      .update({
        state: to,
        resumes_to: to === 'paused' ? from : null,
        version: trx.raw('version + 1'),
        updated_at: at,
        ended_at: isEnded(to) ? trx.raw('coalesce(ended_at, ?)', [at]) : null,
        ...(outcomes.includes(to)
          ? { outcome: to }
          : to === 'rolling-back'
            ? { outcome: null }
            : {}),
        ...columns,
      });
    if (moved === 0) {
      throw new DomainError(
        'conflict',
        `The record of the change is no longer in state "${from}", so it cannot become "${to}".`,
        { code: 'state-moved-on' },
      );
    }
    if (!isReserved(to)) await releaseItems(trx, changeId);
    if (!isEnded(to)) return;
    await withdraw(trx, changeId, at);
    await enqueueCorrectionEnded(trx, changeId);
  };
  /** An ended change stands in nobody's way any more; what comes after it may be told more of it now. */
  const withdraw = async (trx: Knex, changeId: string, at: string): Promise<void> => {
    const window = await windowOf(trx, changeId);
    await renumberIntervention(trx, changeId);
    await keepConflicts(trx, engine, changeId, at, window);
    await queueRecompute(
      trx,
      'order',
      `definition #> '{request,after}' \\? (select 'CHG-' || number from change where id = :changeId)`,
      { changeId },
    );
  };

  return {
    recordTransition: (entry) =>
      database.transaction(async (trx) => {
        const { changeId, from, to, event } = entry;
        // The log comes first: it tells a repetition from a first time, and holds the row's order.
        if (!(await appendToLog(trx, { ...entry, event, from, to, at: now() }))) return;
        if (isEnded(to)) await lockConflicts(trx);
        await moveOn(trx, changeId, from, to, { waiting_for: jsonOrNull(entry.waitingFor) });
        await stopRunningSteps(trx, entry, now());
        await followRollback(trx, entry, now());
        if (entry.verifiedAttempt !== undefined) {
          await confirmVerified(trx, changeId, entry.verifiedAttempt, now());
        }
      }),

    recordEntry: (entry) =>
      database.transaction(async (trx) => {
        const at = now();
        if (!(await appendToLog(trx, { ...entry, event: 'note', at }))) return;
        if (entry.waitingFor === undefined) return;
        await trx('change')
          .where({ id: entry.changeId })
          .update({ waiting_for: jsonOrNull(entry.waitingFor), updated_at: at });
      }),

    recordRunbookStep: (entry) =>
      database.transaction((trx) => recordRunbookStep(trx, entry, now())),

    recordDecision: (entry) =>
      database.transaction(async (trx) => {
        const at = now();
        const taken = await takeDecision(trx, engine, entry, at);
        if ('known' in taken) return taken.known;
        const to = entry.decision === 'rejected' ? 'rejected' : 'scheduled';
        await logDecision(trx, entry, taken, to, at);
        const { outcome, overridden, justifyBy } = taken;
        if (!outcome.decided) return outcome;
        await moveOn(trx, entry.changeId, 'awaiting-approval', to, {
          waiting_for: jsonOrNull(to === 'scheduled' ? entry.waitingFor : null),
          ...(to === 'scheduled' ? { justify_by: justifyBy } : {}),
        });
        if (to === 'scheduled') await reserveItems(trx, entry.changeId, overridden);
        return outcome;
      }),

    recordJustification: (entry) =>
      database.transaction((trx) => recordJustification(trx, entry, now())),

    recordWindowMove: (entry) =>
      database.transaction(async (trx) => {
        const { changeId, revision, request, from } = entry;
        const at = now();
        await lockConflicts(trx);
        const windowBefore = await windowOf(trx, changeId);
        if (
          !(await appendToLog(trx, { event: 'move-window', ...entry, from, to: 'requested', at }))
        ) {
          return;
        }
        await moveOn(trx, changeId, from, 'requested', {
          revision,
          definition: trx.raw(
            `jsonb_set(jsonb_set(definition, '{request}',
              definition -> 'request' || jsonb_build_object('window', cast(:asked as jsonb)) || cast(:amendment as jsonb)),
              '{window}', cast(:resolved as jsonb))`,
            {
              amendment: JSON.stringify(request['amendment'] ?? {}),
              asked: JSON.stringify(request['asked']),
              resolved: JSON.stringify(request['resolved']),
            },
          ),
          window_opens_at: entry.opensAt,
          window_closes_at: entry.closesAt,
          plan: null,
          plan_hash: null,
          approval_expires_at: null,
          waiting_for: null,
        });
        await renumberIntervention(trx, changeId);
        await keepConflicts(trx, engine, changeId, at, windowBefore);
      }),

    recordSiteOutcomes: async ({ changeId, attempt }, siteOutcomes) => {
      if (siteOutcomes.length === 0) return;
      await database('site_outcome')
        .insert(
          siteOutcomes.map(({ datacentre, outcome, detail, tookMs }) => ({
            change_id: changeId,
            attempt,
            datacentre,
            outcome,
            detail,
            took_ms: tookMs ?? null,
            decided_at: now(),
          })),
        )
        // A datacentre that could not be reached gets its last word when it has come back.
        .onConflict(['change_id', 'attempt', 'datacentre'])
        .merge();
    },

    releaseTargets: async (changeId) => {
      await database('target_lease')
        .where({ change_id: changeId })
        .whereNull('released_at')
        .update({ released_at: now() });
    },
  };
}

async function confirmVerified(
  trx: Knex,
  changeId: string,
  attempt: number,
  at: string,
): Promise<void> {
  await trx.raw(
    `
      insert into verified_deployment
        (application, change_id, attempt, release_version, release_digest, placement, verified_at)
      select application, change_id, number, release_version, release_digest, placement, :at
      from attempt where change_id = :changeId and number = :attempt
      on conflict (application, change_id, attempt) do nothing
    `,
    { changeId, attempt, at },
  );
  await trx('site_outcome')
    .where({ change_id: changeId, attempt, outcome: 'applied' })
    .update({ outcome: 'verified', decided_at: at });
  const [verified] = await trx('attempt')
    .where({ change_id: changeId, number: attempt })
    .update({ outcome: 'verified', ended_at: at })
    .returning<{ application: string }[]>('application');
  if (verified === undefined) return;
  await keepTermsInForce(trx, { application: verified.application, changeId, attempt }, at);
  const what = { change: changeId, attempt };
  await enqueueGuard(trx, verified.application, what, `${changeId}/${attempt}`);
}

const isReserved = (state: ChangeState): boolean =>
  (reservedStates as readonly ChangeState[]).includes(state);

async function windowOf(trx: Knex, changeId: string): Promise<WindowInstants | undefined> {
  const row = await trx('change')
    .where({ id: changeId })
    .first<{ window_opens_at: string; window_closes_at: string } | undefined>(
      'window_opens_at',
      'window_closes_at',
    );
  return row === undefined
    ? undefined
    : {
        opensAtMs: Date.parse(row.window_opens_at),
        closesAtMs: Date.parse(row.window_closes_at),
      };
}

function jsonOrNull(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}
