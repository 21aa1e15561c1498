import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inventoryColumns, type InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import type { BadLine } from '../../domain/inventory/ports.ts';
import { generateInventory } from '../../tools/inventory-generator.ts';
import { arePlain, copyLinesOf } from './inventory-plain-lines.ts';
import { readRows } from './inventory-rows.ts';

const fastKinds = ['items', 'services', 'customers', 'dependencies'] as const;
type FastKind = (typeof fastKinds)[number];

interface Read {
  /** Line number and the cells as COPY gets them, by the kind's columns. */
  readonly rows: readonly (readonly string[])[];
  readonly bad: readonly BadLine[];
  readonly plainCount: number;
}

async function read(kind: InventoryKind, chunks: readonly string[]): Promise<Read> {
  const rows: string[][] = [];
  const bad: BadLine[] = [];
  let plainCount = 0;
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  for await (const batch of readRows({ kind, format: 'csv', stream }, (line) => bad.push(line))) {
    if ('lines' in batch) {
      plainCount += batch.lines.length;
      for (const line of copyLinesOf(batch).split('\n').slice(0, -1)) rows.push(line.split('\t'));
      continue;
    }
    for (const { line, values } of batch) {
      rows.push([
        String(line),
        ...inventoryColumns(kind).map((column) => String(values[column] ?? '\\N')),
      ]);
    }
  }
  return { rows, bad: bad.sort((a, b) => a.line - b.line), plainCount };
}

const header = (kind: InventoryKind) => `${inventoryColumns(kind).join(',')}\n`;
/** Each line a batch of its own: whatever can go the fast way does. */
const fast = (kind: InventoryKind, lines: readonly string[]) =>
  read(kind, [header(kind), ...lines.map((line) => `${line}\n`)]);
/** One batch with a line in it that is not plain (and means nothing): all go the thorough way. */
const thorough = (kind: InventoryKind, lines: readonly string[]) =>
  read(kind, [header(kind), `${[...lines, ' '].join('\n')}\n`]);

const slugLike = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-c0-9]([a-c0-9._-]{0,4}[a-c0-9])?$/) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      'A',
      '-a',
      'a-',
      'a b',
      ' a',
      'a ',
      '"a"',
      'a"b',
      'é',
      'a\t',
      'a\u0000',
      'x'.repeat(100),
      'x'.repeat(101),
      '\\N',
      '\\.',
    ),
  },
);
const nameLike = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('Switch 1', 'Correo y más', 'a.b/c (d) & e', '漢字 😀') },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      ' ',
      ' a',
      'a ',
      '\u00a0a',
      'a\u00a0',
      'a\ufeff',
      'a\u2028b',
      'a\u0085b',
      'a\\tb',
      '\\N',
      '"quoted, name"',
      '"double ""inside"""',
      'in"side',
      '"open',
      'a\tb',
      'a\u0000b',
      'n'.repeat(200),
      'n'.repeat(201),
      '😀'.repeat(60),
      '=1+1',
    ),
  },
);
const needsLike = fc.constantFrom(
  ...['1', '2', '10', '999999999', '', '0', '01', '-1', '1.0', '1.5', '1e3', ' 2', '２', 'all'],
  ...['2147483647', '2147483648', '9'.repeat(30)],
);
const countryLike = fc.constantFrom('ES', 'FR', 'es', 'ESP', '', 'É S', ' ES', '"ES"');

const cells: Readonly<Record<FastKind, fc.Arbitrary<string[]>>> = {
  items: fc.tuple(slugLike, slugLike, nameLike, slugLike, slugLike),
  services: fc.tuple(slugLike, nameLike, slugLike, slugLike),
  customers: fc.tuple(slugLike, nameLike, countryLike, slugLike),
  dependencies: fc.tuple(slugLike, slugLike, needsLike, slugLike),
};

