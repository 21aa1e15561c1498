import type { Knex } from 'knex';
import type { ApprovalTerms } from '../../domain/approvals/terms.ts';
import { unmetRequirements } from '../../domain/approvals/requirements.ts';
import { openSteps, signatureFor, type Signature } from '../../domain/approvals/signature.ts';
import { allQuorums, standingOf, type GivenDecision } from '../../domain/approvals/standing.ts';
import type { ChangePlan } from '../../domain/change/ports.ts';
import type { DecisionEntry, DecisionOutcome } from '../../domain/change/story.ts';
import type { Conflict } from '../../domain/conflicts/conflict.ts';
import { DomainError } from '../../domain/errors.ts';
import { runbookGroups } from '../../domain/runbook/runbook.ts';
import { guardApproval, type ApprovalEngine } from './approval-guard.ts';
import { approverOf, delegatorsOf } from './approvers.ts';
import { appendToLog } from './change-log.ts';
import { lockConflicts } from './conflict-store.ts';

interface Decided {
  readonly outcome: DecisionOutcome;
  readonly overridden: readonly Conflict[];
  /** Missing for plans of before there were policies. */
  readonly signature: Signature | undefined;
  /** ISO instant; null where nobody needs to justify it afterwards. */
  readonly justifyBy: string | null;
}

interface PlannedRow {
  readonly number: number;
  readonly requester: string;
  readonly plan: ChangePlan | null;
}

/**
 * Takes down a decision with what it counts for, and says whether the plan is decided by it; the caller moves the
 * state on in the same transaction. A decision that is on record already is `known`, with what was answered.
 * @throws DomainError `refused` where policies, separation of duties or blocking conflicts say no.
 */
export async function takeDecision(
  trx: Knex,
  engine: ApprovalEngine,
  entry: DecisionEntry,
  at: string,
): Promise<{ readonly known: DecisionOutcome } | Decided> {
  const { changeId, planHash, decision, by, key } = entry;
  // A rejection ends the change, and with it its conflicts.
  if (decision === 'rejected') await lockConflicts(trx);
  const known = await trx('change_log')
    .where({ change_id: changeId, key })
    .first<{ details: DecisionOutcome } | undefined>('details');
  if (known !== undefined) return { known: known.details };
  const change = await trx('change')
    .where({ id: changeId })
    .first<PlannedRow>('number', 'requester', 'plan');
  const before = await decisionsOn(trx, changeId, planHash);
  const { plan } = change;
  const terms = plan?.approval;
  const signature =
    plan === null || terms === undefined
      ? undefined
      : await signatureOf(trx, { ...change, plan }, terms, before, entry, at);
  if (decision === 'approved' && plan !== null && terms !== undefined) {
    await demandRequirements(trx, changeId, planHash, plan, terms);
  }
  const { overridden } =
    decision === 'approved'
      ? await guardApproval(trx, engine, { ...entry, at })
      : { overridden: [] };
  const seats = signature?.seats;
  await trx('approval').insert({
    change_id: changeId,
    plan_hash: planHash,
    decided_by: by,
    on_behalf_of: signature?.onBehalfOf ?? null,
    decision,
    reason: entry.reason,
    decided_at: at,
    policy: entry.policy === undefined ? null : JSON.stringify(entry.policy),
    seats: seats === undefined ? null : JSON.stringify(seats),
    held: signature === undefined ? null : JSON.stringify(signature.as.grants),
  });
  const given = [
    ...before,
    {
      by,
      onBehalfOf: signature?.onBehalfOf ?? null,
      decision,
      seats: seats ?? { quorums: [], vetoes: [] },
    },
  ];
  const approvals = given.filter((one) => one.decision === 'approved').length;
  // Plans of before there were policies are decided by their number of approvals.
  const standing = terms === undefined ? undefined : standingOf(terms.policies, given);
  const isApproved =
    standing === undefined ? approvals >= entry.approvalsNeeded : standing.outcome === 'approved';
  const decided = decision === 'rejected' || isApproved;
  const outcome = {
    decided,
    approvals,
    ...(standing === undefined || decided ? {} : { open: openSteps(standing) }),
  };
  return {
    outcome,
    overridden,
    signature,
    justifyBy:
      terms?.afterwards === undefined
        ? null
        : new Date(Date.parse(at) + terms.afterwards.withinHours * 3_600_000).toISOString(),
  };
}

/** Decisions on one plan, in the order in which they were given. */
export async function decisionsOn(
  trx: Knex,
  changeId: string,
  planHash: string,
): Promise<GivenDecision[]> {
  const rows = await trx('approval')
    .where({ change_id: changeId, plan_hash: planHash })
    .orderBy('number')
    .select<
      {
        decided_by: string;
        on_behalf_of: string | null;
        decision: GivenDecision['decision'];
        seats: GivenDecision['seats'] | null;
      }[]
    >('decided_by', 'on_behalf_of', 'decision', 'seats');
  return rows.map((row) => ({
    by: row.decided_by,
    onBehalfOf: row.on_behalf_of,
    decision: row.decision,
    seats: row.seats ?? { quorums: [], vetoes: [] },
  }));
}

