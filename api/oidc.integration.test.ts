import { createHmac, randomUUID } from 'node:crypto';
import { exportSPKI, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createOidcProvider } from '../adapters/oidc/oidc-provider.ts';
import { groupRuleSchema } from '../domain/access/group-rules.ts';
import { freePort } from '../platform/embedded/remembered-port.ts';
import { createTestApi, type TestApi } from '../test/support/api-app.ts';
import { launchBrowser } from '../test/support/browser.ts';
import {
  clientId,
  clientSecret,
  startIdentityProvider,
  type IdentityProvider,
} from '../test/support/identity-provider.ts';

const audience = 'https://ctc.example.com/api';
const rules = [
  { group: 'operations-madrid', role: 'operator', datacentres: ['mad'] },
  { group: 'web', role: 'requester', departments: ['web-platform'] },
].map((rule) => groupRuleSchema.parse(rule));

let idp: IdentityProvider;
let api: TestApi;
let url: string;
let browser: Browser;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  const [idpPort, apiPort] = [await freePort(), await freePort()];
  url = `http://127.0.0.1:${apiPort}`;
  idp = await startIdentityProvider(idpPort, url);
  api = await createTestApi({
    rules,
    provider: createOidcProvider({
      ...{ name: 'Example ID', issuer: idp.issuer, clientId, clientSecret, publicUrl: url },
      ...{ scopes: ['openid', 'profile', 'email', 'groups'], groupsClaim: 'groups' },
      ...{ groups: rules, apiAudience: audience },
    }),
  });
  await api.app.listen({ host: '127.0.0.1', port: apiPort });
  browser = await launchBrowser();
  person('s-ana', 'ana', ['operations-madrid', 'web']);
});
afterEach(async () => {
  idp.tamper(undefined);
  for (const context of contexts.splice(0)) await context.close();
});
afterAll(async () => {
  await browser.close();
  await api.stop();
  await idp.stop();
});

function person(subject: string, login: string, groups: readonly string[]): void {
  const who = { name: `The ${login}`, email: `${login}@example.com`, preferred_username: login };
  idp.people.set(subject, { ...who, groups });
}
const newPage = async (): Promise<Page> => {
  const context = await browser.newContext();
  contexts.push(context);
  return context.newPage();
};
/** As a person does it: from our page to the provider's, and back. */
const signIn = async (subject: string): Promise<Page> => {
  const page = await newPage();
  await enter(subject, page);
  await page.waitForURL((now) => now.href.startsWith(url));
  return page;
};
/** The answer of the provider, which does not get to us by itself. */
const caughtFor = async (subject: string, page: Page): Promise<string> => {
  const answer = idp.catchAnswer();
  await enter(subject, page);
  return answer;
};
const enter = async (subject: string, at: Page): Promise<void> => {
  await at.goto(`${url}/login`);
  await at.getByRole('link', { name: 'Sign in with Example ID' }).click();
  await at.locator('input[name=login]').fill(subject);
  await at.locator('input[name=password]').fill('any');
  await at.locator('button[type=submit]').click();
  // Consent is asked for once a person has signed in.
  await at.locator('button[type=submit]').click();
};
interface Me {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly { role: string; datacentres: string[] | null }[];
}
const me = async (page: Page): Promise<{ status: number; body: Me }> => {
  const response = await page.request.get(`${url}/me`);
  return { status: response.status(), body: (await response.json()) as Me };
};
const alertOn = (page: Page): Promise<string | null> => page.getByRole('alert').textContent();

