import type { Knex } from 'knex';
import type { GuardianRecordSteps } from '../../domain/guardian/guardian-steps.ts';
import { noteIncident } from './incidents.ts';

/** The short steps of guardians: each is one transaction, and repeated it has no second effect. */
export function createGuardianRecordSteps(deps: {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
}): GuardianRecordSteps {
  const { database, now } = deps;
  return {
    async recordGuardian({ application, state, waitingFor, pausedBy, heldSince }) {
      const columns = {
        state,
        waiting_for: waitingFor === null ? null : JSON.stringify(waitingFor),
        paused_by: pausedBy,
        held_since: heldSince,
        updated_at: now(),
      };
      await database('guardian')
        .insert({ application, ...columns })
        .onConflict('application')
        .merge(columns);
    },

    noteIncident: (note) =>
      database.transaction((trx) => noteIncident(trx, { ...note, at: now() })),

    withdrawProposal: ({ decision, message }) =>
      database.transaction(async (trx) => {
        const [row] = await trx('guardian_decision')
          .where({ id: decision })
          .whereNull('withdrawn')
          .whereNull('begun_at')
          .update({ withdrawn: message })
          .returning<{ incident_id: string; number: number }[]>(['incident_id', 'number']);
        if (row === undefined) return;
        await noteIncident(trx, {
          incident: row.incident_id,
          key: `withdrawn/${row.number}`,
          actor: 'guardian',
          message,
          at: now(),
        });
      }),
  };
}
