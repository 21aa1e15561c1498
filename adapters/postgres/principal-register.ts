import type { Knex } from 'knex';
import { everywhere } from '../../domain/access/grants.ts';
import type { NewPrincipal, Principal, PrincipalRegister } from '../../domain/access/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { holdersOf } from './grants.ts';
import { keepingAnAdministrator } from './last-administrator.ts';
import { appendToLedger } from './ledger-append.ts';
import { explainingConstraints } from './postgres-errors.ts';
import {
  missing,
  onlyRow,
  toGrant,
  withGrants,
  type GrantRow,
  type PrincipalRow,
} from './principal-rows.ts';
import { storeGrant } from './store-grant.ts';
import { uuidPattern } from './uuid-pattern.ts';

/** More names than anybody reads. */
const holdersAtMost = 20;

/** Principals and what they hold. */
export function createPrincipalRegister(database: Knex): PrincipalRegister {
  return {
    add: (principal, by) => database.transaction((trx) => addPrincipal(trx, principal, by)),

    get: (id) => getPrincipal(database, id),

    async list({ limit, cursor }) {
      const query = database('principal')
        .orderBy('id')
        .limit(limit + 1);
      if (cursor !== undefined) void query.where('id', '>', decodeCursor(cursor, /^.{1,100}$/));
      const rows = await query.select<PrincipalRow[]>('*');
      const page = pageOf(
        rows,
        limit,
        (row) => row,
        ({ id }) => id,
      );
      return { ...page, rows: await withGrants(database, page.rows) };
    },

    setDisabled: (id, disabled, by) =>
      database.transaction((trx) =>
        keepingAnAdministrator(trx, async () => {
          await refuseSystem(trx, id);
          await trx('principal')
            .where({ id })
            .update({ disabled_at: disabled ? trx.raw('coalesce(disabled_at, now())') : null });
          // For good: what a leaver had does not come back with them.
          if (disabled) {
            await trx('access_token')
              .where({ principal: id })
              .whereNull('revoked_at')
              .update({ revoked_at: trx.fn.now() });
          }
          const principal = await getPrincipal(trx, id);
          await appendToLedger(trx, {
            actor: by,
            action: disabled ? 'principal.disabled' : 'principal.enabled',
            subject: { kind: 'principal', id },
          });
          return principal;
        }),
      ),

    grant: (principal, grant, by) =>
      database.transaction(async (trx) => {
        await refuseSystem(trx, principal);
        const stored = await storeGrant(trx, principal, grant, { source: 'person', by });
        await appendToLedger(trx, {
          actor: by,
          action: 'role.granted',
          subject: { kind: 'principal', id: principal },
          details: { grant: stored.id, ...grant },
        });
        return stored;
      }),

    ungrant: (principal, grant, by) =>
      database.transaction((trx) =>
        keepingAnAdministrator(trx, async () => {
          if (!uuidPattern.test(grant)) throw missing('grant', grant);
          const rows = await trx('role_grant')
            .where({ principal, id: grant })
            .delete()
            .returning<GrantRow[]>('*');
          const taken = onlyRow(rows.map(toGrant), 'grant', grant);
          if (taken.source === 'groups') throw fromGroups(principal, taken.role);
          const { role, departments, datacentres, solutions } = taken;
          await appendToLedger(trx, {
            actor: by,
            action: 'role.ungranted',
            subject: { kind: 'principal', id: principal },
            details: { grant, role, departments, datacentres, solutions },
          });
          return taken;
        }),
      ),

    holders: (permission, target) => holdersOf(database, permission, target, holdersAtMost),
  };
}

/** For the register and the first start. */
export async function addPrincipal(
  trx: Knex,
  { id, name, email, kind = 'person', roles }: NewPrincipal,
  by: string,
): Promise<Principal> {
  await explainingConstraints(
    {
      principal_pkey: () =>
        new DomainError('conflict', `There is a principal "${id}" already.`, {
          code: 'principal-exists',
        }),
    },
    () => trx('principal').insert({ id, name, email, kind, created_at: trx.fn.now() }),
  );
  for (const role of new Set(roles)) {
    await storeGrant(trx, id, everywhere(role), { source: 'person', by });
  }
  await appendToLedger(trx, {
    actor: by,
    action: 'principal.added',
    subject: { kind: 'principal', id },
    details: { kind, roles },
  });
  return getPrincipal(trx, id);
}

async function getPrincipal(trx: Knex, id: string): Promise<Principal> {
  const rows = await trx('principal').where({ id }).select<PrincipalRow[]>('*');
  return onlyRow(await withGrants(trx, rows), 'principal', id);
}

async function refuseSystem(trx: Knex, id: string): Promise<void> {
  const rows = await trx('principal').where({ id }).forUpdate().select<PrincipalRow[]>('*');
  const { kind } = onlyRow(rows, 'principal', id);
  if (kind !== 'system') return;
  throw new DomainError('refused', `In the name of ${id} only CTC itself acts.`, {
    code: 'system-principal',
    remedy: 'Add a service of your own: ctc principal add ID --service.',
  });
}

function fromGroups(principal: string, role: string): DomainError {
  return new DomainError(
    'refused',
    `${principal} is ${role} by a group of the identity provider.`,
    {
      code: 'granted-by-groups',
      remedy: 'Take them out of the group there, or disable them here: ctc principal disable.',
    },
  );
}
