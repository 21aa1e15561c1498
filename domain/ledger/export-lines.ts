import type { Checkpoint } from './entry.ts';
import type { LedgerKeyView } from './ports.ts';

/**
 * An exported log: a header, then entries in order, each checkpoint after the last entry that it covers. What is
 * hashed or signed stands in its line byte by byte: it is checked as it is, without being written anew.
 */
export interface ExportHeader {
  readonly format: typeof exportFormat;
  readonly origin: string;
  readonly keys: readonly LedgerKeyView[];
  /** The last one, up to which the export goes. */
  readonly checkpoint: Checkpoint;
  /** What stands for the entries that are no longer there; null where all are. */
  readonly pruned: PrunedPart | null;
}

export interface PrunedPart {
  /** So many entries are gone. */
  readonly size: number;
  /** The roots of the full subtrees that they made up, the largest first; hex. */
  readonly hashes: readonly string[];
  /** The one at the cut, signed while they were there. */
  readonly checkpoint: Checkpoint;
}

export const exportFormat = 'ctc-ledger/1';

export const entryLine = (leaf: string, hash: string): string =>
  `{"entry":${leaf},"hash":"${hash}"}`;
export const checkpointLine = (note: string, signature: string): string =>
  `{"checkpoint":${note},"signature":"${signature}"}`;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const bytesOf = (text: string): Uint8Array => encoder.encode(text);
const lineParts = {
  entry: { start: bytesOf('{"entry":'), middle: bytesOf(',"hash":"'), length: 64 },
  checkpoint: { start: bytesOf('{"checkpoint":'), middle: bytesOf(',"signature":"'), length: 88 },
} as const;
const end = bytesOf('"}');

export interface SplitLine {
  readonly kind: keyof typeof lineParts;
  /** What is hashed or signed. */
  readonly body: Uint8Array;
  /** Its hash (hex) or signature (base64). */
  readonly seal: string;
  /** The body as JSON. */
  readonly value: Readonly<Record<string, unknown>>;
}

/** Undefined for what is neither an entry nor a checkpoint. */
export function splitLine(line: Uint8Array): SplitLine | undefined {
  for (const kind of ['entry', 'checkpoint'] as const) {
    const { start, middle, length } = lineParts[kind];
    const sealAt = line.length - end.length - length;
    const bodyEnd = sealAt - middle.length;
    if (bodyEnd <= start.length || !hasAt(line, 0, start)) continue;
    if (!hasAt(line, bodyEnd, middle) || !hasAt(line, line.length - end.length, end)) continue;
    const body = line.subarray(start.length, bodyEnd);
    try {
      const value: unknown = JSON.parse(decoder.decode(body));
      if (typeof value !== 'object' || value === null) return undefined;
      const seal = decoder.decode(line.subarray(sealAt, sealAt + length));
      return { kind, body, seal, value: value as Record<string, unknown> };
    } catch {
      return undefined;
    }
  }
  return undefined;
}

/** What a damaged line was, by what is left of its beginning. */
export function wasCheckpointLine(line: Uint8Array): boolean {
  const alike = ({ start }: { readonly start: Uint8Array }): number =>
    start.filter((byte, at) => line[at] === byte).length;
  return alike(lineParts.checkpoint) > alike(lineParts.entry);
}

function hasAt(line: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let offset = 0; offset < part.length; offset += 1) {
    if (line[at + offset] !== part[offset]) return false;
  }
  return true;
}
