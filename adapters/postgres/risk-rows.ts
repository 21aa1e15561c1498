import type { Knex } from 'knex';
import type { Action } from '../../domain/actions/action.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Rated } from '../../domain/risks/criteria.ts';
import type { RiskAcceptance, RiskAssessment, StoredRisk } from '../../domain/risks/ports.ts';
import type { Risk } from '../../domain/risks/risk.ts';
import { actionsOfMany } from './action-rows.ts';
import { byIdOrLabel } from './id-or-label.ts';
import { uuidInAnyCase } from './uuid-pattern.ts';

export interface RiskRow {
  readonly id: string;
  readonly number: number;
  readonly state: 'open' | 'closed';
  readonly version: number;
  readonly owner: string;
  readonly band: string;
  readonly review_day: string;
}

interface AssessmentRow {
  readonly risk_id: string;
  readonly version: number;
  readonly criteria_version: number;
  readonly definition: Risk;
  readonly inherent: Rated;
  readonly residual: Rated | null;
  readonly reason: string;
  readonly assessed_by: string;
  readonly assessed_at: string;
}

interface AcceptanceRow {
  readonly risk_id: string;
  readonly version: number;
  readonly accepted_by: string;
  readonly accepted_at: string;
  readonly reason: string;
  readonly exception: string | null;
}

interface TriggerRow {
  readonly risk_id: string;
  readonly version: number;
  readonly reason: string;
  readonly origin: string | null;
  readonly noted_by: string;
  readonly noted_at: string;
}

export const riskLabel = (number: number): string => `RSK-${number}`;

export const riskRows = (trx: Knex) =>
  trx('risk').select<RiskRow[]>('risk.*', trx.raw('review_on::text as review_day'));

/** By id or label, in any case. @throws DomainError `not-found`. */
export async function findRisk(
  trx: Knex,
  idOrLabel: string,
  { forUpdate = false } = {},
): Promise<RiskRow> {
  const where = byIdOrLabel(idOrLabel, { letters: 'rsk', id: uuidInAnyCase });
  const [row]: RiskRow[] =
    where === undefined
      ? []
      : await riskRows(trx)
          .where(where)
          .modify((query) => {
            if (forUpdate) void query.forUpdate();
          });
  if (row !== undefined) return row;
  throw new DomainError('not-found', `There is no risk "${idOrLabel}".`, {
    code: 'no-such-risk',
    remedy: 'Use its label, such as RSK-3, or its id; ctc risk list shows both.',
  });
}

/** Locked, and open. */
export async function findOpenRisk(trx: Knex, idOrLabel: string): Promise<RiskRow> {
  const row = await findRisk(trx, idOrLabel, { forUpdate: true });
  if (row.state === 'open') return row;
  throw new DomainError('refused', `${riskLabel(row.number)} is closed, and stays as it is.`, {
    code: 'risk-closed',
    remedy: 'Register what has come back as a new risk.',
  });
}

/** With what counts of each: newest assessment, its acceptance, and triggers since. */
export async function storedRisks(
  trx: Knex,
  rows: readonly RiskRow[],
  now: string,
): Promise<StoredRisk[]> {
  const ids = rows.map(({ id }) => id);
  // One after the other: within a transaction there is one connection.
  const assessments = await trx('risk_assessment as s')
    .join('risk as r', function () {
      this.on('r.id', 's.risk_id').andOn('r.version', 's.version');
    })
    .whereIn('s.risk_id', ids)
    .select<AssessmentRow[]>('s.*');
  const acceptances = await trx('risk_acceptance')
    .whereIn('risk_id', ids)
    .select<AcceptanceRow[]>();
  const triggers = await trx('risk_trigger')
    .whereIn('risk_id', ids)
    .orderBy('noted_at')
    .select<TriggerRow[]>();
  return rows.map((row) => {
    const isOf = (one: { risk_id: string; version: number }): boolean =>
      one.risk_id === row.id && one.version === row.version;
    const assessment = assessments.find(isOf);
    if (assessment === undefined) throw new Error(`${riskLabel(row.number)} has no assessment`);
    const acceptance = acceptances.find(isOf);
    return {
      ...toAssessment(assessment),
      id: row.id,
      label: riskLabel(row.number),
      state: row.state,
      acceptance: acceptance === undefined ? null : toAcceptance(acceptance),
      reviewOn: row.review_day,
      reviewOverdue: row.state === 'open' && now.slice(0, 10) > row.review_day,
      triggers: triggers.filter(isOf).map((one) => ({
        reason: one.reason,
        from: one.origin,
        by: one.noted_by,
        at: one.noted_at,
      })),
    };
  });
}

export async function historyOf(trx: Knex, risk: string): Promise<RiskAssessment[]> {
  const rows = await trx('risk_assessment')
    .where({ risk_id: risk })
    .orderBy('version', 'desc')
    .select<AssessmentRow[]>();
  return rows.map(toAssessment);
}

export async function acceptancesOf(trx: Knex, risk: string): Promise<RiskAcceptance[]> {
  const rows = await trx('risk_acceptance')
    .where({ risk_id: risk })
    .orderBy('version', 'desc')
    .select<AcceptanceRow[]>();
  return rows.map(toAcceptance);
}

export async function openRisks(
  trx: Knex,
  now: string,
): Promise<(StoredRisk & { readonly actions: readonly Action[] })[]> {
  const rows = await riskRows(trx).where({ state: 'open' }).orderBy('number');
  const risks = await storedRisks(trx, rows, now);
  const actions = await actionsOfMany(
    trx,
    'risk_id',
    rows.map(({ id }) => id),
    now,
  );
  return risks.map((risk) => ({ ...risk, actions: actions.filter(({ of }) => of === risk.label) }));
}

function toAssessment(row: AssessmentRow): RiskAssessment {
  return {
    version: row.version,
    criteriaVersion: row.criteria_version,
    risk: row.definition,
    inherent: row.inherent,
    residual: row.residual,
    reason: row.reason,
    assessedBy: row.assessed_by,
    assessedAt: row.assessed_at,
  };
}

function toAcceptance(row: AcceptanceRow): RiskAcceptance {
  return {
    version: row.version,
    acceptedBy: row.accepted_by,
    acceptedAt: row.accepted_at,
    reason: row.reason,
    exception: row.exception,
  };
}