describe('plain lines', () => {
  it.each(fastKinds)('of %s are read as the thorough way reads them', async (kind) => {
    const line = fc.oneof(
      { weight: 20, arbitrary: cells[kind].map((row) => row.join(',')) },
      { weight: 1, arbitrary: cells[kind].map((row) => `${row.join(',')}\r`) },
      { weight: 1, arbitrary: cells[kind].map((row) => row.slice(1).join(',')) },
      { weight: 1, arbitrary: cells[kind].map((row) => [...row, 'more'].join(',')) },
      { weight: 1, arbitrary: fc.constantFrom('', ' ', ',', '"', ',,,', '\u2028') },
    );
    let [plainCount, badCount] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        // A line break inside a random name would make two lines of it in one of the two only.
        const whole = lines.map((text) => text.replaceAll('\n', ''));
        const [quick, slow] = [await fast(kind, whole), await thorough(kind, whole)];
        expect(slow.plainCount).toBe(0);
        expect(quick.rows).toEqual(slow.rows);
        expect(quick.bad).toEqual(slow.bad);
        plainCount += quick.plainCount;
        badCount += quick.bad.length;
      }),
      { numRuns: 300 },
    );
    // Otherwise it compared one way with itself.
    expect(plainCount).toBeGreaterThan(100);
    expect(badCount).toBeGreaterThan(100);
  });

  it.each(fastKinds)('of %s are read alike with the columns in another order', async (kind) => {
    const columns = inventoryColumns(kind);
    const order = columns.map((_, i) => (i + 1) % columns.length);
    const reordered = (row: readonly string[]) => order.map((i) => row[i]).join(',');
    // What is quoted or torn apart by a comma means something else in another place.
    const whole = cells[kind].filter((row) => row.every((cell) => !/[",\n\r]/.test(cell)));
    await fc.assert(
      fc.asyncProperty(fc.array(whole, { maxLength: 12 }), async (rows) => {
        // A line of blank cells is a line, and "," is not blank: only a single blank cell would be.
        const quick = await fast(
          kind,
          rows.map((row) => row.join(',')),
        );
        const other = await read(kind, [
          `${reordered(columns)}\n`,
          ...rows.map((row) => `${reordered(row)}\n`),
        ]);
        expect(other.plainCount).toBe(0);
        expect(quick.rows).toEqual(other.rows);
        const byColumn = (a: BadLine, b: BadLine) =>
          a.line - b.line || (a.column ?? '').localeCompare(b.column ?? '');
        expect([...quick.bad].sort(byColumn)).toEqual([...other.bad].sort(byColumn));
      }),
      { numRuns: 200 },
    );
  });

  it('do not depend on where the stream is cut', async () => {
    const text = `${header('services')}a,A,s,c\nb,B,s,c\n\nc,"C",s,c\nd,D,s,c`;
    for (let bytes = 1; bytes <= text.length; bytes += 1) {
      const chunks = Array.from({ length: Math.ceil(text.length / bytes) }, (_, i) =>
        text.slice(i * bytes, (i + 1) * bytes),
      );
      const { rows, bad } = await read('services', chunks);
      expect(bad).toEqual([]);
      expect(rows.map((row) => row.join(' '))).toEqual([
        '2 a A s c',
        '3 b B s c',
        '5 c C s c',
        '6 d D s c',
      ]);
    }
  });

  it('are what a large company has nearly only', () => {
    const inventory = generateInventory({ services: 2000, seed: 7 });
    for (const kind of fastKinds) {
      const rows = [...inventory[kind]()].map((row) => row.join(','));
      const plain = rows.filter((row) => arePlain(kind, [row]));
      expect({ kind, share: plain.length / rows.length > 0.9 }).toEqual({ kind, share: true });
    }
  });

  it('are no lines of small kinds, of removals, or with anything unread', () => {
    expect(arePlain('departments', ['web,Web'])).toBe(false);
    expect(arePlain('services', ['a,A,s,c', undefined])).toBe(false);
    expect(arePlain('dependencies', ['a,g,1,a'])).toBe(false);
    expect(arePlain('dependencies', ['a,g,1,ab'])).toBe(true);
  });
});
