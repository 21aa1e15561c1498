import { Option, type Command } from 'commander';
import {
  inventoryFormats,
  inventoryKinds,
  type InventoryFormat,
} from '../../domain/inventory/inventory-kinds.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import { exportInventory } from '../export-inventory.ts';
import { printOne } from '../output.ts';

/** `ctc inventory export`. */
export function addInventoryExport(inventory: Command): void {
  inventory
    .command('export <directory>')
    .description('write the inventory into files that an import takes, all of one version')
    .addOption(
      new Option('--format <format>', 'of the files').choices(inventoryFormats).default('csv'),
    )
    .option('--source <name>', 'only rows that belong to this source')
    .option('--kinds <kinds>', `only these, with commas between: ${inventoryKinds.join(',')}`)
    .option('--force', 'replace files in a directory that is not empty')
    .action(
      async (
        directory: string,
        flags: { format: InventoryFormat; source?: string; kinds?: string; force?: boolean },
        command: Command,
      ) => {
        const context = contextOf(command);
        const { kinds, ...options } = flags;
        const exported = await exportInventory(context, directory, {
          ...options,
          kinds: kinds === undefined ? inventoryKinds : readKinds(kinds),
        });
        printOne(
          exported,
          context.output,
          () => directory,
          ({ version, rows }) =>
            [
              `version ${version} of the inventory in ${directory}`,
              ...Object.entries(rows).map(([kind, count]) => `${kind}: ${count} rows`),
            ].join('\n'),
        );
      },
    );
}

function readKinds(list: string): (typeof inventoryKinds)[number][] {
  const named = list.split(',').map((kind) => kind.trim());
  const unknown = named.filter((kind) => !inventoryKinds.some((known) => known === kind));
  if (unknown.length > 0) {
    throw new CliError(
      `There is no kind ${unknown.map((kind) => `"${kind}"`).join(', ')}; known: ${inventoryKinds.join(', ')}.`,
      exitCodes.usage,
    );
  }
  return inventoryKinds.filter((kind) => named.includes(kind));
}
