import type { Knex } from 'knex';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { heldGrant, isAllowed, isAllowedFor, type Actor } from '../../domain/access/actor.ts';
import { company, everywhere } from '../../domain/access/grants.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { createAccessRegister } from './access-register.ts';
import { createDatabase } from './database.ts';
import { createPrincipalRegister } from './principal-register.ts';
import { createRoleRegister } from './role-register.ts';

let test: TestDatabase;
let db: Knex;

beforeAll(async () => {
  test = await createTestDatabase();
  db = createDatabase({ url: test.url });
  await db('department').insert({ id: 'web', name: 'Web' });
});
afterAll(async () => {
  await db.destroy();
  await test.drop();
});
beforeEach(async () => {
  for (const id of ['root', 'rita']) await add(id, ['administrator']);
  await add('ana', ['requester']);
});
afterEach(() => db.raw(`truncate role_grant, access_token, custom_role; delete from principal`));

const principals = () => createPrincipalRegister(db);
const add = (id: string, roles: readonly string[]) =>
  principals().add({ id, name: id, email: `${id}@example.com`, roles }, 'test');
const administrator: Actor = {
  ...{ id: 'root', name: 'Root', limitedTo: null },
  grants: [heldGrant(everywhere('administrator'))],
};
const grantOf = async (id: string): Promise<string> =>
  (await principals().get(id)).grants[0]?.id ?? '';
const actorOf = async (id: string): Promise<Actor> => {
  const now = (): string => new Date().toISOString();
  const access = createAccessRegister({ database: db, tokenMaxDays: 1, now });
  const wish = { label: 'test', expiresAt: null, permissions: null };
  const { secret } = await access.issueToken(id, wish, { id, limitedTo: null });
  const actor = await access.authenticate(secret);
  if (actor === undefined) throw new Error(`${id} is refused`);
  return actor;
};

describe('the register of principals', () => {
  it('lets one administrator go, and never the last one, however they try', async () => {
    await principals().setDisabled('rita', true, 'root');
    const last = { code: 'last-administrator' };
    await expect(principals().setDisabled('root', true, 'root')).rejects.toMatchObject(last);
    await expect(principals().ungrant('root', await grantOf('root'), 'root')).rejects.toMatchObject(
      last,
    );
    expect((await principals().get('root')).disabledAt).toBeNull();
    // A limited one, and a service, are none.
    await principals().grant('ana', { ...everywhere('administrator'), departments: ['web'] }, 'x');
    await principals().add(
      { id: 'bot', name: 'Bot', email: 'b@x.org', kind: 'service', roles: ['administrator'] },
      'root',
    );
    await expect(principals().setDisabled('root', true, 'root')).rejects.toMatchObject(last);
  });

  it('keeps one of two administrators who disable each other at once', async () => {
    const tried = await Promise.allSettled([
      principals().setDisabled('rita', true, 'root'),
      principals().setDisabled('root', true, 'rita'),
    ]);
    expect(tried.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('judges the next call by what is held then, and writes down who gave and took', async () => {
    const grant = { ...everywhere('operator'), departments: ['web', 'web'] };
    const { id } = await principals().grant('ana', grant, 'root');
    const web = { ...company, departments: ['web'] };
    const before = await actorOf('ana');
    expect(isAllowedFor(before, 'change.decide', web)).toBe(true);
    expect(isAllowedFor(before, 'change.decide', company)).toBe(false);
    // The same limits are the same grant, in whatever order and however often they are named.
    await expect(
      principals().grant('ana', { ...grant, departments: ['web'] }, 'root'),
    ).rejects.toMatchObject({ code: 'already-granted' });
    await principals().ungrant('ana', id, 'rita');
    expect(isAllowed(await actorOf('ana'), 'change.decide')).toBe(false);
    const { rows } = await db.raw<{ rows: { action: string; actor: string }[] }>(
      `select leaf::jsonb ->> 'action' as action,
         leaf::jsonb ->> 'actor' as actor
       from ledger_entry where leaf like '%"role.%' order by sequence desc limit 2`,
    );
    expect(rows.reverse()).toEqual([
      { action: 'role.granted', actor: 'root' },
      { action: 'role.ungranted', actor: 'rita' },
    ]);
  });

  it('names what a grant says that is not known', async () => {
    const grant = { ...everywhere('pilot'), departments: ['web', 'moon'], solutions: ['x'] };
    await expect(principals().grant('ana', grant, 'root')).rejects.toMatchObject({
      complaints: [
        { field: 'role' },
        { field: 'departments', message: 'there is no department "moon"' },
        { field: 'solutions' },
      ],
    });
  });
});

describe('roles of the company', () => {
  const roles = () => createRoleRegister(db);
  const nightWatch = {
    ...{ id: 'night-watch', name: 'Night watch' },
    permissions: ['line.stop', 'change.read'] as const,
  };

  it('give their permissions to whoever holds them, until they are taken', async () => {
    await roles().create(nightWatch, administrator);
    await principals().grant('ana', { ...everywhere('night-watch'), departments: ['web'] }, 'root');
    const ana = await actorOf('ana');
    expect(isAllowedFor(ana, 'line.stop', { ...company, departments: ['web'] })).toBe(true);
    expect(isAllowedFor(ana, 'line.stop', company)).toBe(false);
    expect(await principals().holders('line.stop', { ...company, departments: ['web'] })).toContain(
      'ana',
    );
    await expect(roles().remove('night-watch', 'root')).rejects.toMatchObject({
      code: 'role-held',
    });
  });

  it('are not granted and deleted at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = `role-${round}`;
      await roles().create({ ...nightWatch, id }, administrator);
      const tried = await Promise.allSettled([
        principals().grant('ana', everywhere(id), 'root'),
        roles().remove(id, 'root'),
      ]);
      expect(tried.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }
  });

  it('cannot take a name that is taken, nor give away what their maker may not', async () => {
    await expect(
      roles().create({ ...nightWatch, id: 'operator' }, administrator),
    ).rejects.toMatchObject({ code: 'role-exists' });
    await roles().create(nightWatch, administrator);
    await expect(roles().create(nightWatch, administrator)).rejects.toMatchObject({
      code: 'role-exists',
    });
    const limited = { ...administrator, limitedTo: ['change.read' as const] };
    await expect(
      roles().create({ ...nightWatch, id: 'king', permissions: ['principal.manage'] }, limited),
    ).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(roles().remove('requester', 'root')).rejects.toMatchObject({
      code: 'no-such-role',
    });
  });
});
