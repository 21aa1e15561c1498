import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { onceHeaders } from '../client.ts';
import { contextOf, type CliContext } from '../context.ts';
import { CliError, exitCodes, toCliError, type ProblemBody } from '../errors.ts';
import { watchImport, type ImportReport } from '../import-report.ts';
import { printOne } from '../output.ts';

interface SourceImportFlags {
  readonly dryRun?: boolean;
  readonly keepForeign?: boolean;
  readonly confirmRemovals?: string;
}

type ImportPath = '/inventory/netbox-imports' | '/acsmi/syncs';

/** Makes of a command with the argument `source` one that imports all of it; `describe` takes the path's report. */
export function addSourceImport(
  command: Command,
  path: ImportPath,
  describe: (report: never) => string,
): void {
  command
    .option('--dry-run', 'only say what would happen')
    .option('--keep-foreign', 'leave rows of other sources that differ as they are')
    .option('--confirm-removals <n>', 'how many rows may be removed, when asked to confirm')
    .action(async (source: string, flags: SourceImportFlags, running: Command) => {
      const context = contextOf(running);
      const report = await importFrom(context, path, source, flags);
      printOne(
        report,
        context.output,
        () => String(report.version ?? ''),
        (one) => describe(one as never),
      );
      if (report.badLineCount > 0) {
        throw new CliError('Nothing was imported: see the lines above.', exitCodes.usage);
      }
    });
}

/** A report with bad lines is an answer, not an error. */
async function importFrom(
  { api, apiUrl, token }: CliContext,
  path: ImportPath,
  source: string,
  { dryRun = false, keepForeign = false, confirmRemovals }: SourceImportFlags,
): Promise<ImportReport> {
  const confirmedRemovals = confirmRemovals === undefined ? undefined : Number(confirmRemovals);
  if (confirmedRemovals !== undefined && !Number.isInteger(confirmedRemovals)) {
    throw new CliError('--confirm-removals takes a whole number.', exitCodes.usage);
  }
  const importId = randomUUID();
  const authorization = { authorization: `Bearer ${token}` };
  const stopWatching = watchImport(`${apiUrl}/inventory/imports/${importId}`, authorization);
  try {
    const { data, error, response } = await api.POST(path, {
      params: { header: onceHeaders() },
      body: {
        source,
        importId,
        dryRun,
        foreignRows: keepForeign ? 'keep' : 'refuse',
        ...(confirmedRemovals === undefined ? {} : { confirmedRemovals }),
      },
    });
    const body = (data ?? error) as ImportReport | ProblemBody;
    if ('badLineCount' in body) return body;
    throw toCliError(response.status, body);
  } finally {
    stopWatching();
  }
}
