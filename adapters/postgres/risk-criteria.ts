import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import { riskCriteriaSchema, type RiskCriteria } from '../../domain/risks/criteria.ts';
import type { CriteriaVersion } from '../../domain/risks/ports.ts';
import { appendToLedger } from './ledger-append.ts';
import { explainingConstraints } from './postgres-errors.ts';

interface CriteriaRow {
  readonly version: number;
  readonly definition: unknown;
  readonly reason: string;
  readonly adopted_by: string;
  readonly adopted_at: string;
}

const none: CriteriaVersion = {
  version: 0,
  criteria: null,
  reason: null,
  adoptedBy: null,
  adoptedAt: null,
};

/** The newest; version 0 without any while none have been adopted. */
export async function criteriaInForce(trx: Knex): Promise<CriteriaVersion> {
  const row = await trx('risk_criteria')
    .orderBy('version', 'desc')
    .first<CriteriaRow | undefined>();
  return row === undefined ? none : toVersion(row);
}

/** Undefined where there is no such version. */
export async function criteriaOfVersion(
  trx: Knex,
  version: number,
): Promise<CriteriaVersion | undefined> {
  if (version === 0) return none;
  const row = await trx('risk_criteria').where({ version }).first<CriteriaRow | undefined>();
  return row === undefined ? undefined : toVersion(row);
}

export async function criteriaVersions(trx: Knex): Promise<Omit<CriteriaVersion, 'criteria'>[]> {
  const rows = await trx('risk_criteria').orderBy('version', 'desc').select<CriteriaRow[]>();
  return rows.map(toAdoption);
}

/** Adopts the next version, where the one before is still the one that was seen. */
export async function adoptCriteria(
  database: Knex,
  criteria: RiskCriteria,
  given: {
    readonly reason: string;
    readonly seenVersion: number;
    readonly by: string;
    readonly at: string;
  },
): Promise<void> {
  const { reason, seenVersion, by, at } = given;
  const superseded = () =>
    new DomainError('conflict', `The criteria are no longer at version ${seenVersion}.`, {
      code: 'version-superseded',
      remedy: 'Read them again and send the new ones with If-Match and their ETag.',
    });
  await explainingConstraints({ risk_criteria_pkey: superseded }, () =>
    database.transaction(async (trx) => {
      if ((await criteriaInForce(trx)).version !== seenVersion) throw superseded();
      const version = seenVersion + 1;
      await trx('risk_criteria').insert({
        version,
        definition: JSON.stringify(criteria),
        reason,
        adopted_by: by,
        adopted_at: at,
      });
      await appendToLedger(trx, {
        at,
        actor: by,
        action: 'risk-criteria.adopted',
        subject: { kind: 'risk-criteria', id: String(version) },
        details: { reason, criteria },
      });
    }),
  );
}

function toVersion(row: CriteriaRow): CriteriaVersion {
  return { ...toAdoption(row), criteria: riskCriteriaSchema.parse(row.definition) };
}

function toAdoption(row: CriteriaRow): Omit<CriteriaVersion, 'criteria'> {
  return {
    version: row.version,
    reason: row.reason,
    adoptedBy: row.adopted_by,
    adoptedAt: row.adopted_at,
  };
}
