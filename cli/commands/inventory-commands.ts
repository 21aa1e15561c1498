import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { inventoryKinds } from '../../domain/inventory/inventory-kinds.ts';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf, type CliContext } from '../context.ts';
import { CliError, exitCodes, toCliError, type ProblemBody } from '../errors.ts';
import { describeReport, watchImport, type ImportReport } from '../import-report.ts';
import { printOne, printRows } from '../output.ts';
import { addInventoryExport } from './inventory-export-commands.ts';
import { addInventoryHistory } from './inventory-history-commands.ts';
import { addNetboxCommands } from './netbox-commands.ts';

/** `ctc inventory …` and `ctc alerts`. */
export function addInventoryCommands(program: Command): void {
  const inventory = program.command('inventory').description('what the company runs');
  inventory
    .command('import <paths...>')
    .description(
      'import files named after their kind (services.csv, items.ndjson, offers.json), or a directory of them; all or nothing. ' +
        'Rows that are to go stand in remove-<kind>.csv, with the key columns only',
    )
    .option('--dry-run', 'only say what would happen')
    .option('--source <name>', 'whose truth the rows are', 'manual')
    .option('--keep-foreign', 'leave rows of other sources that differ as they are')
    .option('--complete', 'the files are all that the source has of their kinds: remove the rest')
    .option('--confirm-removals <n>', 'how many rows may be removed, when asked to confirm')
    .action(async (paths: string[], options: ImportFlags, command: Command) => {
      const context = contextOf(command);
      const report = await importInventory(context, paths, options);
      printOne(report, context.output, () => String(report.version ?? ''), describeReport);
      if (report.badLineCount > 0) {
        throw new CliError(
          'Nothing was imported: mend the lines above and import again.',
          exitCodes.usage,
        );
      }
    });
  inventory
    .command('list <kind>')
    .description(`list one kind: ${inventoryKinds.join(', ')}`)
    .option('--text <text>', 'part of an id or a name')
    .option('--limit <n>', 'at most so many, up to 200', '50')
    .action(async (kind: string, options: { text?: string; limit: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.GET('/inventory/{kind}', {
          params: {
            path: { kind: kind as never },
            query: {
              limit: Number(options.limit),
              ...(options.text === undefined ? {} : { text: options.text }),
            },
          },
        }),
      );
      // What is not known of a row is absent from it.
      const titles = new Set(rows.flatMap((row) => Object.keys(row)));
      const columns = [...titles].map((title) => ({
        title,
        value: (row: Record<string, unknown>) => show(row[title]),
      }));
      printRows(rows, output, columns, (row) => show(row['id']));
    });
  addInventoryExport(inventory);
  addInventoryHistory(inventory);
  addNetboxCommands(inventory);

  program
    .command('alerts')
    .description('what you were alerted to, newest first')
    .option('--unread', 'only what you have not read')
    .action(async ({ unread }: { unread?: boolean }, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.GET('/alerts', { params: { query: { unread: unread === true } as never } }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'at', value: ({ at }) => at },
          { title: 'change', value: ({ change }) => change ?? '' },
          { title: 'subject', value: ({ subject }) => subject },
          { title: 'what', value: ({ body }) => body },
        ],
        ({ id }) => id,
      );
    });
}

export interface ImportFlags {
  readonly dryRun?: boolean;
  readonly source?: string;
  readonly keepForeign?: boolean;
  readonly complete?: boolean;
  readonly confirmRemovals?: string;
}

/** Sends the files of an import; a report with bad lines is an answer, not an error. */
export async function importInventory(
  context: Pick<CliContext, 'apiUrl' | 'token'>,
  paths: readonly string[],
  flags: ImportFlags = {},
): Promise<ImportReport> {
  const { apiUrl, token } = context;
  const files = (await Promise.all(paths.map(expand))).flat();
  const form = new FormData();
  // In the order in which the kinds refer to each other.
  const names = inventoryKinds.flatMap((kind) => [kind, `remove-${kind}`]);
  const nameOf = (file: string): string => basename(file).split('.')[0] ?? '';
  for (const name of names) {
    for (const file of files.filter((one) => nameOf(one) === name)) {
      form.append(name, ...(await partOf(file)));
    }
  }
  const unknown = files.filter((file) => !names.includes(nameOf(file)));
  if (unknown.length > 0 || files.length === 0) {
    throw new CliError(
      files.length === 0
        ? 'There is nothing to import.'
        : `${unknown.join(', ')}: name the files after their kind: ${inventoryKinds.join(', ')}, or remove-<kind>.`,
      exitCodes.usage,
    );
  }
  const importId = randomUUID();
  const query = new URLSearchParams({
    importId,
    dryRun: String(flags.dryRun === true),
    source: flags.source ?? 'manual',
    foreignRows: flags.keepForeign === true ? 'keep' : 'refuse',
    complete: String(flags.complete === true),
    ...(flags.confirmRemovals === undefined ? {} : { confirmedRemovals: flags.confirmRemovals }),
  });
  const authorization = { authorization: `Bearer ${token}` };
  const stopWatching = watchImport(`${apiUrl}/inventory/imports/${importId}`, authorization);
  try {
    const response = await fetch(`${apiUrl}/inventory/imports?${query.toString()}`, {
      method: 'POST',
      headers: { ...authorization, ...onceHeaders() },
      body: form,
    });
    const body = (await response.json()) as ImportReport | ProblemBody;
    if ('badLineCount' in body) return body;
    throw toCliError(response.status, body);
  } finally {
    stopWatching();
  }
}

/** A JSON array goes as the lines of NDJSON that it stands for: line 3 is its third element. */
async function partOf(file: string): Promise<[Blob, string]> {
  if (!file.endsWith('.json')) return [await openAsBlob(file), basename(file)];
  let rows: unknown;
  try {
    rows = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new CliError(`${file} is not JSON: ${(error as Error).message}`, exitCodes.usage);
  }
  if (!Array.isArray(rows)) {
    throw new CliError(
      `${file} holds no array; name it .ndjson if it has an object on each line.`,
      exitCodes.usage,
    );
  }
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`);
  return [new Blob(lines), `${basename(file, '.json')}.ndjson`];
}

async function expand(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => {
    throw new CliError(`${path} does not exist.`, exitCodes.usage);
  });
  if (!found.isDirectory()) return [path];
  const names = await readdir(path);
  return names.filter((name) => /\.(csv|ndjson|json)$/.test(name)).map((name) => join(path, name));
}

function show(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
