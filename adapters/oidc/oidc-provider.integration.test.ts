import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOidcProvider } from './oidc-provider.ts';

let server: Server;
let issuer: string;
/** What the provider says of itself. */
let says: (issuer: string) => string;

beforeAll(async () => {
  server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        issuer: says(issuer),
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

const begin = () =>
  createOidcProvider({
    ...{ name: 'Example ID', issuer, clientId: 'ctc', clientSecret: 's', publicUrl: issuer },
    ...{ scopes: ['openid'], groupsClaim: 'groups', groups: [] },
  }).begin();

describe('a provider that describes itself', () => {
  it('as the issuer that was configured is asked, each time with secrets of its own', async () => {
    says = (own) => own;
    const [one, other] = [await begin(), await begin()];
    const asked = new URL(one.url).searchParams;
    expect(asked.get('code_challenge_method')).toBe('S256');
    expect(asked.get('code_challenge')).not.toBe(one.flow.verifier);
    for (const secret of ['state', 'nonce', 'verifier'] as const) {
      expect(one.flow[secret]).toMatch(/^[\w-]{43}$/);
      expect(one.flow[secret]).not.toBe(other.flow[secret]);
    }
  });

  it.each([
    ['another', () => 'https://evil.example'],
    ['almost the same', (own: string) => `${own}/x`],
  ])('as %s issuer is not asked at all', async (_what, name) => {
    says = name;
    await expect(begin()).rejects.toMatchObject({ code: 'identity-provider-away' });
  });
});
