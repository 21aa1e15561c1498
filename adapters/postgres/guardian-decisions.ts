import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { measuredCost } from '../../domain/guardian/measured-cost.ts';
import {
  whatLeaves,
  type Correction,
  type CorrectionFacts,
  type SimulatedWay,
} from '../../domain/guardian/decide-correction.ts';
import type { Evaluation } from '../../domain/guardian/evaluate.ts';
import type { GivenApproval, IncidentRef } from '../../domain/guardian/guardian-steps.ts';
import { guardianPolicyOf, type EvacuationRate } from '../../domain/guardian/policy.ts';
import type { GuardedApplication, StoredDecision } from '../../domain/guardian/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Offer, Placement, SimulationResult } from '../../domain/placement/simulation.ts';
import { findGuarded, movesOf } from './guarded-application.ts';
import { noteIncident } from './incidents.ts';

export interface DecisionRow {
  readonly id: string;
  readonly incident_id: string;
  readonly number: number;
  readonly application: string;
  readonly way: StoredDecision['way'];
  readonly because: string;
  readonly needs_approval: boolean;
  readonly until: string | null;
  readonly release_version: string | null;
  readonly placement: Placement | null;
  readonly approved_by: string | null;
  readonly approval_reason: string | null;
  readonly change_id: string | null;
}

export interface DecideInput extends IncidentRef {
  readonly heldSince: string | null;
  readonly approval: GivenApproval | null;
}

/**
 * Decides on all facts as they are, one guardian at a time: two of them never take the company's last free
 * place at once. What begins at once has its place when this is committed.
 */
export async function decideInTransaction(
  trx: Knex,
  input: DecideInput,
  settings: { readonly evacuation: EvacuationRate; readonly offers: readonly Offer[] },
  choose: (facts: CorrectionFacts) => Correction,
  at: string,
): Promise<StoredDecision> {
  await trx.raw(`select pg_advisory_xact_lock(hashtext('ctc-guardian-moves'))`);
  const { incident, number, approval } = input;
  const known = await trx('guardian_decision')
    .where({ incident_id: incident, number })
    .first<DecisionRow | undefined>();
  if (known !== undefined) return toDecision(known);
  const guarded = await guardedOf(trx, incident);
  const facts = await factsFor(trx, input, guarded, settings, at);
  const decided = choose(facts);
  const isApproved =
    decided.way !== 'wait' &&
    approval !== null &&
    (await isWhatWasApproved(trx, approval.decision, decided));
  const needsApproval = decided.way !== 'wait' && decided.needsApproval && !isApproved;
  const begins = decided.way !== 'wait' && !needsApproval;
  const proposalEndsMs = facts.nowMs + facts.policy.proposalExpiresMinutes * 60_000;
  const leaves =
    decided.way === 'wait'
      ? { left: [], leftReplicas: [] }
      : whatLeaves(guarded.placement, decided.placement);
  const until =
    decided.way === 'wait' ? decided.untilMs : needsApproval ? proposalEndsMs : facts.nowMs;
  const [row] = await trx('guardian_decision')
    .insert({
      id: uuidv7(),
      incident_id: incident,
      number,
      application: guarded.definition.name,
      way: decided.way,
      because: decided.because,
      needs_approval: needsApproval,
      until: new Date(until).toISOString(),
      ...(decided.way === 'wait'
        ? {}
        : {
            release_version: decided.release,
            placement: JSON.stringify(decided.placement),
            predicted: JSON.stringify(decided.predicted),
            rank: decided.rank,
          }),
      left_datacentres: leaves.left,
      left_replicas: leaves.leftReplicas,
      ...(isApproved ? { approved_by: approval.by, approval_reason: approval.reason } : {}),
      decided_at: at,
      begun_at: begins ? at : null,
    })
    .returning<DecisionRow[]>('*');
  if (row === undefined) throw new Error('the decision was not stored');
  // To wait for the same reason as before is no news.
  const before = await trx('guardian_decision')
    .where({ incident_id: incident })
    .andWhere('number', '<', number)
    .orderBy('number', 'desc')
    .first<{ way: string; because: string } | undefined>('way', 'because');
  if (decided.way === 'wait' && before?.way === 'wait' && before.because === decided.because) {
    return toDecision(row);
  }
  await noteIncident(trx, {
    incident,
    key: `decision/${number}`,
    actor: 'guardian',
    message: describe(decided, needsApproval, isApproved ? approval.by : undefined),
    alert: decided.way !== 'wait' || /a person must look/.test(decided.because),
    at,
  });
  return toDecision(row);
}

function describe(decided: Correction, needsApproval: boolean, approver?: string): string {
  const because = `because ${decided.because}.`;
  if (decided.way === 'wait') return `Decision: wait, ${because}`;
  const words = decided.way === 'redeploy' ? 'redeploy' : `roll back to ${decided.release}`;
  if (needsApproval) return `Proposal: ${words}, ${because} It waits for an operator.`;
  return `Decision: ${words}, ${because}${approver === undefined ? '' : ` Approved by ${approver}.`}`;
}

