import type { Knex } from 'knex';
import type { ChangeState } from '../../domain/change/life-cycle.ts';
import type { RunbookStepEntry, TransitionEntry } from '../../domain/change/story.ts';
import { DomainError } from '../../domain/errors.ts';
import { appendToLog } from './change-log.ts';

/** A step begins or ends, with its evidence, its log entry and its alerts, in the caller's transaction. */
export async function recordRunbookStep(
  trx: Knex,
  entry: RunbookStepEntry,
  at: string,
): Promise<void> {
  const { changeId, step, state, actor, role, waitingFor } = entry;
  // The log comes first: it tells a repetition from a first time.
  if (!(await appendToLog(trx, { ...entry, at }))) return;
  const key = { change_id: changeId, step, try: entry.try };
  if (state === 'running') {
    await trx('runbook_step').insert({
      ...key,
      state,
      started_at: at,
      started_by: actor,
      started_as: role,
      due_at: entry.dueAt ?? null,
    });
  } else {
    await endStep(trx, key, {
      state,
      ended_at: at,
      ended_by: actor,
      ended_as: role,
      reason: entry.reason === '' ? null : entry.reason,
      evidence: entry.evidence?.content ?? null,
      evidence_kind: entry.evidence?.kind ?? null,
    });
  }
  if (waitingFor === undefined) return;
  await trx('change')
    .where({ id: changeId })
    .update({ waiting_for: JSON.stringify(waitingFor), updated_at: at });
}

/** Only what is left out may end without having begun. */
async function endStep(
  trx: Knex,
  key: { readonly change_id: string; readonly step: string; readonly try: number },
  ending: { readonly state: string } & Readonly<Record<string, string | null>>,
): Promise<void> {
  const ended = await trx('runbook_step')
    .where({ ...key, state: 'running' })
    .update(ending);
  if (ended > 0) return;
  const inserted =
    ending.state === 'skipped'
      ? await trx('runbook_step')
          .insert({ ...key, ...ending })
          .onConflict(['change_id', 'step', 'try'])
          .ignore()
          .returning('step')
      : [];
  if (inserted.length > 0) return;
  throw new DomainError(
    'conflict',
    `The record of the runbook has no running step "${key.step}" that could become "${ending.state}".`,
    { code: 'step-moved-on' },
  );
}

const carriedOut: readonly ChangeState[] = ['implementing', 'paused', 'rolling-back'];

/** What still runs when the way that it is on is given up is stopped. */
export async function stopRunningSteps(
  trx: Knex,
  { changeId, from, to }: TransitionEntry,
  at: string,
): Promise<void> {
  if (!carriedOut.includes(from) || to === 'paused' || to === 'implementing') return;
  await trx('runbook_step')
    .where({ change_id: changeId, state: 'running' })
    .update({ state: 'stopped', ended_at: at });
}
