import type { Command } from 'commander';
import { answerOf } from '../client.ts';
import { contextOf } from '../context.ts';
import type { components } from '../generated/api.d.ts';
import { describeReport } from '../import-report.ts';
import { printRows } from '../output.ts';
import { addSourceImport } from './source-import.ts';

type NetboxReport = components['schemas']['NetboxReport'];

/** `ctc inventory import-netbox` and `ctc inventory netbox-sources`. */
export function addNetboxCommands(inventory: Command): void {
  addSourceImport(
    inventory
      .command('import-netbox <source>')
      .description(
        'import a whole NetBox; what it brought before and NetBox has no more is removed. ' +
          'ctc inventory netbox-sources lists the sources',
      ),
    '/inventory/netbox-imports',
    describeNetboxReport,
  );
  inventory
    .command('netbox-sources')
    .description('the NetBoxes that may be imported (CTC_NETBOX_SOURCES of the API lists them)')
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(api.GET('/inventory/netbox-sources'));
      printRows(
        rows,
        output,
        [
          { title: 'source', value: ({ name }) => name },
          { title: 'url', value: ({ url }) => url },
        ],
        ({ name }) => name,
      );
    });
}

function describeNetboxReport(report: NetboxReport): string {
  const { skipped, skippedCount } = report;
  const more = skippedCount - skipped.length;
  return [
    describeReport(report),
    ...(skippedCount > 0 ? [`${skippedCount} things of NetBox were left out:`] : []),
    ...skipped.map(({ what, why }) => `  ${what}: ${why}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join('\n');
}
