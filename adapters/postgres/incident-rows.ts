import type { Knex } from 'knex';
import type { SlaBreach } from '../../domain/acsmi/judge-sla.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Evaluation } from '../../domain/guardian/evaluate.ts';
import { isAhead } from '../../domain/incidents/event.ts';
import type { IncidentSource, IncidentState } from '../../domain/incidents/life-cycle.ts';
import { byIdOrLabel } from './id-or-label.ts';
import { uuidInAnyCase } from './uuid-pattern.ts';

export interface IncidentRow {
  readonly id: string;
  readonly number: number;
  readonly source: IncidentSource;
  readonly state: IncidentState;
  readonly summary: string;
  readonly category: string | null;
  readonly severity: string | null;
  readonly personal_data: boolean | null;
  readonly classified_by: string | null;
  readonly plan_version: number | null;
  readonly application: string | null;
  readonly change_id: string | null;
  readonly violated: string[];
  readonly evidence: (Evaluation & { readonly breach?: SlaBreach }) | null;
  readonly aware_at: string;
  readonly opened_at: string;
  readonly respond_by: string | null;
  readonly responded_at: string | null;
  readonly mitigated_at: string | null;
  readonly resolved_at: string | null;
  readonly closed_at: string | null;
}

export const incidentLabel = (number: number): string => `INC-${number}`;

/** By id or label, in any case. @throws DomainError `not-found`. */
export async function findIncident(
  trx: Knex,
  idOrLabel: string,
  { forUpdate = false } = {},
): Promise<IncidentRow> {
  const where = byIdOrLabel(idOrLabel, { letters: 'inc', id: uuidInAnyCase });
  const row =
    where === undefined
      ? undefined
      : await trx('incident')
          .where(where)
          .modify((query) => {
            if (forUpdate) void query.forUpdate();
          })
          .first<IncidentRow | undefined>();
  if (row !== undefined) return row;
  throw new DomainError('not-found', `There is no incident "${idOrLabel}".`, {
    code: 'no-such-incident',
    remedy: 'Use its label, such as INC-3, or its id; ctc incident list shows both.',
  });
}

/** Locked, and not closed: what is closed stays as it is. */
export async function findOpenIncident(trx: Knex, idOrLabel: string): Promise<IncidentRow> {
  const row = await findIncident(trx, idOrLabel, { forUpdate: true });
  if (row.state !== 'closed') return row;
  throw new DomainError('refused', `${incidentLabel(row.number)} is closed, and stays as it is.`, {
    code: 'incident-closed',
    remedy: 'Report what is new about it as another event: ctc event report.',
  });
}

/** @throws DomainError `invalid` for an instant that is still to come, or before another. */
export function checkInstant(
  field: string,
  at: string,
  { now, notBefore }: { readonly now: string; readonly notBefore?: string },
): void {
  const message = isAhead(at, Date.parse(now))
    ? `is still to come: it is ${now} here`
    : notBefore !== undefined && Date.parse(at) < Date.parse(notBefore)
      ? `is before ${notBefore}`
      : undefined;
  if (message === undefined) return;
  throw new DomainError('invalid', `That cannot have been at ${at}.`, {
    code: 'invalid-instant',
    complaints: [{ field, message }],
    remedy: 'Give the instant with its zone, such as 2026-11-27T10:00:00Z.',
  });
}