/** People whom the request names to carry it out. */
function implementersOf({ request }: ChangePlan): string[] {
  if (request.kind === 'release' || request.runbook === undefined) return [];
  const { runbook } = request;
  return runbookGroups.flatMap((group) =>
    runbook[group].flatMap(({ assignee }) =>
      assignee !== undefined && 'person' in assignee ? [assignee.person] : [],
    ),
  );
}

async function signatureOf(
  trx: Knex,
  change: PlannedRow & { readonly plan: ChangePlan },
  terms: ApprovalTerms,
  decisions: readonly GivenDecision[],
  entry: DecisionEntry,
  at: string,
): Promise<Signature> {
  const { by, decision } = entry;
  if (entry.policy?.policy === 'template') return templateSignature(trx, terms, entry, at);
  // The policy of an application signs once, wherever a signature is asked for.
  if (entry.policy !== undefined) {
    return {
      onBehalfOf: null,
      as: { id: by, grants: [] },
      seats: {
        quorums: allQuorums(terms.policies),
        vetoes: [],
      },
    };
  }
  const approver = await approverOf(trx, by);
  if (approver === undefined) {
    throw new DomainError('refused', `${by} is not known, or is disabled.`, {
      code: 'not-an-approver',
    });
  }
  return signatureFor({
    label: `CHG-${change.number}`,
    requester: change.requester,
    terms,
    implementers: implementersOf(change.plan),
    decisions,
    approver,
    delegators: await delegatorsOf(trx, by, at),
    decision,
  });
}

/** @throws DomainError `refused` where the template no longer approves what it approved when it was assessed. */
async function templateSignature(
  trx: Knex,
  { preApproved }: ApprovalTerms,
  { by }: DecisionEntry,
  at: string,
): Promise<Signature> {
  const row = await trx('change_template')
    .where({ id: preApproved?.template ?? '', version: preApproved?.version ?? 0 })
    .whereNotNull('approved_at')
    .whereNull('retired_at')
    .whereRaw(`(definition ->> 'expiresAt')::timestamptz > ?`, [at])
    .first<{ id: string } | undefined>('id');
  if (row === undefined) {
    throw new DomainError('refused', 'No template in force approves it.', {
      code: 'template-not-in-force',
      remedy: 'People decide on it now.',
    });
  }
  return {
    onBehalfOf: null,
    as: { id: by, grants: [] },
    seats: { quorums: [], vetoes: [], whole: true },
  };
}

async function demandRequirements(
  trx: Knex,
  changeId: string,
  planHash: string,
  plan: ChangePlan,
  terms: ApprovalTerms,
): Promise<void> {
  const unmet = await unmetOf(trx, changeId, planHash, plan, terms);
  if (unmet.length === 0) return;
  throw new DomainError(
    'refused',
    `The policies ask for more before this is approved: ${unmet.map(({ wayOut }) => wayOut).join('; ')}.`,
    {
      code: 'requirement-missing',
      complaints: unmet.map(({ requirement, wayOut }) => ({ field: requirement, message: wayOut })),
    },
  );
}

/** What the policies require of a plan and is not there. */
export async function unmetOf(
  trx: Knex,
  changeId: string,
  planHash: string,
  { risk }: ChangePlan,
  { requires }: ApprovalTerms,
): Promise<ReturnType<typeof unmetRequirements>> {
  if (requires.length === 0 || risk === undefined) return [];
  const { rows } = await trx.raw<{ rows: { treated: boolean; rehearsed: boolean }[] }>(
    `select
       exists (select from risk_treatment where change_id = :changeId and plan_hash = :planHash) as treated,
       exists (select from rehearsal where change_id = :changeId and plan_hash = :planHash and state = 'done') as rehearsed`,
    { changeId, planHash },
  );
  return unmetRequirements(requires, {
    facts: risk.facts,
    isTreated: rows[0]?.treated === true,
    isRehearsed: rows[0]?.rehearsed === true,
  });
}

/** Logs what was decided, in the words of the entry, with what it counted for. */
export async function logDecision(
  trx: Knex,
  entry: DecisionEntry,
  { outcome, overridden, signature }: Decided,
  to: 'rejected' | 'scheduled',
  at: string,
): Promise<void> {
  await appendToLog(trx, {
    ...entry,
    details: {
      planHash: entry.planHash,
      ...outcome,
      ...(signature === undefined
        ? {}
        : {
            counts: signature.seats,
            as: signature.as.grants,
            ...(signature.onBehalfOf === null ? {} : { onBehalfOf: signature.onBehalfOf }),
          }),
      ...(overridden.length === 0
        ? {}
        : {
            override: entry.override?.reason,
            overridden: overridden.map(({ evidence }) => evidence.explanation),
          }),
    },
    event: entry.decision === 'approved' ? 'approve' : 'reject',
    ...(outcome.decided ? { from: 'awaiting-approval', to } : {}),
    at,
  });
}
