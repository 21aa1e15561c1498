import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { BadLine } from '../../domain/inventory/ports.ts';
import {
  inventoryColumns,
  type InventoryFormat,
  type InventoryKind,
} from '../../domain/inventory/inventory-kinds.ts';
import type { PlainLines } from './inventory-plain-lines.ts';
import { longestLineBytes } from './inventory-lines.ts';
import { readRows, type InventoryRow } from './inventory-rows.ts';

/** Plain lines as the rows they stand for. */
const rowsOf = (kind: InventoryKind, { first, lines }: PlainLines): InventoryRow[] =>
  lines.map((line, i) => {
    const cells = line.split(',');
    const columns = inventoryColumns(kind);
    const values = Object.fromEntries(
      columns.map((name, c) => [name, name === 'needs' ? Number(cells[c]) : (cells[c] ?? '')]),
    );
    return { line: first + i, values };
  });

async function read(
  kind: InventoryKind,
  content: string | Uint8Array,
  { format = 'csv', chunkBytes = 7 }: { format?: InventoryFormat; chunkBytes?: number } = {},
) {
  const bytes = Buffer.from(content);
  const chunks: Uint8Array[] = [];
  for (let i = 0; i < bytes.length; i += chunkBytes) chunks.push(bytes.subarray(i, i + chunkBytes));
  const bad: BadLine[] = [];
  const rows: InventoryRow[] = [];
  const part = { kind, format, stream: Readable.from(chunks) };
  for await (const batch of readRows(part, (line) => bad.push(line))) {
    rows.push(...('lines' in batch ? rowsOf(kind, batch) : batch));
  }
  // Within a batch, what cannot be cut into cells is reported first; the importer sorts.
  return { rows, bad: bad.sort((a, b) => a.line - b.line) };
}

const mail = { line: 2, values: { id: 'mail', name: 'Correo, buzones y más' } };