describe('signing in at the identity provider', () => {
  it('makes the person at the first time, and reads the groups at each', async () => {
    const page = await signIn('s-ana');
    const { body } = await me(page);
    expect(body).toMatchObject({ id: 'ana', name: 'The ana' });
    expect(body.grants).toMatchObject([
      { role: 'operator', datacentres: ['mad'] },
      { role: 'requester', datacentres: null },
    ]);
    const cookies = await page.context().cookies(url);
    expect(cookies.find(({ name }) => name === 'ctc_session')).toMatchObject({
      ...{ httpOnly: true, sameSite: 'Lax' },
    });
    // A grant that a person gave stays; what came of groups goes with them.
    await api.deps.principals.grant(
      'ana',
      { role: 'auditor', departments: null, datacentres: null, solutions: null },
      'root',
    );
    person('s-ana', 'ana', ['web']);
    const again = await signIn('s-ana');
    expect((await me(again)).body.grants.map(({ role }) => role).sort()).toEqual([
      'auditor',
      'requester',
    ]);
    const { grants } = await api.deps.principals.get('ana');
    const ofGroups = grants.find(({ source }) => source === 'groups');
    await expect(
      api.deps.principals.ungrant('ana', ofGroups?.id ?? '', 'root'),
    ).rejects.toMatchObject({ code: 'granted-by-groups' });
  });

  it('is never taken for somebody who is here already', async () => {
    const root = { name: 'Root', email: 'root@example.com', roles: ['administrator'] };
    await api.deps.principals.add({ id: 'root', ...root }, 'test');
    person('s-evil', 'root', []);
    const { body } = await me(await signIn('s-evil'));
    expect(body.id).toMatch(/^root-[0-9a-f]{8}$/);
    expect(body.grants).toEqual([]);
  });

  it('lets nobody in who is disabled here', async () => {
    person('s-leo', 'leo', ['web']);
    const page = await signIn('s-leo');
    await api.deps.principals.setDisabled('leo', true, 'test');
    expect((await me(page)).status).toBe(401);
    expect(await alertOn(await signIn('s-leo'))).toContain('leo cannot sign in');
  });

  it('ends here when it ends there, and takes no word for it twice', async () => {
    person('s-eva', 'eva', ['web']);
    const page = await signIn('s-eva');
    const other = await signIn('s-eva');
    expect((await me(page)).status).toBe(200);
    await page.goto(`${idp.issuer}/session/end`);
    await page.locator('button[type=submit]').first().click();
    await expect.poll(async () => (await me(page)).status).toBe(401);
    // Another session at the provider goes on.
    expect((await me(other)).status).toBe(200);
    const claims = logoutClaims({ sub: 's-eva' });
    const token = await idp.sign(claims, { typ: 'logout+jwt' });
    expect(await logout(token)).toEqual({ status: 200, ended: 1 });
    expect((await me(other)).status).toBe(401);
    expect((await logout(token)).status).toBe(409);
  });
});

describe('an answer that is not the provider’s word', () => {
  it.each(['replayed', 'of another browser', 'with another state', 'with another issuer'])(
    'is refused: %s',
    async (what) => {
      person('s-tom', 'tom', []);
      const page = await newPage();
      const answer = await caughtFor('s-tom', page);
      const changed = new URL(answer);
      if (what === 'with another state') changed.searchParams.set('state', 'another');
      // What a mix-up of two providers looks like.
      if (what === 'with another issuer') changed.searchParams.set('iss', 'https://evil.example');
      if (what === 'replayed') {
        await page.goto(answer);
        expect((await me(page)).body.id).toBe('tom');
      }
      const victim = what === 'of another browser' ? await newPage() : page;
      const response = await victim.goto(changed.href);
      expect(response?.status()).toBe(403);
      expect(await alertOn(victim)).toMatch(/not begun here|cannot be trusted/);
      if (what !== 'replayed') expect((await me(victim)).status).toBe(401);
    },
  );

  const forged: Readonly<Record<string, (claims: JWTPayload) => Promise<string> | string>> = {
    'signed by nobody': (claims) => unsigned(claims),
    'signed with the public key as a secret': (claims) => confused(claims),
    'signed by another': (claims) => byStranger(claims, idp.key().kid),
    'signed by a key that it brings along': async (claims) => byStranger(claims, 'own', true),
    'whose kid is a path': (claims) => byStranger(claims, '../../dev/null'),
    'whose kid is a query': (claims) => byStranger(claims, "x' or '1'='1"),
    expired: (claims) => idp.sign({ ...claims, exp: seconds(-120), iat: seconds(-300) }),
    'for somebody else': (claims) => idp.sign({ ...claims, aud: 'another' }),
    'by another issuer': (claims) => idp.sign({ ...claims, iss: 'https://evil.example' }),
    'for another sign-in': (claims) => idp.sign({ ...claims, nonce: 'another' }),
    'that is none': () => 'none.of.it',
  };
  it.each(Object.keys(forged))('is refused: an ID token %s', async (what) => {
    person('s-mia', 'mia', ['web']);
    idp.tamper((token) => forged[what]?.(payloadOf(token)) ?? '');
    const page = await signIn('s-mia');
    expect(await alertOn(page)).toMatch(/not to be trusted|cannot be trusted/);
    expect((await me(page)).status).toBe(401);
    await expect(api.deps.principals.get('mia')).rejects.toMatchObject({ kind: 'not-found' });
  });
});

