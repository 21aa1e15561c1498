import type { Knex } from 'knex';
import type { ApprovalReader, PlanApprovals, RiskTreatment } from '../../domain/approvals/ports.ts';
import {
  maySign,
  standingOf,
  type Approver,
  type StepStanding,
} from '../../domain/approvals/standing.ts';
import type { ApprovalTerms } from '../../domain/approvals/terms.ts';
import type { ChangePlan } from '../../domain/change/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { readAgenda } from './agenda.ts';
import { allApprovers } from './approvers.ts';
import { findChange } from './find-change.ts';
import { appendToLedger } from './ledger-append.ts';
import { decisionsOn, unmetOf } from './record-decision.ts';
import { justificationsOf } from './record-justification.ts';

export interface ApprovalReaderDeps {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
}

interface ChangeRow {
  readonly id: string;
  readonly number: number;
  readonly state: string;
  readonly requester: string;
  readonly plan: ChangePlan | null;
  readonly plan_hash: string | null;
  readonly justify_by: string | null;
  readonly justified_at: string | null;
  readonly justification: string | null;
}

const columns = [
  'id',
  'number',
  'state',
  'requester',
  'plan',
  'plan_hash',
  'justify_by',
  'justified_at',
  'justification',
] as const;

/** How plans stand with the policies: for those who decide, and those who wait for them. */
export function createApprovalReader({ database, now }: ApprovalReaderDeps): ApprovalReader {
  return {
    async approvals(which) {
      const row = await findChange<ChangeRow>(database, which, columns);
      const { id, plan, plan_hash: planHash } = row;
      const shown = {
        change: `CHG-${row.number}`,
        state: row.state,
        planHash,
        risk: plan?.risk ?? null,
        terms: plan?.approval ?? null,
      };
      const terms = plan?.approval;
      if (plan === null || planHash === null || terms === undefined) {
        const nothing = { outcome: null, steps: [], unmet: [], treatment: null };
        return { ...shown, ...nothing, justification: null };
      }
      const decisions = await decisionsOn(database, id, planHash);
      const standing = standingOf(terms.policies, decisions);
      const approvers = (await allApprovers(database)).filter(
        (one) => one.id !== row.requester && !decisions.some(({ by }) => by === one.id),
      );
      return {
        ...shown,
        outcome: standing.outcome,
        steps: standing.steps.map((step) => ({
          ...step,
          may: step.isMet ? [] : whoMaySign(terms, step, approvers),
        })),
        unmet: await unmetOf(database, id, planHash, plan, terms),
        treatment: (await treatmentOf(database, id, planHash)) ?? null,
        justification: await justificationOf(database, row, terms, now()),
      };
    },

    agenda: (caller, page) => readAgenda(database, caller, page, now()),

    treat: (which, planHash, { option, description, by }) =>
      database.transaction(async (trx) => {
        const row = await findChange<ChangeRow>(trx, which, columns);
        if (row.plan_hash !== planHash) {
          throw new DomainError(
            'conflict',
            `The plan of CHG-${row.number} is another one by now.`,
            {
              code: 'plan-changed',
              remedy: `Look at it again: ctc change approvals CHG-${row.number}.`,
            },
          );
        }
        const treatment = { option, description, decided_by: by, decided_at: now() };
        await trx('risk_treatment')
          .insert({ change_id: row.id, plan_hash: planHash, ...treatment })
          .onConflict(['change_id', 'plan_hash'])
          .merge(treatment);
        await appendToLedger(trx, {
          actor: by,
          action: 'change.risk-treated',
          subject: { kind: 'change', id: row.id },
          details: { planHash, option, description },
        });
        return { option, description, by, at: treatment.decided_at };
      }),

    async whoMay(terms) {
      const approvers = await allApprovers(database);
      return terms.policies.flatMap(({ policy, steps }) =>
        steps.map(({ name }) => ({
          policy,
          step: name,
          may: whoMaySign(terms, { policy, step: name }, approvers),
        })),
      );
    },
  };
}

function whoMaySign(
  { policies, target }: ApprovalTerms,
  step: Pick<StepStanding, 'policy' | 'step'>,
  approvers: readonly Approver[],
): string[] {
  return approvers
    .filter((one) => maySign(policies, target, one, step))
    .map(({ id }) => id)
    .toSorted();
}

async function treatmentOf(
  database: Knex,
  changeId: string,
  planHash: string,
): Promise<RiskTreatment | undefined> {
  return database('risk_treatment')
    .where({ change_id: changeId, plan_hash: planHash })
    .first<RiskTreatment | undefined>(
      'option',
      'description',
      'decided_by as by',
      'decided_at as at',
    );
}

async function justificationOf(
  database: Knex,
  row: ChangeRow,
  { afterwards }: ApprovalTerms,
  at: string,
): Promise<PlanApprovals['justification']> {
  const { justify_by: by, justified_at: justifiedAt } = row;
  if (by === null || afterwards === undefined) return null;
  const given = await justificationsOf(database, row.id);
  return {
    by,
    settled: row.justification,
    isLate: Date.parse(justifiedAt ?? at) > Date.parse(by),
    steps: standingOf(afterwards.policies, given).steps,
  };
}
