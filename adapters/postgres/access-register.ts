import { createHash, randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import type { AccessRegister, AccessToken, Principal } from '../../domain/access/ports.ts';
import type { Role } from '../../domain/access/roles.ts';
import { DomainError } from '../../domain/errors.ts';
import type { NewLedgerEntry } from '../../domain/ledger/entry.ts';
import { appendToLedger } from './ledger-append.ts';
import { explainingConstraints } from './postgres-errors.ts';

interface PrincipalRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly roles: Role[];
  readonly disabled_at: string | null;
}

interface TokenRow {
  readonly id: string;
  readonly principal: string;
  readonly label: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
}

/** `last_used_at` is for people: exact to the minute is enough, and spares a write for every call. */
const lastUsedResolution = '1 minute';

export const tokenPrefix = 'ctc_pat_';

/** A token's only stored form. */
export function tokenDigest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

export function createAccessRegister(database: Knex): AccessRegister {
  const register: AccessRegister = {
    async authenticate(secret) {
      const { rows } = await database.raw<{
        rows: { id: string; name: string; roles: Role[]; token: string; stale: boolean }[];
      }>(
        `
          select p.id, p.name, p.roles, t.id as token,
            coalesce(t.last_used_at < now() - interval '${lastUsedResolution}', true) as stale
          from access_token t join principal p on p.id = t.principal
          where t.sha256 = ? and t.revoked_at is null and p.disabled_at is null
            and (t.expires_at is null or t.expires_at > now())
        `,
        [tokenDigest(secret)],
      );
      const row = rows[0];
      if (row === undefined) return undefined;
      if (row.stale) {
        await database('access_token')
          .where({ id: row.token })
          .update({ last_used_at: database.fn.now() });
      }
      return { id: row.id, name: row.name, roles: row.roles };
    },

    addPrincipal: ({ id, name, email, roles }, by) =>
      explainingConstraints(
        {
          principal_pkey: () =>
            new DomainError('conflict', `There is a principal "${id}" already.`, {
              code: 'principal-exists',
            }),
        },
        () =>
          database.transaction(async (trx) => {
            const rows = await trx('principal')
              .insert({ id, name, email, roles: [...roles], created_at: trx.fn.now() })
              .returning<PrincipalRow[]>('*');
            await appendToLedger(trx, principalAdded({ id, roles }, by));
            return onlyRow(rows.map(toPrincipal), 'principal', id);
          }),
      ),

    async listPrincipals() {
      const rows = await database<PrincipalRow>('principal').orderBy('id').select('*');
      return rows.map((row) => toPrincipal(row));
    },

    setDisabled: (id, disabled, by) =>
      database.transaction(async (trx) => {
        const rows = await trx('principal')
          .where({ id })
          .update({ disabled_at: disabled ? trx.raw('coalesce(disabled_at, now())') : null })
          .returning<PrincipalRow[]>('*');
        const principal = onlyRow(rows.map(toPrincipal), 'principal', id);
        await appendToLedger(trx, {
          actor: by,
          action: disabled ? 'principal.disabled' : 'principal.enabled',
          subject: { kind: 'principal', id },
        });
        return principal;
      }),

    async issueToken({ principal, label, expiresAt }, by) {
      const secret = `${tokenPrefix}${randomBytes(32).toString('base64url')}`;
      const token = await explainingConstraints(
        { access_token_principal_fkey: () => missing('principal', principal) },
        () =>
          database.transaction(async (trx) => {
            const rows = await trx('access_token')
              .insert({
                id: uuidv7(),
                principal,
                label,
                sha256: tokenDigest(secret),
                created_at: trx.fn.now(),
                expires_at: expiresAt,
              })
              .returning<TokenRow[]>('*');
            const issued = onlyRow(rows.map(toToken), 'token', label);
            await appendToLedger(trx, tokenIssued(issued, by));
            return issued;
          }),
      );
      return { secret, token };
    },

    async listTokens(principal) {
      const rows = await database('access_token')
        .where({ principal })
        .orderBy('id')
        .select<TokenRow[]>('*');
      return rows.map(toToken);
    },

    revokeToken: (id, by) =>
      database.transaction(async (trx) => {
        const rows = await trx('access_token')
          .where({ id })
          .update({ revoked_at: trx.raw('coalesce(revoked_at, now())') })
          .returning<TokenRow[]>('*');
        const token = onlyRow(rows.map(toToken), 'token', id);
        await appendToLedger(trx, {
          actor: by,
          action: 'token.revoked',
          subject: { kind: 'principal', id: token.principal },
          details: { token: id },
        });
        return token;
      }),

    async signIn(secret) {
      const actor = await register.authenticate(secret);
      if (actor === undefined) return undefined;
      await database.transaction((trx) =>
        appendToLedger(trx, {
          actor: actor.id,
          action: 'login',
          subject: { kind: 'principal', id: actor.id },
        }),
      );
      return actor;
    },
  };
  return register;
}

/** Makes sure of a principal and of a token whose secret is given: for the first start. */
export async function ensurePrincipalWithToken(
  database: Knex,
  principal: Omit<Principal, 'disabledAt'>,
  secret: string,
): Promise<void> {
  await database.transaction(async (trx) => {
    const added = await trx('principal')
      .insert({ ...principal, roles: [...principal.roles], created_at: trx.fn.now() })
      .onConflict('id')
      .ignore()
      .returning<{ id: string }[]>('id');
    if (added.length > 0) await appendToLedger(trx, principalAdded(principal, 'ctc'));
    const [issued] = await trx('access_token')
      .insert({
        id: uuidv7(),
        principal: principal.id,
        label: 'first start',
        sha256: tokenDigest(secret),
        created_at: trx.fn.now(),
      })
      .onConflict('sha256')
      .ignore()
      .returning<TokenRow[]>('*');
    if (issued !== undefined) await appendToLedger(trx, tokenIssued(toToken(issued), 'ctc'));
  });
}

function principalAdded(
  { id, roles }: Pick<Principal, 'id' | 'roles'>,
  by: string,
): NewLedgerEntry {
  return {
    actor: by,
    action: 'principal.added',
    subject: { kind: 'principal', id },
    details: { roles },
  };
}

/** Nothing of the secret, nor its digest: only what a person calls it by. */
function tokenIssued({ id, principal, label, expiresAt }: AccessToken, by: string): NewLedgerEntry {
  return {
    actor: by,
    action: 'token.issued',
    subject: { kind: 'principal', id: principal },
    details: { token: id, label, expiresAt },
  };
}

function toPrincipal(row: PrincipalRow): Principal {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    roles: row.roles,
    disabledAt: row.disabled_at,
  };
}

function toToken(row: TokenRow): AccessToken {
  return {
    id: row.id,
    principal: row.principal,
    label: row.label,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}

function missing(kind: string, name: string): DomainError {
  return new DomainError('not-found', `There is no ${kind} "${name}".`, {
    code: `no-such-${kind}`,
  });
}

function onlyRow<T>(rows: readonly T[], kind: string, name: string): T {
  const row = rows[0];
  if (row === undefined) throw missing(kind, name);
  return row;
}