describe('an access token of the provider', () => {
  const claims = (more: JWTPayload = {}): JWTPayload => ({
    ...{ iss: idp.issuer, aud: audience, sub: 's-ana', iat: seconds(0), exp: seconds(300) },
    ...more,
  });
  const type = { typ: 'at+jwt' };
  const ask = async (token: string): Promise<number> =>
    (await fetch(`${url}/me`, { headers: { authorization: `Bearer ${token}` } })).status;

  it('made for this API is that of the person, and no other is taken', async () => {
    await signIn('s-ana');
    expect(await ask(await idp.sign(claims(), type))).toBe(200);
    const key = idp.key().kid;
    const attacks: Record<string, string> = {
      none: unsigned(claims(), 'at+jwt'),
      confusion: await confused(claims(), 'at+jwt'),
      stranger: await byStranger(claims(), key, false, 'at+jwt'),
      'own key': await byStranger(claims(), 'own', true, 'at+jwt'),
      path: await byStranger(claims(), '/dev/null', false, 'at+jwt'),
      expired: await idp.sign(claims({ exp: seconds(-120) }), type),
      'not yet': await idp.sign(claims({ nbf: seconds(300) }), type),
      'without end': await idp.sign({ ...claims(), exp: undefined } as never, type),
      'ID token': await idp.sign(claims({ aud: clientId }), { typ: 'JWT' }),
      'other kind': await idp.sign(claims(), { typ: 'JWT' }),
      audience: await idp.sign(claims({ aud: 'https://other.example' }), type),
      issuer: await idp.sign(claims({ iss: `${idp.issuer}/` }), type),
      nobody: await idp.sign(claims({ sub: 's-nobody' }), type),
      disabled: await idp.sign(claims({ sub: 's-leo' }), type),
      changed: (await idp.sign(claims(), type)).replace(
        /\.[\w-]+\./,
        `.${part(claims({ sub: 'x' }))}.`,
      ),
    };
    for (const [what, token] of Object.entries(attacks)) {
      expect(await ask(token), what).toBe(401);
    }
  });
});

describe('a logout token', () => {
  it('is refused when it is another kind of token, or not the provider’s', async () => {
    const claims = logoutClaims({ sub: 's-ana' });
    const typ = { typ: 'logout+jwt' };
    const attacks: Record<string, string> = {
      none: unsigned(claims, 'logout+jwt'),
      confusion: await confused(claims, 'logout+jwt'),
      stranger: await byStranger(claims, idp.key().kid, false, 'logout+jwt'),
      audience: await idp.sign({ ...claims, aud: 'another' }, typ),
      issuer: await idp.sign({ ...claims, iss: 'https://evil.example' }, typ),
      expired: await idp.sign({ ...claims, exp: seconds(-120) }, typ),
      'with nonce': await idp.sign({ ...claims, nonce: 'x' }, typ),
      'without event': await idp.sign({ ...claims, events: {} }, typ),
      'about nobody': await idp.sign(logoutClaims({}), typ),
      'ID token': await idp.sign(claims, { typ: 'JWT' }),
    };
    for (const [what, token] of Object.entries(attacks)) {
      expect((await logout(token)).status, what).toBe(422);
    }
  });
});

