import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessToken } from '../domain/access/ports.ts';
import { createTestApi, type TestApi } from '../test/support/api-app.ts';

let api: TestApi;
let root: string;

beforeAll(async () => {
  api = await createTestApi();
  const who = { name: 'Root', email: 'root@example.com', roles: ['administrator'] };
  await api.deps.principals.add({ id: 'root', ...who }, 'test');
  await api.deps.principals.add({ ...who, id: 'ana', roles: ['operator', 'auditor'] }, 'test');
  root = await issued('root');
});
afterAll(() => api.stop());

async function issued(id: string): Promise<string> {
  const wish = { label: 'test', expiresAt: null, permissions: null };
  return (await api.deps.access.issueToken(id, wish, { id, limitedTo: null })).secret;
}
const as = async (
  token: string,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  payload?: object,
) => {
  const response = await api.app.inject({
    ...{ method, url, headers: { authorization: `Bearer ${token}` } },
    ...(payload === undefined ? {} : { payload }),
  });
  const body = response.json<{
    type?: string;
    secret: string;
    token: AccessToken;
    rows: AccessToken[];
    permissions: string[];
    detail?: string;
  }>();
  return { status: response.statusCode, body };
};
const days = (count: number): string => new Date(Date.now() + count * 86_400_000).toISOString();

describe('a token of one’s own', () => {
  it('is issued, seen and revoked without any permission, and says when it was used', async () => {
    const ana = await issued('ana');
    const made = await as(ana, 'POST', '/me/tokens', { label: 'laptop', expiresAt: days(3) });
    expect(made.status).toBe(201);
    expect((await as(made.body.secret, 'GET', '/me')).status).toBe(200);
    const { rows } = (await as(ana, 'GET', '/me/tokens')).body;
    const row = rows.find(({ label }) => label === 'laptop');
    expect(row).toMatchObject({ principal: 'ana', issuedBy: 'ana', permissions: null });
    expect(row?.lastUsedAt).not.toBeNull();
    expect(JSON.stringify(rows)).not.toContain(made.body.secret);
    await as(ana, 'DELETE', `/me/tokens/${made.body.token.id}`);
    expect((await as(made.body.secret, 'GET', '/me')).status).toBe(401);
  });

  it('is not that of anybody else', async () => {
    const [ana, other] = [await issued('ana'), (await as(root, 'GET', '/me/tokens')).body.rows[0]];
    expect((await as(ana, 'DELETE', `/me/tokens/${other?.id ?? ''}`)).status).toBe(404);
    expect((await as(ana, 'DELETE', `/tokens/${other?.id ?? ''}`)).status).toBe(403);
    expect((await as(root, 'GET', '/me')).status).toBe(200);
  });

  it('that is limited may only that, and begets nothing that may more', async () => {
    const ana = await issued('ana');
    const limits = { permissions: ['change.read', 'log.prune'] };
    const { body } = await as(ana, 'POST', '/me/tokens', { label: 'reader', ...limits });
    const reader = body.secret;
    // Never more than its principal: an operator prunes nothing, whatever the token says.
    expect((await as(reader, 'GET', '/me')).body.permissions).toEqual(['change.read']);
    expect((await as(reader, 'GET', '/changes')).status).toBe(200);
    expect((await as(reader, 'POST', '/log/prunings', {})).status).toBe(403);
    const refused = await as(reader, 'GET', '/log');
    expect(refused.body).toMatchObject({ type: 'urn:ctc:problem:not-allowed' });
    expect(refused.body.detail).toContain('limited to change.read, log.prune');
    for (const wish of [{}, { permissions: ['change.read', 'log.read'] }]) {
      expect((await as(reader, 'POST', '/me/tokens', { label: 'more', ...wish })).status).toBe(403);
    }
    const less = { label: 'same', permissions: ['change.read'] };
    expect((await as(reader, 'POST', '/me/tokens', less)).status).toBe(201);
  });

  it('lives no longer than the company allows, and ends by itself', async () => {
    const ana = await issued('ana');
    for (const expiresAt of [days(366), days(-1)]) {
      const { status } = await as(ana, 'POST', '/me/tokens', { label: 'long', expiresAt });
      expect(status).toBe(422);
    }
    const { body } = await as(ana, 'POST', '/me/tokens', { label: 'default' });
    const lives = Date.parse(body.token.expiresAt ?? '') - Date.now();
    expect(Math.round(lives / 86_400_000)).toBe(365);
    await api
      .database('access_token')
      .where({ id: body.token.id })
      .update({ expires_at: days(-1) });
    expect((await as(body.secret, 'GET', '/me')).status).toBe(401);
  });
});

describe('somebody who leaves', () => {
  it('loses every token at once, and does not get them back with the account', async () => {
    const first = await issued('ana');
    await as(root, 'PUT', '/principals/ana/disabled', { disabled: true });
    expect((await as(first, 'GET', '/me')).status).toBe(401);
    const issue = { label: 'late', expiresAt: null, permissions: null };
    const late = await as(root, 'POST', '/principals/ana/tokens', issue);
    expect(late.body.type).toBe('urn:ctc:problem:principal-disabled');
    await as(root, 'PUT', '/principals/ana/disabled', { disabled: false });
    expect((await as(first, 'GET', '/me')).status).toBe(401);
    expect((await as(await issued('ana'), 'GET', '/me')).status).toBe(200);
  });

  it('gets no token that is issued while they are disabled', async () => {
    for (let round = 0; round < 10; round += 1) {
      await api.deps.principals.setDisabled('ana', false, 'root');
      const [token] = await Promise.allSettled([
        issued('ana'),
        api.deps.principals.setDisabled('ana', true, 'root'),
      ]);
      if (token.status === 'fulfilled') {
        expect(await api.deps.access.authenticate(token.value)).toBeUndefined();
      }
    }
    const left = await api.database('access_token').where({ principal: 'ana', revoked_at: null });
    expect(left).toEqual([]);
  });

  it('cannot have been CTC itself: nobody gets a token for it', async () => {
    await expect(issued('guardian')).rejects.toMatchObject({ code: 'system-principal' });
  });
});
