import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { DomainError } from '../../domain/errors.ts';
import type { ProblemLink, ProblemLinkKind } from '../../domain/problems/problem.ts';
import { findChange } from './incident-links.ts';
import { findIncident, incidentLabel } from './incident-rows.ts';
import { explainingConstraints } from './postgres-errors.ts';

interface GivenLink {
  readonly kind: ProblemLinkKind;
  readonly to: string;
  readonly reason: string;
}
interface Deed {
  readonly by: string;
  readonly at: string;
}

/** @returns the label of what the problem is linked with now. */
export async function linkProblem(
  trx: Knex,
  problem: { readonly id: string; readonly label: string },
  { kind, to, reason }: GivenLink,
  { by, at }: Deed,
): Promise<string> {
  const { label, columns } = await targetOf(trx, kind, to);
  const linked = () =>
    new DomainError('conflict', `${problem.label} is linked with ${label} already.`, {
      code: 'linked-already',
    });
  await explainingConstraints({ problem_link_linked_key: linked }, () =>
    trx('problem_link').insert({
      ...{ id: uuidv7(), problem_id: problem.id, kind, reason, ...columns },
      linked_by: by,
      linked_at: at,
    }),
  );
  return label;
}

/** What was linked stays in the record, as withdrawn. @returns the label. */
export async function unlinkProblem(
  trx: Knex,
  problem: { readonly id: string; readonly label: string },
  { kind, to, reason }: GivenLink,
  { by, at }: Deed,
): Promise<string> {
  const { label, columns } = await targetOf(trx, kind, to);
  const withdrawn = await trx('problem_link')
    .where({ problem_id: problem.id, kind, ...columns })
    .whereNull('withdrawn_at')
    .update({ withdrawn_by: by, withdrawn_at: at, withdrawn_reason: reason });
  if (withdrawn > 0) return label;
  throw new DomainError('not-found', `${problem.label} is not linked so with ${label}.`, {
    code: 'not-linked',
  });
}

export async function linksOfProblem(trx: Knex, problem: string): Promise<ProblemLink[]> {
  const rows = await trx('problem_link as l')
    .leftJoin('incident as i', 'i.id', 'l.incident_id')
    .leftJoin('change as c', 'c.id', 'l.change_id')
    .where('l.problem_id', problem)
    .whereNull('l.withdrawn_at')
    .orderBy(['l.linked_at', 'l.id'])
    .select<LinkRow[]>(
      'l.kind',
      'l.reason',
      'l.linked_by',
      'l.linked_at',
      'i.number as incident',
      'c.number as change',
      'c.outcome',
    );
  return rows.map((row) => ({
    kind: row.kind,
    to: row.incident === null ? `CHG-${row.change ?? 0}` : incidentLabel(row.incident),
    reason: row.reason,
    linkedBy: row.linked_by,
    linkedAt: row.linked_at,
    outcome: row.outcome,
  }));
}

interface LinkRow {
  readonly kind: ProblemLinkKind;
  readonly reason: string;
  readonly linked_by: string;
  readonly linked_at: string;
  readonly incident: number | null;
  readonly change: number | null;
  readonly outcome: string | null;
}

async function targetOf(trx: Knex, kind: ProblemLinkKind, to: string) {
  if (kind === 'incident') {
    const { id, number } = await findIncident(trx, to);
    return { label: incidentLabel(number), columns: { incident_id: id } };
  }
  const { id, label } = await findChange(trx, to);
  return { label, columns: { change_id: id } };
}
