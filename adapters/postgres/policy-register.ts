import type { Knex } from 'knex';
import { approvalPolicySchema, type PolicyInForce } from '../../domain/approvals/policy.ts';
import type { PolicyRegister, PolicyVersion } from '../../domain/approvals/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { appendToLedger } from './ledger-append.ts';

export interface PolicyRegisterDeps {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
}

interface PolicyRow {
  readonly id: string;
  readonly version: number;
  readonly definition: unknown;
  readonly reason: string;
  readonly proposed_by: string;
  readonly proposed_at: string;
  readonly approved_by: string | null;
  readonly approved_at: string | null;
  readonly retired_by: string | null;
  readonly retired_at: string | null;
}

export function createPolicyRegister({ database, now }: PolicyRegisterDeps): PolicyRegister {
  return {
    inForce: () => policiesInForce(database),
    versions: (id) => versionsOf(database, id),

    propose: (policy, reason, by) =>
      database.transaction(async (trx) => {
        const before = await lockedVersions(trx, policy.id);
        const version = (before[0]?.version ?? 0) + 1;
        await trx('approval_policy').insert({
          id: policy.id,
          version,
          definition: JSON.stringify(policy),
          reason,
          proposed_by: by,
          proposed_at: now(),
        });
        return record(trx, policy.id, version, { by, reason, action: 'policy.proposed', policy });
      }),

    approve: (id, version, reason, by) =>
      database.transaction(async (trx) => {
        const [newest, ...older] = await lockedVersions(trx, id);
        const asked = [newest, ...older].find((one) => one?.version === version);
        if (newest === undefined || asked === undefined) throw missing(id, version);
        if (asked.state !== 'proposed' || asked !== newest) {
          throw new DomainError(
            'refused',
            `${named(asked)} is ${asked.state}, and the newest is version ${newest.version}.`,
            {
              code: 'policy-not-proposed',
              remedy: `Look at it: ctc policy show ${id}.`,
            },
          );
        }
        if (asked.proposedBy === by) {
          throw new DomainError('refused', `${named(asked)} was proposed by you.`, {
            code: 'own-policy',
            remedy: 'Somebody else who may has to approve it.',
          });
        }
        await trx('approval_policy')
          .where({ id, version })
          .update({ approved_by: by, approved_at: now() });
        return record(trx, id, version, { by, reason, action: 'policy.approved' });
      }),

    retire: (id, reason, by) =>
      database.transaction(async (trx) => {
        const standing = (await lockedVersions(trx, id)).find(({ state }) => state === 'in-force');
        if (standing === undefined) {
          throw new DomainError('not-found', `No version of policy "${id}" is in force.`, {
            code: 'policy-not-in-force',
            remedy: 'See those that are: ctc policy list.',
          });
        }
        const { version } = standing;
        await trx('approval_policy')
          .where({ id })
          .whereNotNull('approved_at')
          .whereNull('retired_at')
          .update({ retired_by: by, retired_at: now() });
        return record(trx, id, version, { by, reason, action: 'policy.retired' });
      }),
  };
}

export async function policiesInForce(database: Knex): Promise<PolicyInForce[]> {
  return (await versionsOf(database)).filter(({ state }) => state === 'in-force');
}

/** Newest first, one writer at a time for each policy. */
async function lockedVersions(trx: Knex, id: string): Promise<PolicyVersion[]> {
  await trx.raw(`select pg_advisory_xact_lock(hashtextextended('ctc-policy/' || ?, 0))`, [id]);
  return versionsOf(trx, id);
}

async function versionsOf(database: Knex, id?: string): Promise<PolicyVersion[]> {
  const rows = await database('approval_policy')
    .modify((query) => {
      if (id !== undefined) void query.where({ id });
    })
    .orderBy([{ column: 'id' }, { column: 'version', order: 'desc' }])
    .select<PolicyRow[]>('*');
  // Of each policy the newest that was approved is the one that counts.
  const counted = new Set<string>();
  return rows.map((row) => {
    const isNewestApproved = row.approved_at !== null && !counted.has(row.id);
    if (isNewestApproved) counted.add(row.id);
    return toVersion(row, isNewestApproved);
  });
}

function toVersion(row: PolicyRow, isNewestApproved: boolean): PolicyVersion {
  const state =
    row.retired_at !== null
      ? 'retired'
      : row.approved_at === null
        ? 'proposed'
        : isNewestApproved
          ? 'in-force'
          : 'superseded';
  return {
    id: row.id,
    version: row.version,
    state,
    policy: approvalPolicySchema.parse(row.definition),
    reason: row.reason,
    proposedBy: row.proposed_by,
    proposedAt: row.proposed_at,
    approvedBy: row.approved_by,
    approvedAt: row.approved_at,
    retiredBy: row.retired_by,
    retiredAt: row.retired_at,
  };
}

async function record(
  trx: Knex,
  id: string,
  version: number,
  {
    by,
    action,
    ...details
  }: { readonly by: string; readonly action: string } & Record<string, unknown>,
): Promise<PolicyVersion> {
  await appendToLedger(trx, {
    actor: by,
    action,
    subject: { kind: 'approval-policy', id },
    details: { version, ...details },
  });
  const found = (await versionsOf(trx, id)).find((one) => one.version === version);
  if (found === undefined) throw missing(id, version);
  return found;
}

function named({ id, version }: PolicyVersion): string {
  return `Version ${version} of policy "${id}"`;
}

function missing(id: string, version: number): DomainError {
  return new DomainError('not-found', `There is no version ${version} of a policy "${id}".`, {
    code: 'no-such-policy',
    remedy: 'See those there are: ctc policy list.',
  });
}
