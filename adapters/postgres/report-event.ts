import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { company, type Target } from '../../domain/access/grants.ts';
import type { EventReport } from '../../domain/incidents/event.ts';
import { targetOfApplication } from './access-targets.ts';
import { raiseAlert } from './alerts.ts';
import { othersWith } from './incidents.ts';
import { appendToLedger } from './ledger-append.ts';

/**
 * Puts an event on record and tells those who assess it, in the caller's transaction. Its id, or undefined when it
 * is there already: the same key is the same event.
 */
export async function insertEvent(
  trx: Knex,
  report: EventReport,
  { by, key, at }: { readonly by: string; readonly key: string; readonly at: string },
): Promise<string | undefined> {
  const { title, description, application = null, noticedAt } = report;
  const [row] = await trx('reported_event')
    .insert({
      ...{ id: uuidv7(), title, description, application, state: 'reported' },
      request_key: key,
      noticed_at: noticedAt,
      reported_by: by,
      reported_at: at,
    })
    .onConflict('request_key')
    .ignore()
    .returning<{ id: string; number: number }[]>(['id', 'number']);
  if (row === undefined) return undefined;
  await appendToLedger(trx, {
    at,
    actor: by,
    action: 'event.reported',
    subject: { kind: 'event', id: row.id },
    details: { application, noticedAt },
    sealed: { title, description },
  });
  const target = await targetOfEvent(trx, application);
  await raiseAlert(trx, await othersWith(trx, 'incident.manage', by, target), {
    key: `event/${row.id}`,
    changeId: null,
    topic: 'event',
    subject: `EVT-${row.number} ${title}: reported`,
    body: `${description}\nSay what it is: ctc event assess EVT-${row.number}.`,
    at,
  });
  return row.id;
}

/** Those of its application, where it names one. */
function targetOfEvent(trx: Knex, application: string | null): Promise<Target> {
  return application === null ? Promise.resolve(company) : targetOfApplication(trx, application);
}
