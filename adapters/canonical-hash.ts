import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { HashOf } from '../domain/hash.ts';

/** RFC 8785. @throws TypeError for what JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  const canonical = canonicalize(value);
  if (canonical === undefined) throw new TypeError('There is no canonical JSON of undefined.');
  return canonical;
}

/** SHA-256 over RFC 8785. @throws TypeError for what JSON cannot hold. */
export const canonicalHash: HashOf = (value) =>
  createHash('sha256').update(canonicalJson(value)).digest('hex');
