import type { Knex } from 'knex';
import type { Principal, StoredGrant } from '../../domain/access/ports.ts';
import { DomainError } from '../../domain/errors.ts';

export interface PrincipalRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly kind: Principal['kind'];
  readonly disabled_at: string | null;
}

export interface GrantRow {
  readonly id: string;
  readonly principal: string;
  readonly role: string;
  readonly departments: string[] | null;
  readonly datacentres: string[] | null;
  readonly solutions: string[] | null;
  readonly source: StoredGrant['source'];
  readonly granted_by: string;
  readonly granted_at: string;
}

/** Principals with what they hold, in the order given. */
export async function withGrants(trx: Knex, rows: readonly PrincipalRow[]): Promise<Principal[]> {
  const grants = await trx('role_grant')
    .whereIn(
      'principal',
      rows.map(({ id }) => id),
    )
    .orderBy('id')
    .select<GrantRow[]>('*');
  const held = Map.groupBy(grants, ({ principal }) => principal);
  return rows.map(({ id, name, email, kind, disabled_at }) => {
    const own = (held.get(id) ?? []).map(toGrant);
    return {
      ...{ id, name, email, kind },
      roles: [...new Set(own.map(({ role }) => role))],
      grants: own,
      disabledAt: disabled_at,
    };
  });
}

export function toGrant(row: GrantRow): StoredGrant {
  const { id, role, departments, datacentres, solutions, source } = row;
  return {
    ...{ id, role, departments, datacentres, solutions, source },
    grantedBy: row.granted_by,
    grantedAt: row.granted_at,
  };
}

/** @throws DomainError `not-found` where there is none. */
export function onlyRow<T>(rows: readonly T[], kind: string, name: string): T {
  const row = rows[0];
  if (row === undefined) throw missing(kind, name);
  return row;
}

export function missing(kind: string, name: string): DomainError {
  return new DomainError('not-found', `There is no ${kind} "${name}".`, {
    code: `no-such-${kind}`,
  });
}
