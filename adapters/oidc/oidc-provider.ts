import type { JWTVerifyGetKey } from 'jose';
import type { Configuration } from 'openid-client';
import type { OidcIdentity, OidcProvider } from '../../domain/access/oidc-ports.ts';
import { DomainError, isDomainError } from '../../domain/errors.ts';
import type { OidcSettings } from './oidc-settings.ts';
import { providerAway, remoteKeys, verifyToken } from './verify-token.ts';

const patienceSeconds = 5;
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

interface Discovered {
  readonly configuration: Configuration;
  readonly issuer: string;
  readonly keys: JWTVerifyGetKey;
}

/** An OpenID Connect provider: code flow with PKCE. Its libraries are loaded with the first sign-in. */
export function createOidcProvider(settings: OidcSettings): OidcProvider {
  const { name, clientId, publicUrl, scopes, groupsClaim, apiAudience } = settings;
  const callback = new URL('/login/oidc/callback', publicUrl).href;
  const discovered = onceItWorks(() => discover(settings));

  return {
    name,

    async begin() {
      const [client, { configuration }] = await Promise.all([
        import('openid-client'),
        discovered(),
      ]);
      const flow = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
      };
      const url = client.buildAuthorizationUrl(configuration, {
        ...{ redirect_uri: callback, scope: scopes.join(' ') },
        ...{ state: flow.state, nonce: flow.nonce },
        code_challenge: await client.calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, flow };
    },

    async complete(answer, flow) {
      const [client, { configuration, issuer, keys }] = await Promise.all([
        import('openid-client'),
        discovered(),
      ]);
      const tokens = await client
        .authorizationCodeGrant(configuration, new URL(answer, callback), {
          expectedState: flow.state,
          expectedNonce: flow.nonce,
          pkceCodeVerifier: flow.verifier,
          idTokenExpected: true,
        })
        .catch((error: unknown) => {
          throw refusedOrAway(error);
        });
      // The client trusts the connection that the token came by; its signature counts all the same.
      const claims = await verifyToken(tokens.id_token ?? '', keys, issuer, {
        audience: clientId,
        claims: ['sub', 'exp', 'iat', 'nonce'],
      });
      return toIdentity(issuer, claims, groupsClaim);
    },

    async readLogout(token) {
      const { issuer, keys } = await discovered();
      const claims = await verifyToken(token, keys, issuer, {
        ...{ audience: clientId, type: 'logout+jwt', claims: ['iat', 'jti', 'events', 'exp'] },
      }).catch((error: unknown) => {
        throw isDomainError(error) && error.kind === 'forbidden'
          ? notALogout(error.message)
          : error;
      });
      const { events, sub, sid, jti } = claims as Record<string, unknown>;
      if (typeof events !== 'object' || events === null || !(logoutEvent in events)) {
        throw notALogout('It is about another event.');
      }
      // An ID token has one, and must not pass for this.
      if ('nonce' in claims) throw notALogout('It has a nonce.');
      if (typeof sub !== 'string' && typeof sid !== 'string') throw notALogout('It names nobody.');
      return {
        ...{ issuer, id: String(jti) },
        subject: typeof sub === 'string' ? sub : null,
        session: typeof sid === 'string' ? sid : null,
      };
    },

    async readAccess(token) {
      if (apiAudience === undefined) return undefined;
      const { issuer, keys } = await discovered();
      try {
        const { sub = '' } = await verifyToken(token, keys, issuer, {
          ...{ audience: apiAudience, type: 'at+jwt', claims: ['sub', 'exp', 'iat'] },
        });
        return { issuer, subject: sub };
      } catch (error) {
        if (isDomainError(error) && error.kind === 'forbidden') return undefined;
        throw error;
      }
    },
  };
}

async function discover(settings: OidcSettings): Promise<Discovered> {
  const client = await import('openid-client');
  const { issuer, clientId, clientSecret } = settings;
  const isHere = issuer.startsWith('http:');
  try {
    const configuration = await client.discovery(
      new URL(issuer),
      clientId,
      undefined,
      client.ClientSecretBasic(clientSecret),
      {
        timeout: patienceSeconds,
        // The settings take http for this machine itself only.
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to make one look twice
        execute: isHere ? [client.allowInsecureRequests] : [],
      },
    );
    const metadata = configuration.serverMetadata();
    return {
      configuration,
      issuer: metadata.issuer,
      keys: await remoteKeys(metadata.jwks_uri ?? new URL('/jwks', issuer).href),
    };
  } catch (error) {
    throw providerAway(error);
  }
}

/** Remembers the first success, and no failure: a provider that was away is asked again. */
function onceItWorks<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** What the provider says no to is refused; what it does not answer at all is not its word. */
function refusedOrAway(error: unknown): unknown {
  const { code, name } = error as { code?: string; name?: string };
  const isAway =
    ['OAUTH_TIMEOUT', 'OAUTH_ABORT', 'OAUTH_RESPONSE_IS_NOT_CONFORM'].includes(code ?? '') ||
    (name === 'TypeError' && (error as Error).message === 'fetch failed');
  if (isAway) return providerAway(error);
  return new DomainError('forbidden', 'The answer of the identity provider cannot be trusted.', {
    code: 'sign-in-refused',
    cause: error,
    remedy: 'Sign in again from the beginning.',
  });
}

function toIdentity(
  issuer: string,
  claims: Readonly<Record<string, unknown>>,
  groupsClaim: string,
): OidcIdentity {
  const textOf = (claim: string): string | null =>
    typeof claims[claim] === 'string' && claims[claim] !== '' ? claims[claim] : null;
  const subject = textOf('sub') ?? '';
  const groups = claims[groupsClaim];
  const login = textOf('preferred_username');
  return {
    ...{ issuer, subject, login },
    name: (textOf('name') ?? login ?? subject).slice(0, 200),
    email: (textOf('email') ?? '').slice(0, 320),
    groups: Array.isArray(groups) ? groups.filter((one) => typeof one === 'string') : [],
    session: textOf('sid'),
  };
}

function notALogout(why: string): DomainError {
  return new DomainError('invalid', `This is no logout token: ${why}`, {
    code: 'logout-token-invalid',
  });
}
