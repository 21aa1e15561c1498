import { createHash, createPublicKey, verify } from 'node:crypto';
import type { HashBytes } from '../domain/ledger/bytes.ts';
import type { SignaturePort } from '../domain/ledger/trusted-keys.ts';

/** What `ctc log verify` computes with: Node's own, without the server. */
export const sha256: HashBytes = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export const signatures: SignaturePort = {
  isSignedBy(publicKey, body, signature) {
    const bytes = Buffer.from(signature, 'base64');
    // One text for one signature: decoding overlooks bits at its end.
    if (bytes.toString('base64') !== signature) return false;
    try {
      const der = Buffer.from(publicKey, 'base64');
      const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
      return key.asymmetricKeyType === 'ed25519' && verify(null, body, key, bytes);
    } catch {
      return false;
    }
  },
  keyIdOf: (publicKey) =>
    createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex'),
};

/** A public key (PEM, or the private one it belongs to) as base64 DER. @throws Error for what is none. */
export function readPublicKey(pem: string): string {
  return createPublicKey(pem).export({ type: 'spki', format: 'der' }).toString('base64');
}
