import Table from 'cli-table3';
import { colours } from './colours.ts';
import { stringify } from 'yaml';

export const outputFormats = ['table', 'json', 'jsonl', 'yaml', 'name'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
}

/** State as shape, word and colour; the word alone carries it where there is neither. */
export function showState(state: string): string {
  const mark = marks[state];
  return mark === undefined ? state : mark.colour(`${mark.shape} ${state}`);
}

const waiting = { shape: '◷', colour: colours.cyan };
const running = { shape: '◐', colour: colours.blue };
const failing = { shape: '✖', colour: colours.red };
const marks: Readonly<Record<string, { shape: string; colour: (text: string) => string }>> = {
  requested: { shape: '◌', colour: colours.dim },
  assessed: { shape: '◌', colour: colours.dim },
  'awaiting-approval': { shape: '☻', colour: colours.yellow },
  scheduled: waiting,
  simulating: running,
  deploying: running,
  verifying: running,
  implementing: { shape: '☻', colour: colours.yellow },
  deciding: { shape: '▲', colour: colours.yellow },
  're-simulating': { shape: '▲', colour: colours.yellow },
  redeploying: running,
  'rolling-back': { shape: '↩', colour: colours.magenta },
  paused: { shape: '▥', colour: colours.yellow },
  completed: { shape: '✔', colour: colours.green },
  'rolled-back': { shape: '↩', colour: colours.magenta },
  'rollback-incomplete': failing,
  'in-review': waiting,
  closed: { shape: '✔', colour: colours.dim },
  rejected: failing,
  cancelled: { shape: '✖', colour: colours.dim },
  expired: { shape: '✖', colour: colours.dim },
};

/** The phase of a measurement or metric, as states are shown. */
export function showPhase(phase: string): string {
  const mark = phaseMarks[phase];
  return mark === undefined ? phase : mark.colour(`${mark.shape} ${phase}`);
}

const phaseMarks: typeof marks = {
  Successful: { shape: '✔', colour: colours.green },
  Inconclusive: { shape: '?', colour: colours.yellow },
  Error: { shape: '▲', colour: colours.yellow },
  Failed: failing,
  Running: running,
};

/** Prints rows as a person or a program wants them. */
export function printRows<Row>(
  rows: readonly Row[],
  format: OutputFormat,
  columns: readonly Column<Row>[],
  name: (row: Row) => string,
): void {
  switch (format) {
    case 'json': {
      write(JSON.stringify(rows, null, 2));
      return;
    }
    case 'jsonl':
      for (const row of rows) write(JSON.stringify(row));
      return;
    case 'yaml': {
      write(stringify(rows).trimEnd());
      return;
    }
    case 'name':
      for (const row of rows) write(name(row));
      return;
    case 'table': {
      printTable(rows, columns);
      return;
    }
  }
}

/** Says to people that there is more than they see, and how to see it. */
export function tellMore(nextCursor: string | undefined, format: OutputFormat): void {
  if (nextCursor !== undefined && format === 'table') write(`more: --cursor ${nextCursor}`);
}

/** One thing: as a whole for programs, as `show` says for people. */
export function printOne<Row>(
  row: Row,
  format: OutputFormat,
  name: (row: Row) => string,
  show: (row: Row) => string,
): void {
  switch (format) {
    case 'json': {
      write(JSON.stringify(row, null, 2));
      return;
    }
    case 'jsonl': {
      write(JSON.stringify(row));
      return;
    }
    case 'yaml': {
      write(stringify(row).trimEnd());
      return;
    }
    case 'name': {
      write(name(row));
      return;
    }
    case 'table': {
      write(show(row));
      return;
    }
  }
}

function printTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
  const table = new Table({
    head: columns.map(({ title }) => colours.bold(title.toUpperCase())),
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
    chars: Object.fromEntries(
      [
        'top',
        'top-mid',
        'top-left',
        'top-right',
        'bottom',
        'bottom-mid',
        'bottom-left',
        'bottom-right',
        'left',
        'left-mid',
        'mid',
        'mid-mid',
        'right',
        'right-mid',
        'middle',
      ].map((part) => [part, '']),
    ),
  });
  for (const row of rows) table.push(columns.map(({ value }) => value(row)));
  write(
    table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n'),
  );
}

export function write(text: string): void {
  process.stdout.write(`${text}\n`);
}
