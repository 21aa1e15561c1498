import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { DomainError } from '../../domain/errors.ts';

/** Asymmetric ones only: with others the public key would be the secret, and with none nobody signs. */
const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const clockSkewSeconds = 30;
const patienceMs = 5000;

export interface Expected {
  readonly audience: string;
  /** Of the header, where the kind of token must not be taken for another. */
  readonly type?: string;
  readonly claims: readonly string[];
}

/**
 * Keys of the provider. Another key is fetched when a token names one that is not known, at most every few
 * seconds; one that the provider no longer publishes is forgotten within the minute.
 */
export async function remoteKeys(jwksUri: string): Promise<JWTVerifyGetKey> {
  const { createRemoteJWKSet } = await import('jose');
  return createRemoteJWKSet(new URL(jwksUri), {
    ...{ timeoutDuration: patienceMs, cooldownDuration: 2000, cacheMaxAge: 60_000 },
  });
}

/**
 * The claims of a token that the issuer has signed with a key that it publishes. Where keys are comes from the
 * provider's own description, whatever the header says (`kid` only chooses among them; `jku` and `jwk` are not
 * looked at).
 * @throws DomainError `forbidden` that says why, `unavailable` when the keys cannot be fetched.
 */
export async function verifyToken(
  token: string,
  keys: JWTVerifyGetKey,
  issuer: string,
  { audience, type, claims }: Expected,
): Promise<JWTPayload> {
  const { errors, jwtVerify } = await import('jose');
  try {
    const { payload } = await jwtVerify(token, keys, {
      ...{ algorithms, issuer, audience, clockTolerance: clockSkewSeconds },
      requiredClaims: [...claims],
      ...(type === undefined ? {} : { typ: type }),
    });
    return payload;
  } catch (error) {
    const isTheirs =
      error instanceof errors.JOSEError &&
      !(error instanceof errors.JWKSTimeout) &&
      error.code !== 'ERR_JOSE_GENERIC';
    if (!isTheirs) throw providerAway(error);
    throw new DomainError('forbidden', `The token is not to be trusted: ${error.message}.`, {
      code: 'token-untrusted',
      cause: error,
      remedy: 'Sign in again.',
    });
  }
}

export function providerAway(cause: unknown): DomainError {
  return new DomainError('unavailable', 'The identity provider does not answer.', {
    code: 'identity-provider-away',
    cause,
    remedy: 'Sign in with a password or a token, or try again later.',
  });
}
