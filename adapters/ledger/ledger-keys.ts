import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
} from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../domain/errors.ts';

/** An Ed25519 key that signs checkpoints. */
export interface LedgerKey {
  /** SHA-256 of the public key's DER, hex: whoever has the key can compute its id. */
  readonly id: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
  /** Over the text's UTF-8 bytes. */
  readonly sign: (text: string) => Buffer;
}

const pemBlock = /-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g;

/**
 * The key in use, and after it those it has replaced, from a file of private keys (PEM).
 * @throws DomainError `invalid` that names the file.
 */
export async function readLedgerKeys(file: string): Promise<[LedgerKey, ...LedgerKey[]]> {
  const blocks = (await readFile(file, 'utf8')).match(pemBlock) ?? [];
  const [current, ...replaced] = blocks.map((pem) => toLedgerKey(pem, file));
  if (current === undefined) throw unusable(file);
  return [current, ...replaced];
}

/** The file below the data directory, with a new key in it when there is none; any number of processes may ask. */
export async function ensureLedgerKeyFile(dataDirectory: string): Promise<string> {
  const file = join(dataDirectory, 'ledger-key.pem');
  await mkdir(dataDirectory, { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  const { privateKey } = generateKeyPairSync('ed25519');
  await writeFile(draft, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  try {
    // Whole or not at all, and never in place of another.
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
  return file;
}

function toLedgerKey(pem: string, file: string): LedgerKey {
  let key;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw unusable(file, cause);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw unusable(file);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return {
    id: createHash('sha256').update(publicKey).digest('hex'),
    publicKey,
    sign: (text) => sign(null, Buffer.from(text), key),
  };
}

function unusable(file: string, cause?: unknown): DomainError {
  return new DomainError('invalid', `${file} holds no private Ed25519 key in PEM.`, {
    code: 'ledger-key-unusable',
    remedy: `Make one: openssl genpkey -algorithm ed25519 -out ${file}`,
    ...(cause === undefined ? {} : { cause }),
  });
}
