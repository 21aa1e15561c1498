import type { Command } from 'commander';
import { answerOf } from '../client.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows } from '../output.ts';

type Row = components['schemas']['InventoryRow']['rows'][number];
type Change = components['schemas']['InventoryChange'];

/** `ctc inventory history`. */
export function addInventoryHistory(inventory: Command): void {
  inventory
    .command('history <kind> <id>')
    .description(
      'each time a row came, changed or went; or what it was. Latencies are named mad/par, dependencies by their dependent',
    )
    .option('--version <n>', 'what it was in this version of the inventory')
    .option('--change <change>', 'what it was when this change was last assessed')
    .action(
      async (
        kind: string,
        id: string,
        options: { version?: string; change?: string },
        command: Command,
      ) => {
        const { api, output } = contextOf(command);
        const path = { kind: kind as never, id };
        if (options.version === undefined && options.change === undefined) {
          const { rows } = await answerOf(
            api.GET('/inventory/{kind}/{id}/history', { params: { path } }),
          );
          printChanges(rows, output);
          return;
        }
        if (options.version !== undefined && options.change !== undefined) {
          throw new CliError('Give --version or --change, not both.', exitCodes.usage);
        }
        const row = await answerOf(
          api.GET('/inventory/{kind}/{id}', {
            params: { path, query: options as { version?: never; change?: string } },
          }),
        );
        printOne(
          row,
          output,
          () => id,
          ({ version, rows }) =>
            [`version ${version} of the inventory`, ...rows.map(showRow)].join('\n'),
        );
      },
    );
}

function printChanges(changes: readonly Change[], output: Parameters<typeof printRows>[1]): void {
  const before = new Map(changes.map((change, i) => [change, changes[i - 1]?.rows ?? []]));
  printRows(
    changes,
    output,
    [
      { title: 'version', value: ({ version }) => String(version) },
      { title: 'at', value: ({ importedAt }) => importedAt ?? '' },
      { title: 'by', value: ({ importedBy }) => importedBy ?? '' },
      { title: 'source', value: ({ source }) => source },
      {
        title: 'what',
        value: (change) => describeChange(before.get(change) ?? [], change.rows),
      },
    ],
    ({ version }) => String(version),
  );
}

const showRow = (row: Row): string =>
  Object.entries(row)
    .map(([column, value]) => `${column}: ${value}`)
    .join(', ');

/** What is new as a whole, of what changed the columns that did. */
function describeChange(before: readonly Row[], after: readonly Row[]): string {
  if (after.length === 0) return 'removed';
  const [was, is] = [before[0], after[0]];
  if (before.length !== 1 || after.length !== 1 || was === undefined || is === undefined) {
    return after.map(showRow).join('\n');
  }
  return Object.entries(is)
    .filter(([column, value]) => was[column] !== value)
    .map(([column, value]) => `${column}: ${was[column] ?? ''} → ${value}`)
    .join(', ');
}
