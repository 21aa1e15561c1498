import { ledgerActions, type KeyChange, type LedgerEntry } from './entry.ts';

/** Ed25519; keys (SubjectPublicKeyInfo, DER) and signatures are base64. */
export interface SignaturePort {
  /** False for a key or signature that is none, too. */
  readonly isSignedBy: (publicKey: string, body: Uint8Array, signature: string) => boolean;
  /** SHA-256 of the key's DER, hex. */
  readonly keyIdOf: (publicKey: string) => string;
}

export interface TrustedKeys {
  readonly ids: () => string[];
  check(keyId: unknown, body: Uint8Array, signature: string): 'right' | 'wrong' | 'unknown';
  /** A key in use may name its successor: from then on only that one counts. False for a change it did not sign. */
  follow(entry: LedgerEntry, origin: string): boolean;
}

export function trustKeys(port: SignaturePort, publicKeys: readonly string[]): TrustedKeys {
  const trusted = new Map(publicKeys.map((key) => [port.keyIdOf(key), key]));
  return {
    ids: () => [...trusted.keys()],
    check(keyId, body, signature) {
      const key = typeof keyId === 'string' ? trusted.get(keyId) : undefined;
      if (key === undefined) return 'unknown';
      return port.isSignedBy(key, body, signature) ? 'right' : 'wrong';
    },
    follow({ action, details }, origin) {
      if (action !== ledgerActions.keyChanged) return true;
      const { at, newKeyId, newPublicKey, oldKeyId, signature } = details as Partial<
        KeyChange & { signature: string }
      >;
      if (newPublicKey === undefined || newKeyId === undefined || oldKeyId === undefined)
        return false;
      // Only strings, with its members in order: this is its canonical JSON.
      const body = JSON.stringify({ at, newKeyId, newPublicKey, oldKeyId, origin });
      const verdict = this.check(oldKeyId, new TextEncoder().encode(body), signature ?? '');
      if (verdict !== 'right' || port.keyIdOf(newPublicKey) !== newKeyId) return false;
      trusted.delete(oldKeyId);
      trusted.set(newKeyId, newPublicKey);
      return true;
    },
  };
}
