import { createHash } from 'node:crypto';
import type { HashBytes } from '../../domain/ledger/bytes.ts';

export const sha256: HashBytes = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
