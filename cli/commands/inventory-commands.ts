import { openAsBlob } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { inventoryKinds } from '../../domain/inventory/inventory-kinds.ts';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf, type CliContext } from '../context.ts';
import { CliError, exitCodes, toCliError, type ProblemBody } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows } from '../output.ts';

type ImportReport = components['schemas']['ImportReport'];

/** `ctc inventory …`, `ctc impact …` and `ctc windows …`. */
export function addInventoryCommands(program: Command): void {
  const inventory = program.command('inventory').description('what the company runs');
  inventory
    .command('import <paths...>')
    .description(
      'import files named after their kind (services.csv, items.ndjson), or a directory of them; all or nothing',
    )
    .option('--dry-run', 'only say what would happen')
    .action(async (paths: string[], { dryRun }: { dryRun?: boolean }, command: Command) => {
      const context = contextOf(command);
      const report = await importInventory(context, paths, dryRun === true);
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
      const columns = Object.keys(rows[0] ?? {}).map((title) => ({
        title,
        value: (row: Record<string, unknown>) => show(row[title]),
      }));
      printRows(rows, output, columns, (row) => show(row['id']));
    });

  program
    .command('impact <items...>')
    .description('say what would be affected if these items were down')
    .option('--degraded', 'degraded instead of down')
    .action(async (items: string[], { degraded }: { degraded?: boolean }, command: Command) => {
      const { api, output } = contextOf(command);
      const impact = (await answerOf(
        api.POST('/impact', {
          body: {
            disturbances: items.map((item) => ({
              item,
              effect: degraded === true ? ('degraded' as const) : ('down' as const),
            })),
          },
        }),
      )) as unknown as ImpactAnswer;
      printOne(impact, output, () => items.join(' '), describeImpact);
    });

  const windows = program.command('windows').description('intervention windows');
  windows
    .command('next <change>')
    .description('list the next windows in which a change has no blocking conflict')
    .option('--count <n>', 'how many', '5')
    .action(async (label: string, { count }: { count: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.GET('/changes/{change}/free-windows', {
          params: { path: { change: label }, query: { count: Number(count) } },
        }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'opens', value: ({ opensAt }) => opensAt },
          { title: 'closes', value: ({ closesAt }) => closesAt },
        ],
        ({ opensAt }) => opensAt,
      );
    });

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
          { title: 'change', value: ({ change }) => change },
          { title: 'subject', value: ({ subject }) => subject },
          { title: 'what', value: ({ body }) => body },
        ],
        ({ id }) => id,
      );
    });
}

interface ImpactAnswer {
  readonly services: Record<'down' | 'degraded' | 'atRisk', string[]>;
  readonly items: Record<'down' | 'degraded' | 'atRisk', string[]>;
  readonly summary: { readonly total: { readonly customers: Record<string, number> } };
  readonly causes: readonly {
    node: string;
    group: string;
    needs: number;
    of: number;
    left: number;
    because: string;
  }[];
}

/** Sends the files of an import; a report with bad lines is an answer, not an error. */
export async function importInventory(
  { apiUrl, token }: Pick<CliContext, 'apiUrl' | 'token'>,
  paths: readonly string[],
  dryRun: boolean,
): Promise<ImportReport> {
  const files = (await Promise.all(paths.map(expand))).flat();
  const form = new FormData();
  // In the order in which the kinds refer to each other.
  for (const kind of inventoryKinds) {
    for (const file of files.filter((one) => basename(one).split('.')[0] === kind)) {
      form.append(kind, await openAsBlob(file), basename(file));
    }
  }
  const unknown = files.filter(
    (file) => !(inventoryKinds as readonly string[]).includes(basename(file).split('.')[0] ?? ''),
  );
  if (unknown.length > 0 || files.length === 0) {
    throw new CliError(
      files.length === 0
        ? 'There is nothing to import.'
        : `${unknown.join(', ')}: name the files after their kind: ${inventoryKinds.join(', ')}.`,
      exitCodes.usage,
    );
  }
  const response = await fetch(`${apiUrl}/inventory/imports?dryRun=${String(dryRun)}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, ...onceHeaders() },
    body: form,
  });
  const body = (await response.json()) as ImportReport | ProblemBody;
  if ('badLineCount' in body) return body;
  throw toCliError(response.status, body);
}

async function expand(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => {
    throw new CliError(`${path} does not exist.`, exitCodes.usage);
  });
  if (!found.isDirectory()) return [path];
  const names = await readdir(path);
  return names.filter((name) => /\.(csv|ndjson)$/.test(name)).map((name) => join(path, name));
}

function describeReport(report: ImportReport): string {
  const counts = Object.entries(report.counts).map(
    ([kind, { rows, inserted, updated, removed }]) =>
      `${kind}: ${rows} rows, ${inserted} new, ${updated} changed${removed > 0 ? `, ${removed} removed` : ''}`,
  );
  const bad = report.badLines.map(
    ({ kind, line, column, message }) =>
      `${kind} line ${line}${column === undefined ? '' : `, ${column}`}: ${message}`,
  );
  const more = report.badLineCount - report.badLines.length;
  return [...counts, ...bad, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

function describeImpact(impact: ImpactAnswer): string {
  const causes = new Map(impact.causes.map((cause) => [cause.node, cause]));
  const explain = (node: string): string => {
    const steps: string[] = [];
    for (let cause = causes.get(node); cause !== undefined && steps.length < 20;) {
      steps.push(
        `${cause.because} (${cause.group}: needs ${cause.needs} of ${cause.of}, ${cause.left} left)`,
      );
      cause = causes.get(cause.because);
    }
    return steps.length === 0 ? node : `${node} ← ${steps.join(' ← ')}`;
  };
  const { customers } = impact.summary.total;
  return [
    ...(['down', 'degraded', 'atRisk'] as const).flatMap((state) => [
      `services ${state === 'atRisk' ? 'at risk' : state}: ${impact.services[state].length}, customers: ${customers[state]}`,
      ...impact.services[state].slice(0, 20).map((service) => `  ${explain(service)}`),
      ...(impact.services[state].length > 20
        ? [`  and ${impact.services[state].length - 20} more`]
        : []),
    ]),
  ].join('\n');
}

function show(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
