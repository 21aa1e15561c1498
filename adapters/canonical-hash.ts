import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { HashOf } from '../domain/hash.ts';

/** SHA-256 over RFC 8785. @throws TypeError for what JSON cannot hold. */
export const canonicalHash: HashOf = (value) => {
  const canonical = canonicalize(value);
  if (canonical === undefined) throw new TypeError('There is no canonical JSON of undefined.');
  return createHash('sha256').update(canonical).digest('hex');
};
