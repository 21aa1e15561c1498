import type { Knex } from 'knex';
import { heldGrant, type HeldGrant } from '../../domain/access/actor.ts';
import type { Grant, Target } from '../../domain/access/grants.ts';
import { isPermission, rolesWith, type Permission } from '../../domain/access/roles.ts';

interface GrantRow extends Grant {
  readonly own: readonly string[] | null;
}

const columns = `g.role, g.departments, g.datacentres, g.solutions`;

/** What somebody holds; whether they are disabled is not looked at. */
export async function grantsOf(trx: Knex, principal: string): Promise<Grant[]> {
  const { rows } = await trx.raw<{ rows: Grant[] }>(
    `select ${columns} from role_grant g where g.principal = ? order by g.id`,
    [principal],
  );
  return rows.map(({ role, departments, datacentres, solutions }) => ({
    role,
    departments,
    datacentres,
    solutions,
  }));
}

/** As `grantsOf`, with what each role lets do now. */
export async function heldGrantsOf(trx: Knex, principal: string): Promise<HeldGrant[]> {
  const { rows } = await trx.raw<{ rows: GrantRow[] }>(
    `select ${columns}, c.permissions as own from role_grant g left join custom_role c on c.id = g.role
     where g.principal = ? order by g.id`,
    [principal],
  );
  return rows.map(({ own, ...grant }) => heldGrant(grant, own?.filter(isPermission) ?? null));
}

/**
 * Whether principal `p` may, as a condition with the bindings of `permissionBindings`: nobody who is
 * disabled, and within the limits of one grant where a target is given.
 */
export const mayCondition = `(
  p.disabled_at is null and p.kind <> 'system' and exists (
    select from role_grant g left join custom_role c on c.id = g.role
    where g.principal = p.id
      and (g.role = any (cast(:permissionRoles as text[])) or :permission = any (c.permissions))
      and (g.departments is null or not :targeted
        or cardinality(cast(:departments as text[])) > 0 and cast(:departments as text[]) <@ g.departments)
      and (g.datacentres is null or not :targeted
        or cardinality(cast(:datacentres as text[])) > 0 and cast(:datacentres as text[]) <@ g.datacentres)
      and (g.solutions is null or not :targeted
        or cardinality(cast(:solutions as text[])) > 0 and cast(:solutions as text[]) <@ g.solutions)))`;

/** Without a target: anywhere. */
export function permissionBindings(permission: Permission, target?: Target) {
  return {
    permission,
    permissionRoles: [...rolesWith(permission)],
    targeted: target !== undefined,
    departments: [...(target?.departments ?? [])],
    datacentres: [...(target?.datacentres ?? [])],
    solutions: [...(target?.solutions ?? [])],
  };
}

/** Who may, by id; all of them, or the first so many. */
export async function holdersOf(
  trx: Knex,
  permission: Permission,
  target?: Target,
  atMost: number | null = null,
): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    `select p.id from principal p where ${mayCondition} order by p.id limit cast(:atMost as integer)`,
    { ...permissionBindings(permission, target), atMost },
  );
  return rows.map(({ id }) => id);
}
