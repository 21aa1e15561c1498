import type { Knex } from 'knex';
import { checkCustomRole, roleTaken } from '../../domain/access/custom-role.ts';
import type { CustomRole, RoleRegister } from '../../domain/access/ports.ts';
import { isPermission } from '../../domain/access/roles.ts';
import { DomainError } from '../../domain/errors.ts';
import { appendToLedger } from './ledger-append.ts';
import { explainingConstraints } from './postgres-errors.ts';
import { onlyRow } from './principal-rows.ts';

interface RoleRow {
  readonly id: string;
  readonly name: string;
  readonly permissions: string[];
  readonly created_by: string;
  readonly created_at: string;
}

/** The roles that the company has made itself. */
export function createRoleRegister(database: Knex): RoleRegister {
  return {
    async list() {
      return (await database('custom_role').orderBy('id').select<RoleRow[]>('*')).map(toRole);
    },

    create: ({ id, name, permissions }, by) =>
      database.transaction(async (trx) => {
        checkCustomRole({ id, permissions }, by);
        const rows = await explainingConstraints({ custom_role_pkey: () => roleTaken(id) }, () =>
          trx('custom_role')
            .insert({
              ...{ id, name, permissions: [...new Set(permissions)].sort() },
              ...{ created_by: by.id, created_at: trx.fn.now() },
            })
            .returning<RoleRow[]>('*'),
        );
        const role = onlyRow(rows.map(toRole), 'role', id);
        await appendToLedger(trx, {
          actor: by.id,
          action: 'role.created',
          subject: { kind: 'role', id },
          details: { name, permissions: role.permissions },
        });
        return role;
      }),

    remove: (id, by) =>
      database.transaction(async (trx) => {
        // Whoever grants it meanwhile has locked it, and is waited for.
        onlyRow(
          await trx('custom_role').where({ id }).forUpdate().select<RoleRow[]>('*'),
          'role',
          id,
        );
        const held = await trx('role_grant')
          .where({ role: id })
          .distinct()
          .orderBy('principal')
          .limit(20)
          .pluck<string[]>('principal');
        if (held.length > 0) throw stillHeld(id, held);
        const rows = await trx('custom_role').where({ id }).delete().returning<RoleRow[]>('*');
        const role = onlyRow(rows.map(toRole), 'role', id);
        await appendToLedger(trx, {
          actor: by,
          action: 'role.deleted',
          subject: { kind: 'role', id },
          details: { name: role.name, permissions: role.permissions },
        });
        return role;
      }),
  };
}

/** Permissions that CTC no longer knows are left out. */
function toRole({ id, name, permissions, created_by, created_at }: RoleRow): CustomRole {
  return {
    ...{ id, name, permissions: permissions.filter(isPermission) },
    ...{ createdBy: created_by, createdAt: created_at },
  };
}

function stillHeld(id: string, principals: readonly string[]): DomainError {
  return new DomainError('conflict', `The role ${id} is held by ${principals.join(', ')}.`, {
    code: 'role-held',
    remedy: 'Take it from them first: ctc access ungrant.',
  });
}
