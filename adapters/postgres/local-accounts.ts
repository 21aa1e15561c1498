import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { checkPassword } from '../../domain/access/password-rules.ts';
import { signInDelayMs } from '../../domain/access/sign-in-delay.ts';
import type {
  Credentials,
  LocalAccounts,
  PasswordHasher,
  TotpCodes,
} from '../../domain/access/sign-in-ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { appendToLedger } from './ledger-append.ts';
import { missing, onlyRow, type PrincipalRow } from './principal-rows.ts';
import { secretDigest } from './secret-digest.ts';
import { useCode } from './second-factor.ts';
import { endSessions } from './sessions.ts';
import { claimTry, forgiveTries, takeTryBack } from './sign-in-throttle.ts';

export interface LocalAccountDeps {
  readonly database: Knex;
  readonly hasher: PasswordHasher;
  readonly totp: TotpCodes;
  readonly nowMs: () => number;
}

interface AccountRow {
  readonly principal: string;
  readonly password_hash: string | null;
  readonly totp_confirmed_at: string | null;
}

/** A link is for the same day. */
const linkHours = 24;

/** Accounts with passwords. */
export function createLocalAccounts(deps: LocalAccountDeps): LocalAccounts {
  const { database, hasher } = deps;
  return {
    signIn: (credentials) => signIn(deps, credentials),

    async createLink(principal, by) {
      const secret = randomBytes(32).toString('base64url');
      return database.transaction(async (trx) => {
        await personToBe(trx, principal);
        await trx('sign_in_link').where({ principal, used_at: null }).delete();
        const rows = await trx('sign_in_link')
          .insert({
            ...{ principal, sha256: secretDigest(secret), created_at: trx.fn.now() },
            expires_at: trx.raw('now() + make_interval(hours => ?)', [linkHours]),
          })
          .returning<{ expires_at: string }[]>('expires_at');
        await appendToLedger(trx, {
          actor: by,
          action: 'sign-in-link.created',
          subject: { kind: 'principal', id: principal },
        });
        return { secret, expiresAt: onlyRow(rows, 'link', principal).expires_at };
      });
    },

    async redeemLink(secret, password) {
      const [link] = await linksLike(database, secret);
      if (link === undefined) throw linkIsVoid();
      const person = await personToBe(database, link.principal);
      checkPassword(password, person);
      const hash = await hasher.hash(password);
      return database.transaction(async (trx) => {
        // Once: of two at the same time, one finds it used.
        const used = await trx('sign_in_link')
          .where({ sha256: secretDigest(secret), used_at: null })
          .update({ used_at: trx.fn.now() });
        if (used === 0) throw linkIsVoid();
        await storePassword(trx, link.principal, hash);
        await endSessions(trx, link.principal, link.principal);
        return link.principal;
      });
    },

    async hasPassword(principal) {
      const row = await accountOf(database, principal);
      return typeof row?.password_hash === 'string';
    },

    async changePassword(principal, { current, next, source }, keepSession) {
      const tried = { account: principal, source };
      await claimTry(database, tried, deps.nowMs());
      const row = await accountOf(database, principal);
      if (!(await hasher.verify(row?.password_hash ?? undefined, current))) throw wrong();
      await forgiveTries(database, tried);
      checkPassword(next, await personToBe(database, principal));
      const hash = await hasher.hash(next);
      await database.transaction(async (trx) => {
        await storePassword(trx, principal, hash);
        await endSessions(trx, principal, principal, keepSession);
      });
    },
  };
}

async function signIn(
  { database, hasher, totp, nowMs }: LocalAccountDeps,
  { login, password, code, source }: Credentials,
): Promise<string> {
  const principal = await principalBy(database, login);
  const tried = { account: principal ?? login, source };
  const failures = await claimTry(database, tried, nowMs());
  const account = principal === undefined ? undefined : await accountOf(database, principal);
  const refuse = async (): Promise<never> => {
    if (account !== undefined && signInDelayMs(failures) > 0) {
      await noteTries(database, account.principal, failures);
    }
    throw wrong();
  };
  const isRight = await hasher.verify(account?.password_hash ?? undefined, password);
  if (!isRight || account === undefined) return refuse();
  if (account.totp_confirmed_at !== null) {
    if (code === undefined || code === '') {
      await takeTryBack(database, tried);
      throw new DomainError('forbidden', 'This account has a second factor.', {
        code: 'code-needed',
        remedy: 'Give the code that your authenticator shows, or a recovery code.',
      });
    }
    const right = await database.transaction((trx) => useCode(trx, totp, account.principal, code));
    if (!right) return refuse();
  }
  await forgiveTries(database, tried);
  return account.principal;
}

/** By id, or by an address that only one person has; the id goes first. */
async function principalBy(database: Knex, login: string): Promise<string | undefined> {
  const ids = await database('principal')
    .where({ id: login.trim() })
    .orWhereRaw('lower(email) = lower(?)', [login.trim()])
    .orderByRaw('id <> ?', [login.trim()])
    .limit(2)
    .pluck<string[]>('id');
  return ids.length === 1 || ids[0] === login.trim() ? ids[0] : undefined;
}

async function accountOf(trx: Knex, principal: string): Promise<AccountRow | undefined> {
  return trx('local_account as a')
    .join('principal as p', 'p.id', 'a.principal')
    .where({ principal, kind: 'person', disabled_at: null })
    .first<AccountRow | undefined>('a.*');
}

async function storePassword(trx: Knex, principal: string, hash: string): Promise<void> {
  await trx('local_account')
    .insert({ principal, password_hash: hash, password_set_at: trx.fn.now() })
    .onConflict('principal')
    .merge(['password_hash', 'password_set_at']);
  await appendToLedger(trx, {
    actor: principal,
    action: 'password.set',
    subject: { kind: 'principal', id: principal },
  });
}

/** @throws DomainError for whoever cannot sign in: services, CTC itself, the disabled. */
async function personToBe(trx: Knex, id: string): Promise<PrincipalRow> {
  const rows = await trx('principal').where({ id }).select<PrincipalRow[]>('*');
  const person = rows[0];
  if (person === undefined) throw missing('principal', id);
  if (person.kind === 'person' && person.disabled_at === null) return person;
  throw new DomainError('refused', `${id} cannot have a password.`, {
    code: 'cannot-sign-in',
    remedy:
      person.kind === 'person'
        ? `Enable them first: ctc principal enable ${id}.`
        : 'A service only ever uses its tokens: ctc token issue.',
  });
}

function linksLike(database: Knex, secret: string): Promise<{ principal: string }[]> {
  return database('sign_in_link')
    .where({ sha256: secretDigest(secret), used_at: null })
    .whereRaw('expires_at > now()')
    .select<{ principal: string }[]>('principal');
}

async function noteTries(database: Knex, principal: string, failures: number): Promise<void> {
  await database.transaction((trx) =>
    appendToLedger(trx, {
      actor: principal,
      action: 'login.refused',
      subject: { kind: 'principal', id: principal },
      details: { failures },
    }),
  );
}

function wrong(): DomainError {
  return new DomainError('forbidden', 'Name, password or code is wrong.', {
    code: 'wrong-credentials',
    remedy: 'An administrator can send you a link that sets a new password: ctc principal link.',
  });
}

function linkIsVoid(): DomainError {
  return new DomainError('forbidden', 'The link is unknown, used up or too old.', {
    code: 'link-void',
    remedy: 'Ask an administrator for another: ctc principal link.',
  });
}
