import { createHash } from 'node:crypto';

/** The only stored form of a secret that is random enough not to need more: a token, a session, a link. */
export function secretDigest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
