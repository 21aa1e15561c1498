import type { Knex } from 'knex';
import type { SlaVerdict } from '../../domain/acsmi/judge-sla.ts';
import type { JudgedMonth } from '../../domain/acsmi/ports.ts';
import { firstDayOf } from '../../domain/acsmi/utc-days.ts';
import { DomainError } from '../../domain/errors.ts';
import { labelOf, type ContractRow } from './contract-rows.ts';
import { noteIncident } from './incidents.ts';

interface MonthRow {
  readonly month: string;
  readonly final: boolean;
  readonly evidence: SlaVerdict;
  readonly judged_at: string;
  readonly settled_at: string | null;
  readonly incident_id: string | null;
  readonly incident_number: number | null;
}

const judgedMonths = (trx: Knex, contractId: string) =>
  trx('sla_month as m')
    .leftJoin('incident as i', 'i.id', 'm.incident_id')
    .where('m.contract_id', contractId)
    .select<MonthRow[]>(
      trx.raw(`to_char(m.month, 'YYYY-MM') as month`),
      'm.final',
      'm.evidence',
      'm.judged_at',
      'm.settled_at',
      'm.incident_id',
      'i.number as incident_number',
    );

/** Newest first. */
export async function monthsOf(trx: Knex, contractId: string): Promise<JudgedMonth[]> {
  const rows = await judgedMonths(trx, contractId).orderBy('m.month', 'desc');
  return rows.map((row) => ({
    ...row.evidence,
    month: row.month,
    final: row.final,
    judgedAt: row.judged_at,
    incident: row.incident_number === null ? null : `INC-${row.incident_number}`,
    settledAt: row.settled_at,
  }));
}

/** @throws DomainError `not-found`, `refused`. */
export async function settleMonth(
  trx: Knex,
  contract: Pick<ContractRow, 'id' | 'number'>,
  month: string,
  { reason, by, at }: { readonly reason: string; readonly by: string; readonly at: string },
): Promise<void> {
  const label = labelOf(contract.number);
  const [row] = await judgedMonths(trx, contract.id).where('m.month', firstDayOf(month));
  const incident = row?.incident_id ?? null;
  if (incident === null) {
    throw new DomainError('not-found', `Nothing is due of ${label} for ${month}.`, {
      code: 'no-such-breach',
      remedy: `ctc acsmi contract show ${label} lists the months that were judged.`,
    });
  }
  if (row?.settled_at !== null) {
    throw new DomainError('refused', `${month} of ${label} is settled already.`, {
      code: 'breach-settled',
    });
  }
  await noteIncident(trx, {
    incident,
    key: 'settled',
    actor: by,
    message: reason,
    to: 'resolved',
    alert: true,
    at,
  });
  await trx('sla_month')
    .where({ contract_id: contract.id, month: firstDayOf(month) })
    .update({ settled_at: at });
}
