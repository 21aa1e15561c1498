import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from 'node:crypto';
import { canonicalJson } from '../../adapters/canonical-hash.ts';
import { sha256, signatures } from '../../cli/ledger-crypto.ts';
import { toHex } from '../../domain/ledger/bytes.ts';
import { noHash, type Checkpoint, type LedgerEntry } from '../../domain/ledger/entry.ts';
import { checkpointLine, entryLine, exportFormat } from '../../domain/ledger/export-lines.ts';
import { growTree, leafHash } from '../../domain/ledger/tree.ts';
import {
  verifyExport,
  type LedgerReport,
  type VerifyOptions,
} from '../../domain/ledger/verify-export.ts';

export interface TestKey {
  readonly id: string;
  /** Base64 DER. */
  readonly publicKey: string;
  readonly sign: (text: string) => string;
}

export function createTestKey(): TestKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  return toTestKey(privateKey);
}

function toTestKey(privateKey: KeyObject): TestKey {
  const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return {
    id: createHash('sha256').update(der).digest('hex'),
    publicKey: der.toString('base64'),
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64'),
  };
}

export const testOrigin = 'ctc/test';

/** The lines of an export as the database gives them, made by other code. `change` rewrites entries on the way. */
export function writeExport(options: {
  readonly entries: number;
  readonly checkpointEvery: number;
  readonly key: TestKey;
  readonly change?: (entry: LedgerEntry) => LedgerEntry;
}): string[] {
  const { entries, checkpointEvery, key, change = (entry: LedgerEntry) => entry } = options;
  const tree = growTree(sha256);
  const lines: string[] = [];
  let previousHash = noHash;
  let checkpoint: Checkpoint | undefined;
  for (let sequence = 1; sequence <= entries; sequence += 1) {
    const leaf = canonicalJson(
      change({
        sequence,
        at: new Date(Date.UTC(2026, 0, 1) + sequence * 1_000).toISOString(),
        actor: sequence % 3 === 0 ? 'ana' : 'böb',
        action: 'change.note',
        subject: { kind: 'change', id: `CHG-${sequence}` },
        details: { message: 'Zürich · „línea“', number: sequence / 7 },
        previousHash,
      }),
    );
    const hash = leafHash(sha256, Buffer.from(leaf));
    previousHash = toHex(hash);
    tree.append(hash);
    lines.push(entryLine(leaf, previousHash));
    if (sequence % checkpointEvery !== 0 && sequence !== entries) continue;
    const note = {
      at: '2026-01-02T00:00:00.000Z',
      keyId: key.id,
      origin: testOrigin,
      rootHash: toHex(tree.root()),
      treeSize: sequence,
    };
    checkpoint = { note, signature: key.sign(canonicalJson(note)) };
    lines.push(checkpointLine(canonicalJson(note), checkpoint.signature));
  }
  const keys = [
    { id: key.id, publicKey: key.publicKey, from: '2026-01-01T00:00:00.000Z', to: null },
  ];
  const header = { format: exportFormat, origin: testOrigin, keys, checkpoint, pruned: null };
  return [canonicalJson(header), ...lines];
}

/** What `ctc log verify` says of these lines. */
export function verifyLines(
  lines: readonly (string | Uint8Array)[],
  options: Partial<VerifyOptions> = {},
): LedgerReport {
  const verifier = verifyExport({ hash: sha256, signatures, keys: [], ...options });
  for (const line of lines) verifier.take(Buffer.from(line as string));
  return verifier.finish();
}