describe('reading inventory rows', () => {
  it.each([1, 2, 7, 65_536])(
    'does not depend on where the stream is cut (chunks of %i bytes)',
    async (chunkBytes) => {
      const csv = '\uFEFFid,name\r\nmail,"Correo, buzones y más"\r\n\r\nnet,"The ""net"""';
      expect(await read('departments', csv, { chunkBytes })).toEqual({
        rows: [mail, { line: 4, values: { id: 'net', name: 'The "net"' } }],
        bad: [],
      });
    },
  );

  it('takes columns in any order and NDJSON with the same names', async () => {
    const csv = await read('departments', 'name,id\n"Correo, buzones y más",mail\n');
    const ndjson = await read('departments', '\n{"name":"Correo, buzones y más","id":"mail"}\n', {
      format: 'ndjson',
    });
    expect(csv).toEqual({ rows: [mail], bad: [] });
    expect(ndjson).toEqual({ rows: [mail], bad: [] });
  });

  it('says once which column is missing and which there are', async () => {
    const { rows, bad } = await read('solutions', 'id,name\na,A\nb,B\n');
    expect(rows).toEqual([]);
    expect(bad).toEqual([
      {
        kind: 'solutions',
        line: 1,
        column: 'department',
        message:
          'column "department" is missing; the columns of solutions are id, name, department',
      },
    ]);
  });

  it('names an unknown, a repeated and a misspelt column', async () => {
    const { bad } = await read('departments', 'id,id,nam\n');
    expect(bad.map(({ message }) => message)).toEqual([
      'column "name" is missing; the columns of departments are id, name',
      'column "id" stands in the header twice; leave one out',
      'unknown column "nam"; the columns of departments are id, name',
    ]);
  });

  it('says how to separate columns when a spreadsheet used semicolons', async () => {
    const { bad } = await read('departments', 'id;name\na;A\n');
    expect(bad).toEqual([
      {
        kind: 'departments',
        line: 1,
        message: 'separate the columns by commas; the columns of departments are id, name',
      },
    ]);
  });

  it.each(['', '\n\n', '\uFEFF'])(
    'refuses an empty file (%j) of either format',
    async (content) => {
      for (const format of ['csv', 'ndjson'] as const) {
        const { bad } = await read('items', content, { format });
        expect(bad).toEqual([
          {
            kind: 'items',
            line: 1,
            message: 'the file is empty; leave it out of the import, or fill it',
          },
        ]);
      }
    },
  );

  it('accepts a file with a header and no rows', async () => {
    expect(await read('departments', 'id,name\n')).toEqual({ rows: [], bad: [] });
  });

  it.each([3, 65_536])(
    'reports broken UTF-8 by line and keeps the others (chunks of %i bytes)',
    async (chunkBytes) => {
      const csv = Buffer.concat([
        Buffer.from('id,name\na,A\nb,Espa'),
        Buffer.from('ñ', 'latin1'),
        Buffer.from('a\nc,C\n'),
      ]);
      const { rows, bad } = await read('departments', csv, { chunkBytes });
      expect(rows.map(({ line }) => line)).toEqual([2, 4]);
      expect(bad).toEqual([
        {
          kind: 'departments',
          line: 3,
          message: 'is not valid UTF-8; save the file as UTF-8 and import it again',
        },
      ]);
    },
  );

  it('keeps a stray quote, a missing cell and a bad value to their own lines', async () => {
    const csv = 'id,name\na,"A\nb\nC C,C\nd,\ne,E "x\nf,F\n';
    const { rows, bad } = await read('departments', csv, { chunkBytes: 4096 });
    expect(rows).toEqual([{ line: 7, values: { id: 'f', name: 'F' } }]);
    expect(bad.map(({ line, column, message }) => `${line} ${column ?? '-'}: ${message}`)).toEqual([
      '2 -: has a stray double quote; quote whole values, and double a quote inside one ("")',
      '3 -: has 1 cells where the header has 2 columns; put a value that contains a comma in double quotes',
      expect.stringMatching(/^4 id: "C C": use lower-case letters/),
      '5 name: is empty; fill it in',
      '6 -: has a stray double quote; quote whole values, and double a quote inside one ("")',
    ]);
  });

  it.each([1000, 65_536, 1_000_000])(
    'reports a line without end and goes on after it (chunks of %i bytes)',
    async (chunkBytes) => {
      const csv = `id,name\na,${'x'.repeat(longestLineBytes * 3)}\nb,B\n`;
      const { rows, bad } = await read('departments', csv, { chunkBytes });
      expect(rows.map(({ line }) => line)).toEqual([3]);
      expect(bad).toEqual([
        {
          kind: 'departments',
          line: 2,
          message: 'is longer than 64 KiB; end each record with a line break',
        },
      ]);
    },
  );

  it('says what is wrong with each line of NDJSON', async () => {
    const lines = [
      '{"id":"a"',
      '["a"]',
      '{"id":"a"}',
      '{"id":"a","name":"A","extra":1}',
      '{"id":7,"name":"\\u0000"}',
      '{"id":"a","name":"\\ud800"}',
      '{"id":"ok","name":"Fine"}',
    ];
    const { rows, bad } = await read('departments', lines.join('\n'), { format: 'ndjson' });
    expect(rows).toEqual([{ line: 7, values: { id: 'ok', name: 'Fine' } }]);
    expect(bad.map(({ line, column }) => [line, column])).toEqual([
      [1, undefined],
      [2, undefined],
      [3, 'name'],
      [4, 'extra'],
      [5, 'id'],
      [5, 'name'],
      [6, 'name'],
    ]);
    expect(bad[0]!.message).toMatch(/^is not JSON: /);
    expect(bad[3]!.message).toBe('unknown column "extra"; the columns of departments are id, name');
  });

  it('reads numbers from text and refuses what is none, or out of range', async () => {
    const header = 'id,datacentre,cores,memory_mb,storage_gb,monthly_price,currency,available\n';
    const { rows, bad } = await read(
      'offers',
      `${header}a,mad,2.5,4096,100,12.3456,EUR,5\nb,mad,"2,5",4096.5,-1,0x10,euro,3000000000\n`,
      { chunkBytes: 4096 },
    );
    expect(rows[0]?.values).toEqual({
      id: 'a',
      datacentre: 'mad',
      cores: 2.5,
      memory_mb: 4096,
      storage_gb: 100,
      monthly_price: 12.3456,
      currency: 'EUR',
      available: 5,
    });
    expect(bad.map(({ column, message }) => `${column}: ${message}`)).toEqual([
      'cores: "2,5": use a number with a point before decimals, such as 12.5',
      'memory_mb: "4096.5": use a whole number',
      'storage_gb: "-1": use 0 or more',
      'monthly_price: "0x10": use a number with a point before decimals, such as 12.5',
      expect.stringMatching(/^currency: "euro": use the three-letter currency code/),
      'available: "3000000000": use at most 2147483647',
    ]);
  });

  it('refuses a fixed offset or an unknown name as time zone', async () => {
    const header = 'id,name,country,time_zone,driver,availability_percent,user_latency_ms\n';
    const rows = ['Europe/Madrid', '+01:00', 'Europe/Toledo'].map(
      (zone, i) => `d${i},D,ES,${zone},local,99.5,10`,
    );
    const { bad } = await read('datacentres', header + rows.join('\n'));
    expect(bad.map(({ line, column }) => [line, column])).toEqual([
      [3, 'time_zone'],
      [4, 'time_zone'],
    ]);
  });

  it('takes an absent or empty needs as every member, and refuses a self-dependency', async () => {
    const csv = await read('dependencies', 'dependent,group,needs,member\na,g,,b\na,g,2,a\n');
    expect(csv.rows[0]?.values).toEqual({ dependent: 'a', group: 'g', needs: null, member: 'b' });
    expect(csv.bad).toEqual([
      {
        kind: 'dependencies',
        line: 3,
        column: 'member',
        message: '"a": depends on itself; name what it really needs, or leave the line out',
      },
    ]);
    const ndjson = await read(
      'dependencies',
      '{"dependent":"a","group":"g","member":"b"}\n{"dependent":"a","group":"g","needs":0,"member":"b"}',
      { format: 'ndjson' },
    );
    expect(ndjson.rows[0]?.values).toEqual(csv.rows[0]?.values);
    expect(ndjson.bad).toHaveLength(1);
  });
});