describe('the keys and the absence of the provider', () => {
  it('follow: a new key is taken, and the old one no longer', async () => {
    const claims = { iss: idp.issuer, aud: audience, sub: 's-ana' };
    const token = { ...claims, iat: seconds(0), exp: seconds(300) };
    const old = await idp.sign(token, { typ: 'at+jwt' });
    const ask = async (secret: string): Promise<number> =>
      (await fetch(`${url}/me`, { headers: { authorization: `Bearer ${secret}` } })).status;
    expect(await ask(old)).toBe(200);
    await idp.rotate();
    const fresh = await idp.sign(token, { typ: 'at+jwt' });
    await expect.poll(() => ask(fresh), { timeout: 15_000, interval: 500 }).toBe(200);
    expect(await ask(old)).toBe(401);
    expect((await me(await signIn('s-ana'))).body.id).toBe('ana');
  });

  it('leaves the other ways in: a clear page, and passwords', async () => {
    await signIn('s-ana');
    const { secret } = await api.deps.accounts.createLink('ana', 'root');
    await api.deps.accounts.redeemLink(secret, 'four words that differ');
    const page = await newPage();
    const answer = await caughtFor('s-ana', page);
    await idp.away();
    try {
      // Asked for the first time: what it is like is not known yet.
      const unknown = createOidcProvider({
        ...{ name: 'Example ID', issuer: idp.issuer, clientId, clientSecret, publicUrl: url },
        ...{ scopes: ['openid'], groupsClaim: 'groups', groups: [] },
      });
      await expect(unknown.begin()).rejects.toMatchObject({ code: 'identity-provider-away' });
      const response = await page.goto(answer);
      expect(response?.status()).toBe(503);
      expect(await alertOn(page)).toContain('The identity provider does not answer');
      await page.getByLabel('Name or e-mail').fill('ana');
      await page.getByLabel('Password').fill('four words that differ');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.waitForURL('**/docs*');
      expect((await me(page)).body.id).toBe('ana');
    } finally {
      await idp.back();
    }
  });
});

function seconds(fromNow: number): number {
  return Math.floor(Date.now() / 1000) + fromNow;
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function payloadOf(token: string): JWTPayload {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as JWTPayload;
}

function unsigned(claims: JWTPayload, typ = 'JWT'): string {
  return `${part({ alg: 'none', typ })}.${part(claims)}.`;
}

/** HS256 with what everybody can fetch. */
async function confused(claims: JWTPayload, typ = 'JWT'): Promise<string> {
  const { kid, publicKey } = idp.key();
  const signed = `${part({ alg: 'HS256', kid, typ })}.${part(claims)}`;
  const mac = createHmac('sha256', await exportSPKI(publicKey)).update(signed);
  return `${signed}.${mac.digest('base64url')}`;
}

async function byStranger(
  claims: JWTPayload,
  kid: string,
  bringsKey = false,
  typ = 'JWT',
): Promise<string> {
  const { exportJWK } = await import('jose');
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwk = bringsKey ? { jwk: await exportJWK(publicKey) } : {};
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid, typ, ...jwk })
    .sign(privateKey);
}

function logoutClaims(about: JWTPayload): JWTPayload {
  return {
    ...{ iss: idp.issuer, aud: clientId, iat: seconds(0), exp: seconds(120), jti: randomUUID() },
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    ...about,
  };
}

async function logout(token: string): Promise<{ status: number; ended?: number }> {
  const response = await fetch(`${url}/logout/oidc`, {
    method: 'POST',
    body: new URLSearchParams({ logout_token: token }),
  });
  const { ended } = (await response.json()) as { ended?: number };
  return { status: response.status, ...(ended === undefined ? {} : { ended }) };
}
