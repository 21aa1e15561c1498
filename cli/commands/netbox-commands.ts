import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf, type CliContext } from '../context.ts';
import { CliError, exitCodes, toCliError, type ProblemBody } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { describeReport, watchImport } from '../import-report.ts';
import { printOne, printRows } from '../output.ts';

type NetboxReport = components['schemas']['NetboxReport'];

interface NetboxFlags {
  readonly dryRun?: boolean;
  readonly keepForeign?: boolean;
  readonly confirmRemovals?: string;
}

/** `ctc inventory import-netbox` and `ctc inventory netbox-sources`. */
export function addNetboxCommands(inventory: Command): void {
  inventory
    .command('import-netbox <source>')
    .description(
      'import a whole NetBox; what it brought before and NetBox has no more is removed. ' +
        'ctc inventory netbox-sources lists the sources',
    )
    .option('--dry-run', 'only say what would happen')
    .option('--keep-foreign', 'leave rows of other sources that differ as they are')
    .option('--confirm-removals <n>', 'how many rows may be removed, when asked to confirm')
    .action(async (source: string, flags: NetboxFlags, command: Command) => {
      const context = contextOf(command);
      const report = await importNetbox(context, source, flags);
      printOne(report, context.output, () => String(report.version ?? ''), describeNetboxReport);
      if (report.badLineCount > 0) {
        throw new CliError('Nothing was imported: see the lines above.', exitCodes.usage);
      }
    });
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

/** A report with bad lines is an answer, not an error. */
async function importNetbox(
  { api, apiUrl, token }: CliContext,
  source: string,
  { dryRun = false, keepForeign = false, confirmRemovals }: NetboxFlags,
): Promise<NetboxReport> {
  const confirmedRemovals = confirmRemovals === undefined ? undefined : Number(confirmRemovals);
  if (confirmedRemovals !== undefined && !Number.isInteger(confirmedRemovals)) {
    throw new CliError('--confirm-removals takes a whole number.', exitCodes.usage);
  }
  const importId = randomUUID();
  const authorization = { authorization: `Bearer ${token}` };
  const stopWatching = watchImport(`${apiUrl}/inventory/imports/${importId}`, authorization);
  try {
    const { data, error, response } = await api.POST('/inventory/netbox-imports', {
      params: { header: onceHeaders() },
      body: {
        source,
        importId,
        dryRun,
        foreignRows: keepForeign ? 'keep' : 'refuse',
        ...(confirmedRemovals === undefined ? {} : { confirmedRemovals }),
      },
    });
    const body = (data ?? error) as NetboxReport | ProblemBody;
    if ('badLineCount' in body) return body;
    throw toCliError(response.status, body);
  } finally {
    stopWatching();
  }
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
