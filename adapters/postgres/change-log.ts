import type { Knex } from 'knex';
import type { LogEntry } from '../../domain/change/story.ts';
import { appendToLedger } from './ledger-append.ts';
import { audienceOf, knownOf, raiseAlert } from './alerts.ts';

/** Listeners get the change's id on this channel when its log has grown. */
export const changeLogChannel = 'change_log';

export interface NewLogEntry extends LogEntry {
  readonly event: string;
  readonly from?: string;
  readonly to?: string;
  readonly at: string;
}

/**
 * Appends to a change's log and to the intervention log, and alerts its audience, in the caller's transaction. False when the entry was
 * there already: then the whole step was done before.
 */
export async function appendToLog(trx: Knex, entry: NewLogEntry): Promise<boolean> {
  const inserted = await trx('change_log')
    .insert({
      change_id: entry.changeId,
      key: entry.key,
      at: entry.at,
      actor: entry.actor,
      event: entry.event,
      from_state: entry.from ?? null,
      to_state: entry.to ?? null,
      message: entry.message,
      details: JSON.stringify(entry.details ?? {}),
    })
    .onConflict(['change_id', 'key'])
    .ignore()
    .returning<{ id: number }[]>('id');
  if (inserted.length === 0) return false;
  await appendToLedger(trx, {
    at: entry.at,
    actor: entry.actor,
    action: `change.${entry.event}`,
    subject: { kind: 'change', id: entry.changeId },
    details: {
      key: entry.key,
      from: entry.from,
      to: entry.to,
      message: entry.message,
      ...(entry.details === undefined ? {} : { details: entry.details }),
    },
  });
  const { changeId, alert, alertAlso = [], actor } = entry;
  if (alert !== undefined || alertAlso.length > 0) {
    const recipients = [
      ...(alert === undefined ? [] : await audienceOf(trx, changeId, alert, actor)),
      ...(await knownOf(trx, alertAlso, actor)),
    ];
    const change = await trx('change')
      .where({ id: entry.changeId })
      .first<{ number: number; title: string }>('number', 'title');
    await raiseAlert(trx, recipients, {
      key: `${entry.changeId}/${entry.key}`,
      changeId: entry.changeId,
      topic: entry.event,
      subject: `CHG-${change.number} ${change.title}: ${entry.to ?? entry.event}`,
      body: entry.message,
      at: entry.at,
    });
  }
  await trx.raw('select pg_notify(?, ?)', [changeLogChannel, entry.changeId]);
  return true;
}
