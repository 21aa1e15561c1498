import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import type { Grant } from '../../domain/access/grants.ts';
import type { OidcAccounts, OidcFlow, OidcIdentity } from '../../domain/access/oidc-ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { slugSchema } from '../../domain/names.ts';
import { heldGrantsOf } from './grants.ts';
import { appendToLedger } from './ledger-append.ts';
import type { GrantRow } from './principal-rows.ts';
import { secretDigest } from './secret-digest.ts';

/** Whoever takes longer begins again. */
const flowMinutes = 10;
/** Arrivals of one identity are one after the other. */
const arrivalLock = 7_205_932;

/** People who sign in at the identity provider, and what comes of their groups. */
export function createOidcAccounts(database: Knex): OidcAccounts {
  return {
    async keepFlow({ state, nonce, verifier }, browser) {
      await database('oidc_flow').insert({
        ...{ state, nonce, verifier, browser: secretDigest(browser) },
        created_at: database.fn.now(),
      });
    },

    async takeFlow(state, browser) {
      const [flow] = await database('oidc_flow')
        .where({ state, browser: secretDigest(browser) })
        .delete()
        .returning<(OidcFlow & { fresh: boolean })[]>([
          'state',
          'nonce',
          'verifier',
          database.raw(
            `created_at > now() - make_interval(mins => ${flowMinutes}) as fresh`,
          ) as never,
        ]);
      return flow?.fresh === true ? flow : undefined;
    },

    arrive: (identity, grants) =>
      database.transaction(async (trx) => {
        await trx.raw('select pg_advisory_xact_lock(?, hashtext(?))', [
          arrivalLock,
          `${identity.issuer} ${identity.subject}`,
        ]);
        const known = await principalOf(trx, identity);
        const principal = known ?? (await addPerson(trx, identity));
        const { name, email } = identity;
        await trx('principal').where({ id: principal }).update({ name, email });
        await replaceGroupGrants(trx, principal, grants);
        return principal;
      }),

    takeLogout: ({ issuer, id, subject, session }) =>
      database.transaction(async (trx) => {
        const taken = await trx('oidc_logout')
          .insert({ issuer, token_id: id, taken_at: trx.fn.now() })
          .onConflict(['issuer', 'token_id'])
          .ignore()
          .returning<{ token_id: string }[]>('token_id');
        if (taken.length === 0) {
          throw new DomainError('conflict', 'This logout token was taken before.', {
            code: 'logout-token-replayed',
          });
        }
        const ended = await trx('session')
          .where({ issuer, ended_at: null })
          .where(session === null ? { subject } : { provider_session: session })
          .where(subject === null ? {} : { subject })
          .update({ ended_at: trx.fn.now() })
          .returning<{ id: string; principal: string }[]>(['id', 'principal']);
        for (const { id: sessionId, principal } of ended) {
          await appendToLedger(trx, {
            actor: 'identity-provider',
            action: 'logout',
            subject: { kind: 'principal', id: principal },
            details: { session: sessionId },
          });
        }
        return ended.length;
      }),

    async actorOf(identity) {
      const id = await principalOf(database, identity);
      if (id === undefined) return undefined;
      const [person] = await database('principal')
        .where({ id, disabled_at: null })
        .select<{ name: string }[]>('name');
      if (person === undefined) return undefined;
      return {
        ...{ id, name: person.name, limitedTo: null },
        grants: await heldGrantsOf(database, id),
      };
    },
  };
}

export async function purgeOidcFlows(database: Knex): Promise<void> {
  await database('oidc_flow').whereRaw(`created_at < now() - interval '1 day'`).delete();
  // Logout tokens live for minutes; none is good after a month.
  await database('oidc_logout').whereRaw(`taken_at < now() - interval '30 days'`).delete();
}

async function principalOf(
  trx: Knex,
  { issuer, subject }: Pick<OidcIdentity, 'issuer' | 'subject'>,
): Promise<string | undefined> {
  const [row] = await trx('oidc_identity')
    .where({ issuer, subject })
    .select<{ principal: string }[]>('principal');
  return row?.principal;
}

/** Never somebody who is there already: a name or an address at the provider proves nothing here. */
async function addPerson(trx: Knex, identity: OidcIdentity): Promise<string> {
  const wanted = (identity.login ?? '').toLowerCase().split('@')[0] ?? '';
  const base = slugSchema.max(80).safeParse(wanted).success ? wanted : 'user';
  const insert = async (id: string): Promise<boolean> => {
    const { name, email } = identity;
    const added = await trx('principal')
      .insert({ id, name, email, kind: 'person', created_at: trx.fn.now() })
      .onConflict('id')
      .ignore()
      .returning<{ id: string }[]>('id');
    return added.length > 0;
  };
  let id = base;
  while (base === 'user' || !(await insert(id))) {
    id = `${base}-${randomBytes(4).toString('hex')}`;
    if (await insert(id)) break;
  }
  const { issuer, subject } = identity;
  await trx('oidc_identity').insert({
    ...{ issuer, subject, principal: id, created_at: trx.fn.now() },
  });
  await appendToLedger(trx, {
    actor: 'identity-provider',
    action: 'principal.added',
    subject: { kind: 'principal', id },
    details: { kind: 'person', issuer },
  });
  return id;
}

async function replaceGroupGrants(
  trx: Knex,
  principal: string,
  grants: readonly Grant[],
): Promise<void> {
  const held = await trx('role_grant')
    .where({ principal, source: 'groups' })
    .select<GrantRow[]>('*');
  const note = (action: string, { role, departments, datacentres, solutions }: Grant) =>
    appendToLedger(trx, {
      ...{ actor: 'identity-provider', action, subject: { kind: 'principal', id: principal } },
      details: { role, departments, datacentres, solutions },
    });
  for (const one of held.filter((row) => !grants.some((grant) => isSame(grant, row)))) {
    await trx('role_grant').where({ id: one.id }).delete();
    await note('role.ungranted', one);
  }
  for (const one of grants.filter((grant) => !held.some((row) => isSame(grant, row)))) {
    await trx('role_grant').insert({
      ...{ id: uuidv7(), principal, ...one, source: 'groups' },
      ...{ granted_by: 'identity-provider', granted_at: trx.fn.now() },
    });
    await note('role.granted', one);
  }
}

function isSame(one: Grant, other: Grant): boolean {
  const key = ({ role, departments, datacentres, solutions }: Grant): string =>
    JSON.stringify([role, departments, datacentres, solutions]);
  return key(one) === key(other);
}
