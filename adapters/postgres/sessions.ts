import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { isPermission } from '../../domain/access/roles.ts';
import type { Session, Sessions } from '../../domain/access/sign-in-ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { heldGrantsOf } from './grants.ts';
import { appendToLedger } from './ledger-append.ts';
import { missing, onlyRow } from './principal-rows.ts';
import { secretDigest } from './secret-digest.ts';

interface SessionRow {
  readonly id: string;
  readonly method: Session['method'];
  readonly agent: string;
  readonly started_at: string;
  readonly last_seen_at: string;
  readonly expires_at: string;
}

interface ActorRow extends SessionRow {
  readonly principal: string;
  readonly name: string;
  readonly permissions: string[] | null;
  readonly stale: boolean;
}

export interface SessionDeps {
  readonly database: Knex;
  readonly idleMinutes: number;
  readonly maxHours: number;
}

/** For how long those that have ended are kept. */
const keptDays = 30;

const isLive = `s.ended_at is null and s.expires_at > now()
  and s.last_seen_at > now() - make_interval(mins => :idleMinutes)`;

/** Browsers that are signed in. */
export function createSessions({ database, idleMinutes, maxHours }: SessionDeps): Sessions {
  return {
    start: ({ principal, method, agent, token, provider, replaces }) =>
      database.transaction(async (trx) => {
        await refuseUnlessPerson(trx, principal);
        if (replaces !== undefined) {
          await trx('session')
            .where({ sha256: secretDigest(replaces), ended_at: null })
            .update({ ended_at: trx.fn.now() });
        }
        const secret = randomBytes(32).toString('base64url');
        const rows = await trx('session')
          .insert({
            ...{ id: uuidv7(), principal, method, agent: agent.slice(0, 300) },
            sha256: secretDigest(secret),
            token:
              token === undefined
                ? null
                : trx('access_token')
                    .select('id')
                    .where({ sha256: secretDigest(token) }),
            issuer: provider?.issuer ?? null,
            subject: provider?.subject ?? null,
            provider_session: provider?.session ?? null,
            started_at: trx.fn.now(),
            last_seen_at: trx.fn.now(),
            expires_at: trx.raw('now() + make_interval(hours => ?)', [maxHours]),
          })
          .returning<SessionRow[]>('*');
        const session = onlyRow(rows.map(toSession), 'session', '');
        await appendToLedger(trx, {
          actor: principal,
          action: 'login',
          subject: { kind: 'principal', id: principal },
          details: { method, session: session.id },
        });
        return { secret, session };
      }),

    async authenticate(secret) {
      const { rows } = await database.raw<{ rows: ActorRow[] }>(
        `select s.*, p.name, t.permissions, s.last_seen_at < now() - interval '1 minute' as stale
         from session s join principal p on p.id = s.principal
         left join access_token t on t.id = s.token
         where s.sha256 = :digest and ${isLive} and p.disabled_at is null
           and (s.token is null or t.revoked_at is null and (t.expires_at is null or t.expires_at > now()))`,
        { digest: secretDigest(secret), idleMinutes },
      );
      const row = rows[0];
      if (row === undefined) return undefined;
      if (row.stale) {
        await database('session').where({ id: row.id }).update({ last_seen_at: database.fn.now() });
      }
      const { principal, name, permissions } = row;
      return {
        session: toSession(row),
        actor: {
          ...{ id: principal, name, grants: await heldGrantsOf(database, principal) },
          limitedTo: permissions?.filter(isPermission) ?? null,
        },
      };
    },

    async list(principal) {
      const { rows } = await database.raw<{ rows: SessionRow[] }>(
        `select s.* from session s where s.principal = :principal and ${isLive} order by s.id`,
        { principal, idleMinutes },
      );
      return rows.map(toSession);
    },

    end: (id, principal) =>
      database.transaction(async (trx) => {
        const ended = await trx('session')
          .where({ id, principal, ended_at: null })
          .update({ ended_at: trx.fn.now() });
        if (ended === 0) throw missing('session', id);
        await appendToLedger(trx, {
          actor: principal,
          action: 'logout',
          subject: { kind: 'principal', id: principal },
          details: { session: id },
        });
      }),

    endOthers: (principal, keep) =>
      database.transaction((trx) => endSessions(trx, principal, principal, keep)),
  };
}

/** Ends all sessions of somebody but one, in a transaction of the caller's. @returns how many. */
export async function endSessions(
  trx: Knex,
  principal: string,
  by: string,
  keep: string | null = null,
): Promise<number> {
  const query = trx('session').where({ principal, ended_at: null });
  if (keep !== null) void query.whereNot({ id: keep });
  const count = await query.update({ ended_at: trx.fn.now() });
  if (count > 0) {
    await appendToLedger(trx, {
      actor: by,
      action: 'sessions.ended',
      subject: { kind: 'principal', id: principal },
      details: { count },
    });
  }
  return count;
}

export async function purgeSessions(database: Knex): Promise<void> {
  await database('session')
    .whereRaw('expires_at < now() - make_interval(days => ?)', [keptDays])
    .delete();
}

/** Locked, so that whoever disables them at the same moment ends this session too. */
async function refuseUnlessPerson(trx: Knex, principal: string): Promise<void> {
  const rows = await trx('principal')
    .where({ id: principal })
    .forShare()
    .select<{ kind: string; disabled_at: string | null }[]>('kind', 'disabled_at');
  const { kind, disabled_at } = onlyRow(rows, 'principal', principal);
  if (kind === 'person' && disabled_at === null) return;
  throw new DomainError('forbidden', `${principal} cannot sign in.`, {
    code: 'cannot-sign-in',
    remedy:
      kind === 'person'
        ? 'The account is disabled: ask an administrator.'
        : 'A service only ever uses its tokens.',
  });
}

function toSession(row: SessionRow): Session {
  const { id, method, agent } = row;
  return {
    ...{ id, method, agent },
    startedAt: row.started_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
  };
}
