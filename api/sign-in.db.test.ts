import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret, TOTP } from 'otpauth';
import { createTestApi, type TestApi } from '../test/support/api-app.ts';

let api: TestApi;
const password = 'four words that differ';

beforeAll(async () => {
  api = await createTestApi();
  for (const [id, roles] of Object.entries({ root: ['administrator'], ana: ['change-manager'] })) {
    const who = { id, name: id, email: `${id}@example.com`, roles };
    await api.deps.principals.add(who, 'test');
  }
});
afterAll(() => api.stop());
beforeEach(async () => {
  await api.database.raw('truncate session, sign_in_failure, sign_in_link');
  await api.database.raw('truncate local_account cascade');
  await withPassword('ana', password);
});

async function withPassword(id: string, value: string): Promise<void> {
  const { secret } = await api.deps.accounts.createLink(id, 'root');
  await api.deps.accounts.redeemLink(secret, value);
}
interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Record<string, never>;
  readonly cookie: string;
  readonly setCookie: string;
}
let caller = 0;
const call = async (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  {
    body,
    cookie,
    headers = {},
    from = `10.0.0.${(caller += 1)}`,
  }: { body?: object; cookie?: string; headers?: Record<string, string>; from?: string } = {},
): Promise<Answer> => {
  const response = await api.app.inject({
    ...{ method, url, remoteAddress: from },
    headers: { ...headers, ...(cookie === undefined ? {} : { cookie }) },
    ...(body === undefined ? {} : { payload: body }),
  });
  const setCookie = String(response.headers['set-cookie'] ?? '');
  const isJson = response.headers['content-type']?.toString().includes('json') === true;
  const answer = isJson ? response.json<Record<string, never>>() : {};
  return {
    status: response.statusCode,
    type: ((answer as { type?: string }).type ?? '').replace('urn:ctc:problem:', ''),
    body: answer,
    cookie: setCookie.split(';')[0] ?? '',
    setCookie,
  };
};
const signIn = (more: object = {}, options: { from?: string; cookie?: string } = {}) =>
  call('POST', '/login', { body: { login: 'ana', password, ...more }, ...options });
const csrfOf = async (cookie: string): Promise<string> => {
  const { body } = await call('GET', '/me', { cookie });
  return (body as unknown as { session: { csrfToken: string } }).session.csrfToken;
};
const codeOf = (secret: string, ago = 0): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({
    timestamp: Date.now() - ago * 30_000,
  });

