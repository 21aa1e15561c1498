import { createHash, randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import type { AccessRegister, AccessToken, NewPrincipal } from '../../domain/access/ports.ts';
import { isPermission } from '../../domain/access/roles.ts';
import { checkToken } from '../../domain/access/token-rules.ts';
import { DomainError } from '../../domain/errors.ts';
import type { NewLedgerEntry } from '../../domain/ledger/entry.ts';
import { heldGrantsOf } from './grants.ts';
import { appendToLedger } from './ledger-append.ts';
import { addPrincipal } from './principal-register.ts';
import { onlyRow } from './principal-rows.ts';

interface TokenRow {
  readonly id: string;
  readonly principal: string;
  readonly label: string;
  readonly permissions: string[] | null;
  readonly issued_by: string | null;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
}

/** `last_used_at` is for people: exact to the minute is enough, and spares a write for every call. */
const lastUsedResolution = '1 minute';

/** Any number that nothing else locks. */
const firstStartLock = 7_205_931_172n;

export const tokenPrefix = 'ctc_pat_';

/** A token's only stored form. */
export function tokenDigest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

interface AccessRegisterDeps {
  readonly database: Knex;
  /** The longest life of a token. */
  readonly tokenMaxDays: number;
  /** ISO instant. */
  readonly now: () => string;
}

export function createAccessRegister({
  database,
  tokenMaxDays,
  now,
}: AccessRegisterDeps): AccessRegister {
  const register: AccessRegister = {
    async authenticate(secret) {
      const { rows } = await database.raw<{
        rows: {
          id: string;
          name: string;
          token: string;
          permissions: string[] | null;
          stale: boolean;
        }[];
      }>(
        `
          select p.id, p.name, t.id as token, t.permissions,
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
      const grants = await heldGrantsOf(database, row.id);
      const limitedTo = row.permissions?.filter(isPermission) ?? null;
      return { id: row.id, name: row.name, grants, limitedTo };
    },

    async issueToken(principal, wish, issuer) {
      const { expiresAt } = checkToken(wish, {
        ...{ issuer, maxDays: tokenMaxDays },
        nowMs: Date.parse(now()),
      });
      const secret = `${tokenPrefix}${randomBytes(32).toString('base64url')}`;
      const token = await database.transaction(async (trx) => {
        // Locked, so that whoever disables them at the same moment revokes this one too.
        const known = await trx('principal')
          .where({ id: principal })
          .forShare()
          .select<{ kind: string; disabled_at: string | null }[]>('kind', 'disabled_at');
        refuseUnusable(principal, onlyRow(known, 'principal', principal));
        const rows = await trx('access_token')
          .insert({
            ...{ id: uuidv7(), principal, label: wish.label, sha256: tokenDigest(secret) },
            permissions: wish.permissions === null ? null : [...new Set(wish.permissions)].sort(),
            ...{ issued_by: issuer.id, created_at: trx.fn.now(), expires_at: expiresAt },
          })
          .returning<TokenRow[]>('*');
        const issued = onlyRow(rows.map(toToken), 'token', wish.label);
        await appendToLedger(trx, tokenIssued(issued, issuer.id));
        return issued;
      });
      return { secret, token };
    },

    async listTokens(principal) {
      const rows = await database('access_token')
        .where({ principal })
        .orderBy('id')
        .select<TokenRow[]>('*');
      return rows.map(toToken);
    },

    revokeToken: (id, by, of) =>
      database.transaction(async (trx) => {
        const rows = await trx('access_token')
          .where({ id, ...(of === undefined ? {} : { principal: of }) })
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
  principal: NewPrincipal,
  secret: string,
): Promise<void> {
  await database.transaction(async (trx) => {
    // Two processes may start at once.
    await trx.raw('select pg_advisory_xact_lock(?)', [String(firstStartLock)]);
    const known = await trx('principal').where({ id: principal.id }).select('id');
    if (known.length === 0) await addPrincipal(trx, principal, 'ctc');
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

/** Nothing of the secret, nor its digest: only what a person calls it by. */
function tokenIssued(
  { id, principal, label, expiresAt, permissions }: AccessToken,
  by: string,
): NewLedgerEntry {
  return {
    actor: by,
    action: 'token.issued',
    subject: { kind: 'principal', id: principal },
    details: { token: id, label, expiresAt, permissions },
  };
}

function toToken(row: TokenRow): AccessToken {
  return {
    id: row.id,
    principal: row.principal,
    label: row.label,
    permissions: row.permissions?.filter(isPermission) ?? null,
    issuedBy: row.issued_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}

function refuseUnusable(
  id: string,
  { kind, disabled_at }: { readonly kind: string; readonly disabled_at: string | null },
): void {
  if (kind === 'system') {
    throw new DomainError('refused', `In the name of ${id} only CTC itself acts.`, {
      code: 'system-principal',
      remedy: 'Add a service of your own: ctc principal add ID --service.',
    });
  }
  if (disabled_at === null) return;
  throw new DomainError('refused', `${id} is disabled.`, {
    code: 'principal-disabled',
    remedy: `Enable them first: ctc principal enable ${id}.`,
  });
}
