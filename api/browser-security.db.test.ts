import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { createTestApi, type TestApi } from '../test/support/api-app.ts';
import { buildApp } from './app.ts';

let api: TestApi;
let ana: string;
const password = 'four words that differ';

beforeAll(async () => {
  api = await createTestApi();
  const who = { name: 'Ana', email: 'ana@example.com', roles: ['requester'] };
  await api.deps.principals.add({ id: 'ana', ...who }, 'test');
  const { secret } = await api.deps.accounts.createLink('ana', 'test');
  await api.deps.accounts.redeemLink(secret, password);
  const wish = { label: 'test', expiresAt: null, permissions: null };
  ana = (await api.deps.access.issueToken('ana', wish, { id: 'ana', limitedTo: null })).secret;
});
afterAll(() => api.stop());

const get = (url: string, headers: Record<string, string> = {}) =>
  api.app.inject({ method: 'GET', url, headers });
const signedIn = () => ({ authorization: `Bearer ${ana}` });

describe('every answer', () => {
  it.each([
    ['that is open', '/livez', {}, 200],
    ['that is a page', '/login', {}, 200],
    ['to who is signed in', '/changes', signedIn, 200],
    ['to a stranger', '/changes', {}, 401],
    ['to who may not', '/principals', signedIn, 403],
    ['about what is not there', '/nothing', {}, 404],
    ['about what makes no sense', '/changes?limit=x', signedIn, 422],
  ])(
    'tells browsers to neither guess, frame, leak nor mix it: one %s',
    async (_what, url, headers, status) => {
      const given = typeof headers === 'function' ? headers() : headers;
      const answer = await get(url, { ...given, origin: 'https://evil.example' });
      expect(answer.statusCode).toBe(status);
      expect(answer.headers).toMatchObject({
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'same-origin',
        'content-type': expect.stringMatching(/^(application|text)\/[\w+-]+; charset=utf-8$/),
      });
      const policy = String(answer.headers['content-security-policy']).split(';');
      for (const directive of [
        "default-src 'self'",
        "script-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
      ]) {
        expect(policy).toContain(directive);
      }
      expect(Object.keys(answer.headers).join(' ')).not.toContain('access-control');
    },
  );
});

describe('our pages', () => {
  it('repeat what they were given as text', async () => {
    const link = `"><script>alert('x')</script>`;
    const { body, statusCode } = await get(`/welcome?link=${encodeURIComponent(link)}`);
    expect(statusCode).toBe(200);
    expect(body).not.toContain('<script');
    expect(body).toContain('value="&#34;&#62;&#60;script&#62;alert(&#39;x&#39;)');
  });

  it('ask for nothing but what proves who somebody is, in fields that password managers fill', async () => {
    const fieldsOf = (html: string): string[] =>
      [...html.matchAll(/<input [^>]*>/g)].map(([field]) => field);
    const [login, welcome] = [await get('/login'), await get('/welcome?link=x')];
    const fields = [...fieldsOf(login.body), ...fieldsOf(welcome.body)];
    const names = fields.map((field) => /name="(\w+)"/.exec(field)?.[1]);
    expect(names).toEqual(['login', 'password', 'code', 'token', 'link', 'password']);
    const secret = fields.filter((field) => /name="(password|token)"/.test(field));
    for (const field of secret) expect(field).toContain('type="password"');
    expect(login.body).toContain('autocomplete="current-password"');
    expect(welcome.body).toContain('autocomplete="new-password"');
    // Nothing of ours runs in them that could stand in the way of pasting.
    for (const { body } of [login, welcome]) expect(body).not.toMatch(/<script|\son\w+=/);
  });

  it('lead to no other host, whatever is asked for', async () => {
    const page = { accept: 'text/html' };
    const asked = await get('/changes', page);
    expect(asked.headers.location).toBe('/login?next=%2Fchanges');
    expect((await get('//evil.example/changes', page)).statusCode).toBe(404);
    const answer = await api.app.inject({
      ...{ method: 'POST', url: '/login?next=https%3A%2F%2Fevil.example' },
      payload: { login: 'ana', password },
    });
    expect({ status: answer.statusCode, location: answer.headers.location }).toEqual({
      ...{ status: 303, location: '/docs' },
    });
  });

  it('of the documentation are for who is signed in, list no directory and keep no token', async () => {
    for (const url of ['/docs', '/docs/json', '/docs/static/index.html', '/metrics']) {
      expect((await get(url)).statusCode, url).toBe(401);
    }
    expect((await get('/docs/json', signedIn())).statusCode).toBe(200);
    expect((await get('/docs/static/', signedIn())).body).not.toMatch(/swagger-ui-bundle.*css/s);
    expect((await get('/docs/static/../../package.json', signedIn())).statusCode).toBe(404);
    const { body } = await get('/docs/static/swagger-initializer.js', signedIn());
    expect(body).toContain('SwaggerUIBundle');
    expect(body).not.toMatch(/persistAuthorization["']?\s*:\s*true/);
    expect(body).toContain('validatorUrl: null');
  });
});

describe('behind a proxy that speaks TLS', () => {
  it('the session is for this host and for https only, as the trusted proxy alone can say', async () => {
    const options = { logger: pino({ level: 'silent' }), bodyLimitBytes: 1_000_000 };
    const app = await buildApp(api.deps, { ...options, trustedProxies: ['192.0.2.1'] });
    const cookieFrom = async (remoteAddress: string): Promise<string> => {
      const { headers } = await app.inject({
        ...{ method: 'POST', url: '/login', remoteAddress },
        headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '198.51.100.7' },
        payload: { login: 'ana', password },
      });
      return String(headers['set-cookie']);
    };
    try {
      expect(await cookieFrom('192.0.2.1')).toMatch(
        /^__Host-ctc_session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      );
      expect(await cookieFrom('192.0.2.9')).toMatch(/^ctc_session=/);
    } finally {
      await app.close();
    }
  });
});
