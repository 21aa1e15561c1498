import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { dimensions, grantWords, type Dimension, type Grant } from '../../domain/access/grants.ts';
import type { StoredGrant } from '../../domain/access/ports.ts';
import { isRole } from '../../domain/access/roles.ts';
import { DomainError, type Complaint } from '../../domain/errors.ts';
import { explainingConstraints } from './postgres-errors.ts';
import { onlyRow, toGrant, type GrantRow } from './principal-rows.ts';

const tables: Readonly<Record<Dimension, string>> = {
  departments: 'department',
  datacentres: 'datacentre',
  solutions: 'solution',
};

/**
 * Writes a grant. @throws DomainError `invalid` by field for a role or a limit that is not known, `conflict`
 * for one that is held already.
 */
export async function storeGrant(
  trx: Knex,
  principal: string,
  grant: Grant,
  { source, by }: { readonly source: StoredGrant['source']; readonly by: string },
): Promise<StoredGrant> {
  const complaints = await complaintsAbout(trx, grant);
  if (complaints.length > 0) {
    throw new DomainError('invalid', 'The grant names what is not known.', {
      code: 'unknown-reference',
      complaints,
    });
  }
  const { role } = grant;
  return explainingConstraints(
    {
      role_grant_once: () =>
        new DomainError('conflict', `${principal} is ${role} ${grantWords(grant)} already.`, {
          code: 'already-granted',
        }),
    },
    async () => {
      const rows = await trx('role_grant')
        .insert({
          ...{ id: uuidv7(), principal, role, source, granted_by: by },
          ...limitsOf(grant),
          granted_at: trx.fn.now(),
        })
        .returning<GrantRow[]>('*');
      return onlyRow(rows.map(toGrant), 'grant', role);
    },
  );
}

/** In one order, each once, so that the same limits are the same grant. */
export function limitsOf(grant: Grant): Record<Dimension, string[] | null> {
  const sorted = (ids: readonly string[] | null): string[] | null =>
    ids === null ? null : [...new Set(ids)].sort();
  return {
    departments: sorted(grant.departments),
    datacentres: sorted(grant.datacentres),
    solutions: sorted(grant.solutions),
  };
}

async function complaintsAbout(trx: Knex, grant: Grant): Promise<Complaint[]> {
  const complaints: Complaint[] = [];
  if (!isRole(grant.role)) {
    // Locked until the grant is there: who removes the role looks for grants after that.
    const known = await trx('custom_role').where({ id: grant.role }).forShare().select('id');
    if (known.length === 0) {
      complaints.push({
        field: 'role',
        message: `there is no role "${grant.role}"; \`ctc access roles\` lists them`,
      });
    }
  }
  for (const dimension of dimensions) {
    const named = grant[dimension];
    if (named === null) continue;
    const table = tables[dimension];
    const known = await trx(table)
      .whereIn('id', [...named])
      .pluck<string[]>('id');
    complaints.push(
      ...named
        .filter((id) => !known.includes(id))
        .map((id) => ({ field: dimension, message: `there is no ${table} "${id}"` })),
    );
  }
  return complaints;
}
