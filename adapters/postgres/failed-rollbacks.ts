import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import type { TransitionEntry } from '../../domain/change/story.ts';
import { stepBySource } from '../../domain/incidents/life-cycle.ts';
import { startAutomaticDuties } from './incident-duties.ts';
import { linkChange } from './incident-links.ts';
import type { IncidentRow } from './incident-rows.ts';
import { noteIncident, openedByItself } from './incidents.ts';

/**
 * A rollback that failed is an incident, caused by its change; that it is complete after all contains it. Within the
 * transition's own transaction, which is done once: so is this.
 */
export async function followRollback(
  trx: Knex,
  { changeId, key, to, message }: TransitionEntry,
  at: string,
): Promise<void> {
  const failed = to === 'rollback-incomplete';
  if (!failed && to !== 'rolled-back') return;
  const originKey = `change/${changeId}/rollback`;
  const known = await trx('incident')
    .where({ origin_key: originKey })
    .whereNull('resolved_at')
    .forUpdate()
    .first<IncidentRow | undefined>();
  if (!failed) {
    const step = known === undefined ? undefined : stepBySource(known, 'contain');
    if (known === undefined || step === undefined) return;
    await noteIncident(trx, {
      ...{ incident: known.id, key: `change/${key}`, actor: 'change', at, alert: true },
      ...{ to: step.to, step: 'contain', happenedAt: at, action: 'contain' },
      message: `The rollback is complete after all. ${message}`,
    });
    return;
  }
  if (known !== undefined) {
    await noteIncident(trx, {
      ...{ incident: known.id, key: `change/${key}`, actor: 'change', at, alert: true },
      to: stepBySource(known, 'recur')?.to,
      message: `The rollback has failed again. ${message}`,
    });
    return;
  }
  const change = await trx('change')
    .where({ id: changeId })
    .first<{ number: number; title: string; application: string | null }>(
      'number',
      'title',
      'application',
    );
  const [incident] = await trx('incident')
    .insert({
      ...{ id: uuidv7(), change_id: changeId, application: change.application, violated: [] },
      summary: `The rollback of CHG-${change.number} (${change.title}) is incomplete`,
      ...(await openedByItself(trx, { source: 'change', originKey, at })),
    })
    .returning<IncidentRow[]>('*');
  if (incident === undefined) throw new Error('the incident was not stored');
  await startAutomaticDuties(trx, incident.id);
  await noteIncident(trx, {
    ...{ incident: incident.id, key: 'open', actor: 'change', at, alert: true, action: 'opened' },
    message,
    details: { change: changeId },
  });
  const reason = 'Its rollback has failed.';
  await linkChange(
    trx,
    incident,
    { change: changeId, kind: 'caused-by', reason },
    { by: 'change', at },
  );
}
