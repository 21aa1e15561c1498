import { parse as parseCsv } from 'csv-parse/sync';
import type * as z from 'zod';
import {
  inventoryColumns,
  inventoryRowSchemas,
  keyColumns,
  optionalColumns,
  removalSchemas,
  type InventoryKind,
} from '../../domain/inventory/inventory-kinds.ts';
import type { BadLine, InventoryPart } from '../../domain/inventory/ports.ts';
import { readLines } from './inventory-lines.ts';
import { arePlain, type PlainLines } from './inventory-plain-lines.ts';

export interface InventoryRow {
  readonly line: number;
  /** By column; checked. */
  readonly values: Readonly<Record<string, string | number | null>>;
}

type RawRow = Readonly<Record<string, unknown>>;
/** What a line holds; `undefined` for a blank line or one that was reported. */
type LineReader = (batch: readonly (string | undefined)[], first: number) => (RawRow | undefined)[];

/**
 * The good rows of one file, in batches; every other line is reported. Ends early (with the whole
 * stream read) when the header of a CSV file is wrong: each line would only repeat it.
 */
export async function* readRows(
  { kind, format, stream, removes = false }: InventoryPart,
  report: (bad: BadLine) => void,
): AsyncGenerator<InventoryRow[] | PlainLines> {
  const columns = removes ? keyColumns(kind) : inventoryColumns(kind);
  const schema: z.ZodType = removes ? removalSchemas[kind] : inventoryRowSchemas[kind];
  // Within a batch some faults are found before others: only the first of very many are kept.
  let found: BadLine[] = [];
  const complain = (line: number, message: string, column?: string) =>
    void found.push(
      column === undefined ? { kind, line, message } : { kind, line, column, message },
    );
  const reportFound = () => {
    if (found.length === 0) return;
    found.sort((a, b) => a.line - b.line).forEach(report);
    found = [];
  };

  let reader = format === 'csv' ? undefined : createNdjsonReader(complain);
  let headerIsBad = false;
  let mayBePlain = false;
  let isEmpty = true;
  const complainOfLine = (line: number, message: string) => {
    if (!headerIsBad) complain(line, message);
  };
  for await (const batch of readLines(stream, complainOfLine)) {
    let { first, lines } = batch;
    if (headerIsBad) continue;
    if (isEmpty) {
      const start = lines.findIndex((line) => !isBlank(line));
      if (start < 0) continue;
      isEmpty = false;
      if (reader === undefined) {
        const header = readHeader(kind, columns, lines[start], first + start, complain);
        if (header === undefined) {
          headerIsBad = true;
          // What is wrong with the lines below was found already, as they came with the header.
          found = found.filter(({ line }) => line <= first + start);
          continue;
        }
        reader = createCsvReader(header, complain);
        mayBePlain = !removes && header.join() === columns.join();
        first += start + 1;
        lines = lines.slice(start + 1);
      }
    }
    if (reader === undefined) continue;
    if (mayBePlain) {
      // The last batch of a file ends in an empty line.
      const plain = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
      if (arePlain(kind, plain)) {
        yield { first, lines: plain };
        continue;
      }
    }
    const rows: InventoryRow[] = [];
    reader(lines, first).forEach((raw, i) => {
      if (raw === undefined) return;
      const line = first + i;
      const checked = schema.safeParse(raw);
      if (checked.success) {
        rows.push({ line, values: checked.data as InventoryRow['values'] });
        return;
      }
      for (const { column, message } of describeIssues(kind, columns, checked.error.issues, raw)) {
        complain(line, message, column);
      }
    });
    reportFound();
    yield rows;
  }
  if (isEmpty) complain(1, 'the file is empty; leave it out of the import, or fill it');
  reportFound();
}

/** A line that could not be read is not blank: something stood there. */
const isBlank = (line: string | undefined): boolean => line?.trim() === '';

function createNdjsonReader(complain: (line: number, message: string) => void): LineReader {
  return (lines, first) =>
    lines.map((text, i) => {
      if (text === undefined || isBlank(text)) return undefined;
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch (error) {
        complain(first + i, `is not JSON: ${(error as Error).message}`);
        return undefined;
      }
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        complain(first + i, 'is not a JSON object; write one object {…} on each line');
        return undefined;
      }
      return value as RawRow;
    });
}

