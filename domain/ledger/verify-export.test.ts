import { mulberry, pick } from '../../test/support/random-edits.ts';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../adapters/canonical-hash.ts';
import { sha256 } from '../../cli/ledger-crypto.ts';
import {
  createTestKey,
  testOrigin,
  verifyLines,
  writeExport,
} from '../../test/support/ledger-export.ts';
import { toHex } from './bytes.ts';
import { noHash, type CheckpointNote, type LedgerEntry } from './entry.ts';
import { checkpointLine, entryLine, splitLine } from './export-lines.ts';
import { leafHash } from './tree.ts';

const key = createTestKey();
const size = 200;
const every = 40;
const lines = writeExport({ entries: size, checkpointEvery: every, key });
const keys = [key.publicKey];
/** Where the line of an entry is: after the header, and the checkpoints before it. */
const lineOf = (sequence: number): number => sequence + Math.floor((sequence - 1) / every);
const lineOfCheckpoint = (number: number): number => number * (every + 1);
const entryAt = (sequence: number): LedgerEntry =>
  splitLine(Buffer.from(lines[lineOf(sequence)]!))!.value as unknown as LedgerEntry;
const seal = (entry: LedgerEntry): string => {
  const leaf = canonicalJson(entry);
  return entryLine(leaf, toHex(leafHash(sha256, Buffer.from(leaf))));
};

