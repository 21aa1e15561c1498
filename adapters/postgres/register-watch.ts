import type { Knex } from 'knex';
import { reminderAtMs } from '../../domain/incidents/duties.ts';
import { raiseAlert } from './alerts.ts';
import { actionRows, toAction, type ActionRow } from './action-rows.ts';
import { incidentLabel } from './incident-rows.ts';
import { company } from '../../domain/access/grants.ts';
import { holdersOf } from './grants.ts';

export interface RegisterWatchOptions {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
  readonly everyMs: number;
  readonly logger: { error(fields: object, message: string): void };
}

/**
 * Tells people of clocks that run out, in this process and as often in every other: each alert has a key, and is
 * raised once whoever comes first. What nobody watched for a while is told when somebody does again.
 */
export function startRegisterWatch({ database, now, everyMs, logger }: RegisterWatchOptions): {
  stop(): Promise<void>;
} {
  let stopped = false;
  let running = Promise.resolve();
  const round = (): void => {
    if (stopped) return;
    running = running
      .then(() => watchRegisters(database, now()))
      .catch((err: unknown) => {
        logger.error({ err }, 'the registers could not be watched; tried again at the next round');
      });
  };
  round();
  const timer = setInterval(round, everyMs);
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

/** One round: duties whose time is three quarters over, or over; incidents that nobody has on hand; late actions. */
export async function watchRegisters(database: Knex, at: string): Promise<void> {
  await database.transaction(async (trx) => {
    const managers = await holdersOf(trx, 'incident.manage', company);
    for (const duty of await runningDuties(trx)) {
      const nowMs = Date.parse(at);
      const overdue = nowMs > Date.parse(duty.due_at);
      if (!overdue && nowMs < reminderAtMs(duty.aware_at, duty.due_at)) continue;
      await raiseAlert(trx, managers, {
        key: `duty/${duty.incident_id}/${duty.duty}/${overdue ? 'overdue' : 'soon'}`,
        changeId: null,
        topic: 'duty',
        subject: `${incidentLabel(duty.number)}: ${duty.title} ${overdue ? 'is overdue' : 'is due soon'}`,
        body: `${duty.recipient} ${overdue ? 'was' : 'is'} to be notified by ${duty.due_at}: ctc incident notify ${incidentLabel(duty.number)} ${duty.duty} …`,
        at,
      });
    }
    const waiting = await trx('incident')
      .where({ state: 'open' })
      .andWhere('respond_by', '<', at)
      .select<{ id: string; number: number; summary: string; respond_by: string }[]>();
    for (const { id, number, summary, respond_by: due } of waiting) {
      await raiseAlert(trx, managers, {
        key: `response/${id}`,
        changeId: null,
        topic: 'incident',
        subject: `${incidentLabel(number)}: nobody responds`,
        body: `${summary}\nSomebody was to respond by ${due}: ctc incident step ${incidentLabel(number)} respond …`,
        at,
      });
    }
    const late = (await actionRows(trx)
      .where('a.state', 'open')
      .andWhere('a.due_on', '<', at.slice(0, 10))) as ActionRow[];
    for (const { id, label, of, title, owner, dueOn } of late.map((row) => toAction(row, at))) {
      await raiseAlert(trx, [owner, ...managers], {
        key: `action/${id}/overdue`,
        changeId: null,
        topic: 'action',
        subject: `${label} of ${of} is overdue`,
        body: `${title}: ${owner} was to have done it by ${dueOn}.`,
        at,
      });
    }
  });
}

async function runningDuties(trx: Knex) {
  return trx('incident_duty as d')
    .join('incident as i', 'i.id', 'd.incident_id')
    .whereNull('d.settled_at')
    .select<
      {
        incident_id: string;
        number: number;
        duty: string;
        title: string;
        recipient: string;
        due_at: string;
        aware_at: string;
      }[]
    >('d.incident_id', 'i.number', 'd.duty', 'd.title', 'd.recipient', 'd.due_at', 'i.aware_at');
}