describe('signing in with a password', () => {
  it('gives a cookie that scripts cannot read, by name or address', async () => {
    const { status, setCookie, cookie } = await signIn();
    expect(status).toBe(303);
    expect(setCookie).toMatch(/^ctc_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    expect((await call('GET', '/me', { cookie })).body['id']).toBe('ana');
    expect((await signIn({ login: 'ANA@example.com' })).status).toBe(303);
    const kept = await api.database('session').select('sha256');
    expect(JSON.stringify(kept)).not.toContain(cookie.split('=')[1]);
  });

  it('answers the same for a wrong password and for nobody', async () => {
    const wrong = await signIn({ password: 'not the right one' });
    const nobody = await signIn({ login: 'nobody at all' });
    expect(wrong.type).toBe('wrong-credentials');
    expect({ ...nobody.body, instance: '' }).toEqual({ ...wrong.body, instance: '' });
  });

  it('lets nobody in who is disabled, and no service', async () => {
    const bot = { name: 'Bot', email: 'bot@example.com', roles: [], kind: 'service' as const };
    await api.deps.principals.add({ id: 'bot', ...bot }, 'root');
    await expect(api.deps.accounts.createLink('bot', 'root')).rejects.toMatchObject({
      code: 'cannot-sign-in',
    });
    const wish = { label: 'bot', expiresAt: null, permissions: null };
    const { secret } = await api.deps.access.issueToken('bot', wish, {
      id: 'root',
      limitedTo: null,
    });
    expect((await call('POST', '/login', { body: { token: secret } })).type).toBe('cannot-sign-in');
    const { cookie } = await signIn();
    await api.deps.principals.setDisabled('ana', true, 'root');
    expect((await call('GET', '/me', { cookie })).status).toBe(401);
    expect((await signIn()).type).toBe('wrong-credentials');
    await api.deps.principals.setDisabled('ana', false, 'root');
    expect((await call('GET', '/me', { cookie })).status).toBe(401);
    expect((await signIn()).status).toBe(303);
  });

  it('makes whoever guesses wait longer and longer, and nobody else', async () => {
    const from = '192.0.2.1';
    for (let attempt = 0; attempt < 6; attempt += 1) {
      expect((await signIn({ password: 'guess' }, { from })).type).toBe('wrong-credentials');
    }
    // The right one does not help while it waits; from elsewhere ana is let in at once.
    expect((await signIn({}, { from })).type).toBe('too-many-tries');
    expect((await signIn({}, { from: '192.0.2.2' })).status).toBe(303);
    await api.database('sign_in_failure').update({ blocked_until: new Date(Date.now() - 1) });
    expect((await signIn({}, { from })).status).toBe(303);
    expect(await api.database('sign_in_failure').select()).toEqual([]);
  });

  it('counts each of many tries at once', async () => {
    const tries = await Promise.all(
      Array.from({ length: 15 }, () => signIn({ password: 'guess' }, { from: '192.0.2.3' })),
    );
    const looked = tries.filter(({ type }) => type === 'wrong-credentials');
    expect(looked).toHaveLength(6);
  });
});

describe('a session', () => {
  it('is replaced at the next sign-in, and ends where it is ended', async () => {
    const first = await signIn();
    const second = await signIn({}, { cookie: first.cookie });
    expect((await call('GET', '/me', { cookie: first.cookie })).status).toBe(401);
    const other = await signIn();
    const csrf = await csrfOf(second.cookie);
    const { body } = await call('GET', '/me/sessions', { cookie: second.cookie });
    const rows = (body as unknown as { rows: { current: boolean }[] }).rows;
    expect(rows.map(({ current }) => current).sort()).toEqual([false, true]);
    const headers = { 'x-csrf-token': csrf };
    await call('DELETE', '/me/sessions', { cookie: second.cookie, headers });
    expect((await call('GET', '/me', { cookie: other.cookie })).status).toBe(401);
    const out = await call('POST', '/logout', { cookie: second.cookie, headers });
    expect(out.status).toBe(204);
    expect(out.setCookie).toMatch(/Max-Age=0|Expires=Thu, 01 Jan 1970/);
    expect((await call('GET', '/me', { cookie: second.cookie })).status).toBe(401);
  });

  it('ends when nobody uses it, and in any case', async () => {
    const { cookie } = await signIn();
    const hours = (count: number) => new Date(Date.now() - count * 3_600_000);
    await api.database('session').update({ last_seen_at: hours(1.1) });
    expect((await call('GET', '/me', { cookie })).status).toBe(401);
    await api.database('session').update({ last_seen_at: new Date(), expires_at: hours(0) });
    expect((await call('GET', '/me', { cookie })).status).toBe(401);
  });

  it('changes nothing for another site: without its token, or from elsewhere', async () => {
    const { cookie } = await signIn();
    const csrf = await csrfOf(cookie);
    const other = await csrfOf((await signIn()).cookie);
    const body = { scope: { kind: 'all' }, reason: 'smoke in the machine room' };
    const key = { 'idempotency-key': 'a-key-of-ours' };
    const attacks: Record<string, string>[] = [
      {},
      { 'x-csrf-token': '' },
      { 'x-csrf-token': other },
      { 'x-csrf-token': csrf, 'sec-fetch-site': 'cross-site' },
      { 'x-csrf-token': csrf, 'sec-fetch-site': 'same-site' },
      { 'x-csrf-token': csrf, origin: 'https://evil.example' },
      { 'x-csrf-token': csrf, origin: 'null' },
    ];
    for (const headers of attacks) {
      const answer = await call('POST', '/line-stops', {
        ...{ cookie, body, headers: { ...key, ...headers } },
      });
      expect(answer.type, JSON.stringify(headers)).toBe('cross-site');
    }
    expect(await api.database('line_stop').select()).toEqual([]);
    const own = { ...key, 'x-csrf-token': csrf, 'sec-fetch-site': 'same-origin' };
    expect((await call('POST', '/line-stops', { cookie, body, headers: own })).status).toBe(201);
    const foreign = {
      headers: { 'sec-fetch-site': 'cross-site' },
      body: { login: 'ana', password },
    };
    expect((await call('POST', '/login', foreign)).type).toBe('cross-site');
  });

  it('by token may what the token may, and ends with it', async () => {
    const wish = { label: 'reader', expiresAt: null, permissions: ['change.read' as const] };
    const { secret, token } = await api.deps.access.issueToken('ana', wish, {
      ...{ id: 'ana', limitedTo: null },
    });
    const { cookie } = await call('POST', '/login', { body: { token: secret } });
    expect((await call('GET', '/changes', { cookie })).status).toBe(200);
    expect((await call('GET', '/contracts', { cookie })).type).toBe('not-allowed');
    const headers = { 'x-csrf-token': await csrfOf(cookie) };
    const next = { current: password, next: 'another four words' };
    expect((await call('PUT', '/me/password', { cookie, headers, body: next })).status).toBe(403);
    await api.deps.access.revokeToken(token.id, 'ana');
    expect((await call('GET', '/me', { cookie })).status).toBe(401);
  });
});

describe('a password', () => {
  it('is set by a link once, and by no link that was replaced or is too old', async () => {
    const old = await api.deps.accounts.createLink('root', 'root');
    const link = await api.deps.accounts.createLink('root', 'root');
    const use = (secret: string, value = password) =>
      call('POST', '/welcome', { body: { link: secret, password: value } });
    expect((await use(old.secret)).type).toBe('link-void');
    expect((await use(link.secret, 'short')).type).toBe('password-unfit');
    // Looking at it does not use it up, and of two at once one is used.
    await call('GET', `/welcome?link=${link.secret}`);
    const both = await Promise.all([use(link.secret), use(link.secret)]);
    expect(both.map(({ status }) => status).sort()).toEqual([303, 403]);
    expect((await signIn({ login: 'root' })).status).toBe(303);
    const late = await api.deps.accounts.createLink('root', 'root');
    await api.database('sign_in_link').update({ expires_at: new Date() });
    expect((await use(late.secret)).type).toBe('link-void');
  });

  it('is refused when it is short, common or the name of its owner', async () => {
    const { secret } = await api.deps.accounts.createLink('ana', 'root');
    for (const bad of [
      'eleven char',
      'x'.repeat(129),
      'Password1234',
      'abababababab',
      'ANA@example.com',
    ]) {
      const answer = await call('POST', '/welcome', { body: { link: secret, password: bad } });
      expect(answer.type, bad).toBe('password-unfit');
    }
  });

  it('is changed with the current one, which ends the other sessions', async () => {
    const [here, there] = [await signIn(), await signIn()];
    const headers = { 'x-csrf-token': await csrfOf(here.cookie) };
    const change = (current: string) =>
      call('PUT', '/me/password', {
        ...{ cookie: here.cookie, headers, body: { current, next: 'quite another one' } },
      });
    expect((await change('wrong')).type).toBe('wrong-credentials');
    expect((await change(password)).status).toBe(204);
    expect((await call('GET', '/me', { cookie: here.cookie })).status).toBe(200);
    expect((await call('GET', '/me', { cookie: there.cookie })).status).toBe(401);
    expect((await signIn()).type).toBe('wrong-credentials');
    expect((await signIn({ password: 'quite another one' })).status).toBe(303);
  });

  it('is nowhere in clear, and is kept as Argon2id with the parameters of OWASP', async () => {
    const [row] = await api.database('local_account').select<{ password_hash: string }[]>();
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const { rows } = await api.database.raw<{ rows: { leaf: string }[] }>(
      'select leaf from ledger_entry',
    );
    expect(JSON.stringify(rows)).not.toContain(password);
  });
});

describe('a second factor', () => {
  const add = async (): Promise<{ secret: string; recoveryCodes: string[] }> => {
    const { secret } = await api.deps.secondFactor.start('ana');
    // The step must not turn between making the code and looking at it.
    const leftMs = 30_000 - (Date.now() % 30_000);
    if (leftMs < 3_000) await delay(leftMs);
    // A step before, so that the code of this one is still good for signing in.
    const recoveryCodes = await api.deps.secondFactor.confirm('ana', codeOf(secret, 1));
    return { secret, recoveryCodes };
  };

  it('is asked for once it is confirmed, and each code is good once', async () => {
    await api.deps.secondFactor.start('ana');
    expect((await signIn()).status).toBe(303);
    const { secret } = await add();
    expect((await signIn()).type).toBe('code-needed');
    expect((await signIn({ code: '000000' })).type).toBe('wrong-credentials');
    const code = codeOf(secret);
    const twice = await Promise.all([signIn({ code }), signIn({ code })]);
    expect(twice.map(({ status }) => status).sort()).toEqual([303, 403]);
    expect((await signIn({ code: codeOf(secret, 1) })).type).toBe('wrong-credentials');
    // The code without the password is worth nothing.
    expect((await signIn({ password: 'guess', code: codeOf(secret, -1) })).status).toBe(403);
  });

  it('cannot be guessed by asking in between without one', async () => {
    await add();
    const from = '192.0.2.9';
    for (let attempt = 0; attempt < 6; attempt += 1) {
      await signIn({}, { from });
      await signIn({ code: '000000' }, { from });
    }
    expect((await signIn({}, { from })).type).toBe('too-many-tries');
  });

  it('is not gone around by a link that sets another password', async () => {
    await add();
    const { secret } = await api.deps.accounts.createLink('ana', 'root');
    const other = 'another long password';
    const welcomed = await call('POST', '/welcome', { body: { link: secret, password: other } });
    expect(welcomed).toMatchObject({ status: 303, setCookie: '' });
    expect((await signIn({ password: other })).type).toBe('code-needed');
  });

  it('is not removed by trying one code after the other in a session that is open', async () => {
    const { cookie } = await signIn();
    const { secret } = await add();
    const csrf = await csrfOf(cookie);
    const remove = (code: string) =>
      call('POST', '/me/second-factor/removal', {
        ...{ cookie, body: { code } },
        headers: { 'x-csrf-token': csrf, 'idempotency-key': randomUUID() },
      });
    const tries = await Promise.all(Array.from({ length: 8 }, (_, n) => remove(`00000${n}`)));
    expect(tries.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(3);
    expect((await remove(codeOf(secret))).status).toBe(429);
    expect((await api.deps.secondFactor.state('ana')).confirmed).toBe(true);
  });

  it('is replaced by recovery codes, each once, and reset by an administrator', async () => {
    const { recoveryCodes } = await add();
    const code = recoveryCodes[0] ?? '';
    expect((await signIn({ code })).status).toBe(303);
    expect((await signIn({ code })).type).toBe('wrong-credentials');
    expect(await api.deps.secondFactor.state('ana')).toEqual({
      ...{ confirmed: true, recoveryCodesLeft: 9 },
    });
    await api.deps.secondFactor.remove('ana', 'root');
    expect((await signIn()).status).toBe(303);
  });
});
