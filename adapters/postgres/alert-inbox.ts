import type { Knex } from 'knex';
import type { AlertInbox, AlertView } from '../../domain/change/readers.ts';
import { DomainError } from '../../domain/errors.ts';
import { decodeCursor, pageOf } from './cursor.ts';

/** What each person was alerted to. */
export function createAlertInbox(database: Knex): AlertInbox {
  return {
    async list(recipient, { limit, cursor, unread }) {
      // UUIDv7: the id's order is the order in time.
      const query = database('alert as a')
        .leftJoin('change as c', 'c.id', 'a.change_id')
        .where('a.recipient', recipient)
        .orderBy('a.id', 'desc')
        .limit(limit + 1);
      if (cursor !== undefined)
        void query.where('a.id', '<', decodeCursor(cursor, /^[0-9a-f-]{36}$/));
      if (unread === true) void query.whereNull('a.read_at');
      const rows = await query.select<(Omit<AlertView, 'change'> & { number: number | null })[]>(
        'a.id',
        'c.number',
        'a.topic',
        'a.subject',
        'a.body',
        'a.created_at as at',
        'a.read_at as readAt',
      );
      return pageOf(
        rows,
        limit,
        ({ number, ...alert }) => ({
          ...alert,
          change: number === null ? null : `CHG-${number}`,
        }),
        ({ id }) => id,
      );
    },

    async markRead(recipient, id) {
      const updated = await database('alert')
        .where({ recipient, id })
        .update({ read_at: database.raw('coalesce(read_at, now())') });
      if (updated === 0) {
        throw new DomainError('not-found', `You have no alert "${id}".`, { code: 'no-such-alert' });
      }
    },
  };
}
