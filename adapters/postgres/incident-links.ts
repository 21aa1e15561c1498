import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { DomainError } from '../../domain/errors.ts';
import type { ChangeLink, ChangeLinkKind } from '../../domain/incidents/ports.ts';
import { byIdOrLabel } from './id-or-label.ts';
import { incidentLabel, type IncidentRow } from './incident-rows.ts';
import { explainingConstraints } from './postgres-errors.ts';
import { uuidInAnyCase } from './uuid-pattern.ts';

interface GivenLink {
  readonly change: string;
  readonly kind: ChangeLinkKind;
  readonly reason: string;
}
interface Deed {
  readonly by: string;
  readonly at: string;
}

/** Says which change caused an incident, or fixed it. @returns the change's label. */
export async function linkChange(
  trx: Knex,
  incident: Pick<IncidentRow, 'id' | 'number'>,
  { change, kind, reason }: GivenLink,
  { by, at }: Deed,
): Promise<string> {
  const found = await findChange(trx, change);
  const linked = () =>
    new DomainError(
      'conflict',
      `${incidentLabel(incident.number)} is ${kind} ${found.label} already.`,
      { code: 'linked-already' },
    );
  await explainingConstraints({ incident_change_linked_key: linked }, () =>
    trx('incident_change').insert({
      ...{ id: uuidv7(), incident_id: incident.id, change_id: found.id, kind, reason },
      linked_by: by,
      linked_at: at,
    }),
  );
  return found.label;
}

/** What was linked stays in the record, as withdrawn. @returns the change's label. */
export async function unlinkChange(
  trx: Knex,
  incident: Pick<IncidentRow, 'id' | 'number'>,
  { change, kind, reason }: GivenLink,
  { by, at }: Deed,
): Promise<string> {
  const found = await findChange(trx, change);
  const withdrawn = await trx('incident_change')
    .where({ incident_id: incident.id, change_id: found.id, kind })
    .whereNull('withdrawn_at')
    .update({ withdrawn_by: by, withdrawn_at: at, withdrawn_reason: reason });
  if (withdrawn > 0) return found.label;
  throw new DomainError(
    'not-found',
    `${incidentLabel(incident.number)} is not ${kind} ${found.label}.`,
    { code: 'not-linked' },
  );
}

export async function changesOfIncident(trx: Knex, incident: string): Promise<ChangeLink[]> {
  const rows = await trx('incident_change as l')
    .join('change as c', 'c.id', 'l.change_id')
    .where('l.incident_id', incident)
    .whereNull('l.withdrawn_at')
    .orderBy(['l.linked_at', 'l.id'])
    .select<
      {
        number: number;
        kind: ChangeLinkKind;
        reason: string;
        linked_by: string;
        linked_at: string;
      }[]
    >('c.number', 'l.kind', 'l.reason', 'l.linked_by', 'l.linked_at');
  return rows.map((row) => ({
    change: `CHG-${row.number}`,
    kind: row.kind,
    reason: row.reason,
    linkedBy: row.linked_by,
    linkedAt: row.linked_at,
  }));
}

/** @throws DomainError `invalid`: it is what a body names, not what is asked for. */
export async function findChange(
  trx: Knex,
  idOrLabel: string,
): Promise<{ readonly id: string; readonly label: string }> {
  const where = byIdOrLabel(idOrLabel, { letters: 'chg', id: uuidInAnyCase });
  const row =
    where === undefined
      ? undefined
      : await trx('change')
          .where(where)
          .first<{ id: string; number: number } | undefined>('id', 'number');
  if (row !== undefined) return { id: row.id, label: `CHG-${row.number}` };
  throw new DomainError('invalid', `There is no change "${idOrLabel}".`, {
    code: 'no-such-change',
    complaints: [{ field: 'change', message: 'use a label such as CHG-12' }],
    remedy: 'ctc change list shows them.',
  });
}
