import type { Knex } from 'knex';
import { openSteps, signatureFor } from '../../domain/approvals/signature.ts';
import { standingOf, type GivenDecision } from '../../domain/approvals/standing.ts';
import type { JustificationEntry, JustificationOutcome } from '../../domain/change/change-steps.ts';
import type { ChangePlan } from '../../domain/change/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { approverOf, delegatorsOf } from './approvers.ts';
import { appendToLog } from './change-log.ts';

/**
 * Takes down what somebody holds of a change that began before it was approved in full, and what that makes of it.
 * @throws DomainError `refused` for whoever is not asked.
 */
export async function recordJustification(
  trx: Knex,
  entry: JustificationEntry,
  at: string,
): Promise<JustificationOutcome> {
  const { changeId, by, key, reason, decision } = entry;
  const known = await trx('change_log')
    .where({ change_id: changeId, key })
    .first<{ details: JustificationOutcome } | undefined>('details');
  if (known !== undefined) return known.details;
  const change = await trx('change')
    .where({ id: changeId })
    .first<{ number: number; requester: string; plan: ChangePlan | null; justify_by: string }>(
      'number',
      'requester',
      'plan',
      'justify_by',
    );
  const terms = change.plan?.approval;
  const asked = terms?.afterwards;
  const approver = await approverOf(trx, by);
  if (terms === undefined || asked === undefined || approver === undefined) {
    throw new DomainError('refused', `Nobody asks ${by} to justify CHG-${change.number}.`, {
      code: 'not-an-approver',
    });
  }
  const before = await justificationsOf(trx, changeId);
  const signature = signatureFor({
    label: `CHG-${change.number}`,
    requester: change.requester,
    terms: { ...terms, policies: asked.policies, separateImplementer: false },
    implementers: [],
    decisions: before,
    approver,
    delegators: await delegatorsOf(trx, by, at),
    decision: decision === 'justified' ? 'approved' : 'rejected',
  });
  await trx('justification').insert({
    change_id: changeId,
    decided_by: by,
    on_behalf_of: signature.onBehalfOf,
    decision,
    reason,
    seats: JSON.stringify(signature.seats),
    held: JSON.stringify(signature.as.grants),
    decided_at: at,
  });
  const standing = standingOf(asked.policies, await justificationsOf(trx, changeId));
  const settled = ({ approved: 'justified', rejected: 'not-justified', open: null } as const)[
    standing.outcome
  ];
  if (settled !== null) {
    await trx('change')
      .where({ id: changeId })
      .update({ justified_at: at, justification: settled, updated_at: at });
  }
  const outcome = { settled, open: settled === null ? openSteps(standing) : [] };
  const isLate = Date.parse(at) > Date.parse(change.justify_by);
  await appendToLog(trx, {
    ...entry,
    event: 'note',
    details: { ...outcome, justification: decision, late: isLate },
    at,
  });
  return outcome;
}

export async function justificationsOf(trx: Knex, changeId: string): Promise<GivenDecision[]> {
  const rows = await trx('justification').where({ change_id: changeId }).orderBy('number').select<
    {
      decided_by: string;
      on_behalf_of: string | null;
      decision: JustificationEntry['decision'];
      seats: GivenDecision['seats'];
    }[]
  >('decided_by', 'on_behalf_of', 'decision', 'seats');
  return rows.map((row) => ({
    by: row.decided_by,
    onBehalfOf: row.on_behalf_of,
    decision: row.decision === 'justified' ? 'approved' : 'rejected',
    seats: row.seats,
  }));
}