async function guardedOf(trx: Knex, incident: string): Promise<GuardedApplication> {
  const row = await trx('incident').where({ id: incident }).first<{ application: string }>();
  const guarded = await findGuarded(trx, row.application);
  if (guarded !== undefined) return guarded;
  throw new DomainError('not-found', `Nothing of ${row.application} runs.`, {
    code: 'not-guarded',
  });
}

async function factsFor(
  trx: Knex,
  { incident, number, heldSince }: DecideInput,
  guarded: GuardedApplication,
  settings: { readonly evacuation: EvacuationRate; readonly offers: readonly Offer[] },
  at: string,
): Promise<CorrectionFacts> {
  const policy = guardianPolicyOf(guarded.definition);
  const application = guarded.definition.name;
  const nowMs = Date.parse(at);
  const guardian = await trx('guardian')
    .where({ application })
    .first<{ evaluation: Evaluation | null } | undefined>('evaluation');
  const simulations = await trx('guardian_simulation')
    .where({ incident_id: incident, number })
    .orderBy('way')
    .select<
      {
        way: SimulatedWay['way'];
        release_version: string;
        result: SimulationResult;
        measured_at: string;
        simulated_at: string;
      }[]
    >('way', 'release_version', 'result', 'measured_at', 'simulated_at');
  const sinceMs = heldSince === null ? null : Date.parse(heldSince);
  const { holdAfterRollbackHours } = policy;
  return {
    nowMs,
    policy,
    violations: (guardian?.evaluation?.slos ?? [])
      .filter(({ verdict }) => verdict === 'violated')
      .map(({ sli, target, measured }) => `${sli} ${target}: ${measured}`),
    current: {
      release: guarded.release,
      placement: guarded.placement,
      monthlyCost: measuredCost(
        guarded.placement.assignments,
        settings.offers,
        [],
        guarded.definition,
      ).monthlyCost,
      byRollBack: guarded.byRollBack,
    },
    simulated: simulations.map((row) => ({
      way: row.way,
      release: row.release_version,
      measuredAtMs: Date.parse(row.measured_at),
      simulatedAtMs: Date.parse(row.simulated_at),
      placements: row.result.placements,
      contradictions: row.result.contradictions,
    })),
    moves: await movesOf(trx, application),
    hold:
      sinceMs === null
        ? null
        : {
            sinceMs,
            untilMs:
              holdAfterRollbackHours === undefined
                ? null
                : sinceMs + holdAfterRollbackHours * 3_600_000,
          },
    otherChange: guarded.otherChange,
    evacuation: { ...settings.evacuation, ...(await companysMoves(trx, nowMs)) },
  };
}

/** Corrections of all applications. One whose change was never asked for does not count for ever. */
async function companysMoves(
  trx: Knex,
  nowMs: number,
): Promise<Pick<CorrectionFacts['evacuation'], 'underWay' | 'begunAtMs'>> {
  const { rows } = await trx.raw<{ rows: { begun_at: string; under_way: boolean }[] }>(
    `
      select d.begun_at, coalesce(d.ended_at, c.ended_at) is null
        and (c.id is not null or d.begun_at > :hourAgo) as under_way
      from guardian_decision d left join change c on c.id = d.change_id
      where d.begun_at > :hourAgo or (d.begun_at is not null and d.ended_at is null)
    `,
    { hourAgo: new Date(nowMs - 3_600_000).toISOString() },
  );
  return {
    underWay: rows.filter(({ under_way }) => under_way).length,
    begunAtMs: rows.map(({ begun_at }) => Date.parse(begun_at)),
  };
}

/** An approval holds for what was shown: the same way to the same placement, with figures of today. */
async function isWhatWasApproved(
  trx: Knex,
  proposal: string,
  decided: Extract<Correction, { readonly placement: Placement }>,
): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: { same: boolean }[] }>(
    `
      select way = :way and release_version = :release and placement = cast(:placement as jsonb)
        and withdrawn is null as same
      from guardian_decision where id = :proposal
    `,
    {
      proposal,
      way: decided.way,
      release: decided.release,
      placement: JSON.stringify(decided.placement),
    },
  );
  return rows[0]?.same === true;
}

export function toDecision(row: DecisionRow): StoredDecision {
  return {
    id: row.id,
    incident: row.incident_id,
    application: row.application,
    number: row.number,
    way: row.way,
    because: row.because,
    untilMs: row.until === null ? 0 : Date.parse(row.until),
    needsApproval: row.needs_approval,
    approvedBy: row.approved_by,
    approvalReason: row.approval_reason,
    changeId: row.change_id,
  };
}
