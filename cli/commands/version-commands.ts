import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { contextOf } from '../context.ts';
import { printOne, printRows } from '../output.ts';
import { readYamlFile } from '../read-file.ts';

/** One version of a definition that one person proposes and another puts in force. */
interface Version {
  readonly id: string;
  readonly version: number;
  readonly state: string;
  readonly reason: string;
  readonly proposedBy: string;
  readonly proposedAt: string;
  readonly approvedBy: string | null;
  readonly approvedAt: string | null;
  readonly retiredBy: string | null;
  readonly retiredAt: string | null;
}

/** Where the API keeps such definitions. */
export interface VersionedApi<Row extends Version> {
  readonly list: (context: CliContext, all: boolean) => Promise<readonly Row[]>;
  readonly show: (context: CliContext, id: string) => Promise<readonly Row[]>;
  readonly propose: (context: CliContext, definition: unknown, reason: string) => Promise<Row>;
  readonly approve: (
    context: CliContext,
    id: string,
    version: number,
    reason: string,
  ) => Promise<Row>;
  readonly retire: (context: CliContext, id: string, reason: string) => Promise<Row>;
  readonly definitionOf: (row: Row) => { readonly title: string };
}

type Reason = { readonly reason: string };

/** `list`, `show`, `propose`, `approve` and `retire` of what is called `noun`. */
export function addVersionCommands<Row extends Version>(
  command: Command,
  noun: string,
  api: VersionedApi<Row>,
): void {
  const columns = [
    { title: noun, value: ({ id }: Row) => id },
    { title: 'version', value: ({ version }: Row) => String(version) },
    { title: 'state', value: ({ state }: Row) => state },
    { title: 'title', value: (row: Row) => api.definitionOf(row).title },
    { title: 'proposed by', value: ({ proposedBy }: Row) => proposedBy },
    { title: 'approved by', value: ({ approvedBy }: Row) => approvedBy ?? '' },
    { title: 'since', value: ({ approvedAt }: Row) => approvedAt ?? '' },
  ];
  const describe = (row: Row): string =>
    [
      `${nameOf(row)} is ${row.state}: ${api.definitionOf(row).title}`,
      `  proposed by ${row.proposedBy} at ${row.proposedAt}: ${row.reason}`,
      ...(row.approvedBy === null
        ? []
        : [`  approved by ${row.approvedBy} at ${row.approvedAt ?? ''}`]),
      ...(row.retiredBy === null
        ? []
        : [`  retired by ${row.retiredBy} at ${row.retiredAt ?? ''}`]),
      `  ${JSON.stringify(api.definitionOf(row))}`,
    ].join('\n');

  command
    .command('list')
    .description('list those in force and proposed')
    .option('--all', 'every version')
    .action(async ({ all }: { all?: boolean }, self: Command) => {
      const context = contextOf(self);
      printRows(await api.list(context, all === true), context.output, columns, nameOf);
    });
  command
    .command(`show <${noun}>`)
    .description(`every version of a ${noun}: who proposed and approved it, and when`)
    .action(async (id: string, _options: unknown, self: Command) => {
      const context = contextOf(self);
      const rows = await api.show(context, id);
      if (context.output === 'table') {
        for (const row of rows) printOne(row, context.output, nameOf, describe);
      } else {
        printRows(rows, context.output, columns, nameOf);
      }
    });
  command
    .command('propose')
    .description(`propose a ${noun}, or another version of it`)
    .requiredOption('-f, --file <file>', 'YAML or JSON; "-" reads standard input')
    .requiredOption('-r, --reason <reason>')
    .action(async ({ file, reason }: Reason & { file: string }, self: Command) => {
      const context = contextOf(self);
      const proposed = await api.propose(context, readYamlFile(file), reason);
      printOne(proposed, context.output, nameOf, describe);
    });
  command
    .command(`approve <${noun}> <version>`)
    .description('put a proposed version in force; not by whoever proposed it')
    .requiredOption('-r, --reason <reason>')
    .action(async (id: string, version: string, { reason }: Reason, self: Command) => {
      const context = contextOf(self);
      const approved = await api.approve(context, id, Number(version), reason);
      printOne(approved, context.output, nameOf, describe);
    });
  command
    .command(`retire <${noun}>`)
    .description(`take a ${noun} out of force`)
    .requiredOption('-r, --reason <reason>')
    .action(async (id: string, { reason }: Reason, self: Command) => {
      const context = contextOf(self);
      printOne(await api.retire(context, id, reason), context.output, nameOf, describe);
    });
}

function nameOf({ id, version }: Version): string {
  return `${id}/${version}`;
}