describe('an exported log', () => {
  it('is found right as it was written, and says up to where and by whose word', () => {
    const report = verifyLines(lines, { keys });
    expect(report).toMatchObject({ origin: testOrigin, from: 1, to: size, checkpoints: 5 });
    expect(report).toMatchObject({ trust: 'given', keys: [key.id] });
    expect(report.failure).toBeUndefined();
    expect(verifyLines(lines)).toMatchObject({ trust: 'export' });
  });

  it(
    'is found wrong, at its first wrong entry, after each of 10,000 random edits',
    { timeout: 120_000 },
    () => {
      const random = mulberry(20260111);
      const upTo = (count: number): number => pick(random, count) + 1;
      const found: Record<string, number> = {};
      const edits: Record<
        string,
        () => { edited: (string | Uint8Array)[]; first: number; problems: string[] }
      > = {
        'a flipped bit in an entry': () => {
          const sequence = upTo(size);
          const bytes = Buffer.from(lines[lineOf(sequence)]!);
          const at = pick(random, bytes.length);
          bytes[at] = bytes[at]! ^ (1 << pick(random, 8));
          return {
            edited: lines.with(lineOf(sequence), bytes as never),
            first: sequence,
            problems: ['altered'],
          };
        },
        'a flipped bit in a checkpoint': () => {
          const number = upTo(size / every);
          const bytes = Buffer.from(lines[lineOfCheckpoint(number)]!);
          const at = pick(random, bytes.length);
          bytes[at] = bytes[at]! ^ (1 << pick(random, 8));
          return {
            edited: lines.with(lineOfCheckpoint(number), bytes as never),
            first: (number - 1) * every + 1,
            problems: ['altered', 'wrong-signature', 'unknown-key'],
          };
        },
        'another value, with its hash': () => {
          // The last has nothing after it that could bear witness but the checkpoint of all since the one before.
          const sequence = upTo(size - 1);
          const forged = { ...entryAt(sequence), actor: 'mallory' };
          return {
            edited: lines.with(lineOf(sequence), seal(forged)),
            first: sequence,
            problems: ['altered'],
          };
        },
        'a deleted entry': () => {
          const sequence = upTo(size);
          return {
            edited: lines.toSpliced(lineOf(sequence), 1),
            first: sequence,
            problems: ['removed'],
          };
        },
        'two entries in each other’s place': () => {
          const one = upTo(size - 1);
          const other = one + upTo(size - one);
          const edited = lines
            .with(lineOf(one), lines[lineOf(other)]!)
            .with(lineOf(other), lines[lineOf(one)]!);
          return { edited, first: one, problems: ['reordered'] };
        },
        'an entry moved to later': () => {
          const one = upTo(size - 1);
          const other = one + upTo(size - one);
          const edited = lines
            .toSpliced(lineOf(other) + 1, 0, lines[lineOf(one)]!)
            .toSpliced(lineOf(one), 1);
          return { edited, first: one, problems: ['reordered'] };
        },
        'a copy of an entry': () => {
          const copied = upTo(size);
          const place = upTo(size);
          const edited = lines.toSpliced(lineOf(place), 0, lines[lineOf(copied)]!);
          // Before itself it is the other of the two that is too much.
          return { edited, first: copied === place ? place + 1 : place, problems: ['inserted'] };
        },
        'a forged entry that follows on the one before': () => {
          const place = upTo(size - 1);
          const forged = { ...entryAt(place), actor: 'mallory' };
          const edited = lines.toSpliced(lineOf(place), 0, seal(forged));
          return { edited, first: place, problems: ['inserted'] };
        },
        'a forged entry that follows on nothing': () => {
          const place = upTo(size);
          const forged = {
            ...entryAt(place),
            actor: 'mallory',
            previousHash: noHash.replace('0', '1'),
          };
          const edited = lines.toSpliced(lineOf(place), 0, seal(forged));
          return { edited, first: place, problems: ['inserted'] };
        },
        'a tail that was cut off': () => {
          const kept = pick(random, lines.length - 1) + 1;
          const edited = lines.slice(0, kept);
          const entries = edited.filter((line) => line.startsWith('{"entry"')).length;
          // With only the last checkpoint gone, it is what it covered that nothing vouches for.
          const first = entries === size ? size - every + 1 : entries + 1;
          return { edited, first, problems: ['truncated'] };
        },
        'a checkpoint signed with another key': () => {
          const number = upTo(size / every);
          const other = createTestKey();
          const { value } = splitLine(Buffer.from(lines[lineOfCheckpoint(number)]!))!;
          const note = { ...value, keyId: random() < 0.5 ? other.id : key.id };
          const line = checkpointLine(canonicalJson(note), other.sign(canonicalJson(note)));
          return {
            edited: lines.with(lineOfCheckpoint(number), line),
            first: (number - 1) * every + 1,
            problems: ['unknown-key', 'wrong-signature'],
          };
        },
      };
      const kinds = Object.entries(edits);
      for (let at = 0; at < 10_000; at += 1) {
        const [name, edit] = kinds[at % kinds.length]!;
        const { edited, first, problems } = edit();
        const { failure } = verifyLines(edited, { keys });
        if (failure?.sequence !== first || !problems.includes(failure.problem)) {
          expect.fail(`${name} (first ${first}): ${JSON.stringify(failure)}`);
        }
        found[name] = (found[name] ?? 0) + 1;
      }
      expect(Object.keys(found)).toHaveLength(kinds.length);
    },
  );

  it('is found wrong when all of it was written anew and signed with another key', () => {
    const other = createTestKey();
    const forged = writeExport({
      entries: size,
      checkpointEvery: every,
      key: other,
      change: (entry) => (entry.sequence === 7 ? { ...entry, actor: 'mallory' } : entry),
    });
    expect(verifyLines(forged, { keys }).failure).toMatchObject({
      problem: 'unknown-key',
      sequence: 1,
    });
    // Believed about its own keys it is whole: that is why the report says whom it believed.
    expect(verifyLines(forged)).toMatchObject({ trust: 'export' });
  });

  it('is found wrong from the last checkpoint on when entries were rewritten with all that follow', () => {
    const rewritten = writeExport({
      entries: size,
      checkpointEvery: every,
      key,
      change: (entry) => (entry.sequence === 100 ? { ...entry, actor: 'mallory' } : entry),
    });
    const forged = lines.map((line, at) => (line.startsWith('{"entry"') ? rewritten[at]! : line));
    expect(verifyLines(forged, { keys }).failure).toMatchObject({
      problem: 'altered',
      sequence: 81,
      message: expect.stringMatching(/from 81 to 120/) as string,
    });
  });

  it('must contain what a checkpoint kept elsewhere says', () => {
    const note = splitLine(Buffer.from(lines[lineOfCheckpoint(2)]!))!
      .value as unknown as CheckpointNote;
    expect(verifyLines(lines, { keys, known: [note] }).failure).toBeUndefined();
    const shorter = writeExport({ entries: 60, checkpointEvery: every, key });
    expect(verifyLines(shorter, { keys }).failure).toBeUndefined();
    expect(verifyLines(shorter, { keys, known: [note] }).failure).toMatchObject({
      problem: 'truncated',
      sequence: 61,
    });
    const known = [{ ...note, rootHash: noHash }];
    expect(verifyLines(lines, { keys, known }).failure).toMatchObject({ problem: 'altered' });
  });

  it.each([[[]], [['']], [['{}']], [['{"format":"ctc-ledger/1"}']], [['[]', 'x']]])(
    'is refused where there is none: %j',
    (nothing: string[]) => {
      expect(verifyLines(nothing, { keys }).failure).toMatchObject({ problem: 'unreadable' });
    },
  );
});