const csvOptions = { relax_column_count: true, trim: true, record_delimiter: '\n' };

/** No value of ours may hold a line break, so a line is a record and a stray quote costs one line. */
function createCsvReader(
  header: readonly string[],
  complain: (line: number, message: string) => void,
): LineReader {
  const toRow = (cells: readonly string[], line: number): RawRow | undefined => {
    if (cells.length !== header.length) {
      complain(
        line,
        `has ${cells.length} cells where the header has ${header.length} columns; ` +
          'put a value that contains a comma in double quotes',
      );
      return undefined;
    }
    return Object.fromEntries(header.map((column, i) => [column, cells[i]]));
  };
  return (lines, first) => {
    const rows: (RawRow | undefined)[] = new Array<undefined>(lines.length).fill(undefined);
    const filled = lines.flatMap((text, i) => (text === undefined || isBlank(text) ? [] : [i]));
    let records: string[][] | undefined;
    try {
      // All at once is many times faster than one by one.
      records = parseCsv(filled.map((i) => lines[i]).join('\n'), csvOptions);
    } catch {
      // Found below, where the line is known.
    }
    const together = records?.length === filled.length ? records : undefined;
    filled.forEach((i, position) => {
      let cells = together?.[position];
      if (cells === undefined) {
        try {
          cells = parseCsv(lines[i] ?? '', csvOptions)[0] ?? [];
        } catch {
          complain(
            first + i,
            'has a stray double quote; quote whole values, and double a quote inside one ("")',
          );
          return;
        }
      }
      rows[i] = toRow(cells, first + i);
    });
    return rows;
  };
}

function readHeader(
  kind: InventoryKind,
  known: readonly string[],
  text: string | undefined,
  line: number,
  complain: (line: number, message: string, column?: string) => void,
): string[] | undefined {
  if (text === undefined) return undefined; // reported already
  if (text.includes('\0')) {
    complain(line, 'is UTF-16 or no text; save the file as UTF-8 and import it again');
    return undefined;
  }
  const list = known.join(', ');
  let header: string[];
  try {
    header = parseCsv(text, csvOptions)[0] ?? [];
  } catch {
    complain(line, `is no header; the first line names the columns: ${list}`);
    return undefined;
  }
  const faults: [string, string][] = [];
  const mayLack = optionalColumns(kind);
  for (const column of known) {
    if (!header.includes(column) && !mayLack.has(column)) {
      faults.push([column, `column "${column}" is missing; the columns of ${kind} are ${list}`]);
    }
  }
  header.forEach((column, i) => {
    if (!known.includes(column)) {
      faults.push([column, `unknown column "${column}"; the columns of ${kind} are ${list}`]);
    } else if (header.indexOf(column) !== i) {
      faults.push([column, `column "${column}" stands in the header twice; leave one out`]);
    }
  });
  if (faults.length === 0) return header;
  if (header.length === 1 && /[;\t]/.test(text)) {
    complain(line, `separate the columns by commas; the columns of ${kind} are ${list}`);
  } else {
    for (const [column, message] of faults) complain(line, message, column.slice(0, 100));
  }
  return undefined;
}

/** One complaint for each column: the first thing that is wrong with it. */
function describeIssues(
  kind: InventoryKind,
  columns: readonly string[],
  issues: readonly z.core.$ZodIssue[],
  raw: RawRow,
): { column?: string; message: string }[] {
  const complaints = new Map<string, string>();
  const known = `the columns of ${kind} are ${columns.join(', ')}`;
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        complaints.set(key.slice(0, 100), `unknown column "${key.slice(0, 100)}"; ${known}`);
      }
      continue;
    }
    const column = String(issue.path[0] ?? '');
    if (complaints.has(column)) continue;
    const value = raw[column];
    if (value === undefined) complaints.set(column, `column "${column}" is missing; ${known}`);
    else if (value === '' || value === null) complaints.set(column, 'is empty; fill it in');
    else complaints.set(column, `${quote(value)}: ${issue.message}`);
  }
  return [...complaints].map(([column, message]) =>
    column === '' ? { message } : { column, message },
  );
}

function quote(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
