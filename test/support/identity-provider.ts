import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import Provider from 'oidc-provider';

export interface Person {
  readonly name: string;
  readonly email: string;
  readonly preferred_username: string;
  readonly groups: readonly string[];
}

interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

export interface IdentityProvider {
  readonly issuer: string;
  /** By subject, which is what one signs in as there; any password will do. */
  readonly people: Map<string, Person>;
  readonly key: () => SigningKey;
  /** Changes what the token endpoint answers. */
  tamper(change: ((idToken: string) => Promise<string> | string) | undefined): void;
  /** The next answer does not get to CTC, as if somebody had caught it on its way. */
  catchAnswer(): Promise<string>;
  /** Signs as the provider would. */
  sign(claims: JWTPayload, header?: Readonly<Record<string, string>>): Promise<string>;
  /** From now on with another key; the old one is published no more. */
  rotate(): Promise<void>;
  /** Nobody answers, until it is brought back. */
  away(): Promise<void>;
  back(): Promise<void>;
  stop(): Promise<void>;
}

export const clientId = 'ctc';
export const clientSecret = 'a-secret-of-the-client-that-is-long-enough';

/** A real OpenID provider on this machine, whose keys the test has too. */
export async function startIdentityProvider(
  port: number,
  publicUrl: string,
): Promise<IdentityProvider> {
  // Another site than 127.0.0.1, where CTC answers.
  const issuer = `http://localhost:${port}`;
  const people = new Map<string, Person>();
  let change: ((idToken: string) => Promise<string> | string) | undefined;
  let caught: ((answer: string) => void) | undefined;
  let key = await newKey('first');
  let handle: (request: IncomingMessage, response: ServerResponse) => void;

  const configure = async (): Promise<void> => {
    const jwk = await exportJWK(key.privateKey);
    const provider = new Provider(issuer, {
      clients: [
        {
          ...{ client_id: clientId, client_secret: clientSecret },
          redirect_uris: [`${publicUrl}/login/oidc/callback`],
          backchannel_logout_uri: `${publicUrl}/logout/oidc`,
          backchannel_logout_session_required: true,
        },
      ],
      jwks: { keys: [{ ...jwk, kid: key.kid, alg: 'RS256', use: 'sig' }] },
      // All claims in the ID token, as most providers have it.
      conformIdTokenClaims: false,
      scopes: ['openid', 'profile', 'email', 'groups'],
      claims: {
        openid: ['sub', 'sid'],
        profile: ['name', 'preferred_username'],
        email: ['email'],
        groups: ['groups'],
      },
      findAccount: (_context, sub) => ({
        accountId: sub,
        claims: () => ({ sub, ...people.get(sub) }),
      }),
      features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true } },
      cookies: { keys: ['only for tests'] },
      // Its own dispatcher refuses addresses of this machine, where the test has everything.
      fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined } as never),
    });
    provider.use(async (context, next) => {
      await next();
      const answer = context.response.headers['location'];
      if (
        caught !== undefined &&
        typeof answer === 'string' &&
        answer.startsWith(`${publicUrl}/login/oidc/callback`)
      ) {
        caught(answer);
        caught = undefined;
        context.response.remove('location');
        context.status = 200;
        context.body = 'caught';
      }
      const body = context.body as { id_token?: string } | undefined;
      if (change !== undefined && context.path === '/token' && body?.id_token !== undefined) {
        context.body = { ...body, id_token: await change(body.id_token) };
      }
    });
    const callback = provider.callback();
    handle = (request, response) => void callback(request, response);
  };
  await configure();

  let server: Server;
  const back = async (): Promise<void> => {
    server = createServer((request, response) => handle(request, response));
    await new Promise<void>((resolve) => server.listen(port, resolve));
  };
  const away = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  await back();

  return {
    issuer,
    people,
    key: () => key,
    tamper: (to) => void (change = to),
    catchAnswer: () => new Promise((resolve) => (caught = resolve)),
    sign: (claims, header = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: key.kid, ...header })
        .sign(key.privateKey),
    async rotate() {
      key = await newKey('second');
      await configure();
    },
    away,
    back,
    stop: away,
  };
}

async function newKey(kid: string): Promise<SigningKey> {
  return { kid, ...(await generateKeyPair('RS256', { extractable: true })) };
}
