import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Command } from 'commander';
import { colours } from '../colours.ts';
import { readConfig } from '../../platform/config.ts';
import { startEmbeddedStack, type EmbeddedStack } from '../../platform/embedded/embedded-stack.ts';
import { createLogger } from '../../platform/logging.ts';
import { migrateDatabase } from '../../migrations/migrate.ts';
import { createApiClient } from '../client.ts';
import { defaultApiUrl } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import { write } from '../output.ts';
import { readTokens, saveToken, tokensFile } from '../tokens.ts';

/** `ctc up`, `ctc migrate` and `ctc doctor`: what is not done through the API. */
export function addStackCommands(program: Command): void {
  program
    .command('up')
    .description(
      'run the whole system here: PostgreSQL and Temporal too, unless DATABASE_URL and TEMPORAL_ADDRESS name others',
    )
    .action(async (_options: unknown, command: Command) => {
      const { dataDir } = command.optsWithGlobals<{ dataDir: string }>();
      const stack = await startLocalStack(dataDir);
      write(describeStack(stack, dataDir, await firstSignInLink(stack, dataDir)));
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
      write('stopping …');
      await stack.stop();
    });

  program
    .command('migrate')
    .description('bring the database of DATABASE_URL to the newest schema')
    .action(async () => {
      const { databaseUrl } = readConfig();
      if (databaseUrl === undefined) {
        throw new CliError(
          'DATABASE_URL is not set: there is no database to migrate.',
          exitCodes.usage,
        );
      }
      const names = await migrateDatabase(databaseUrl);
      write(
        names.length === 0 ? 'nothing to do' : names.map((name) => `migrated ${name}`).join('\n'),
      );
    });

  program
    .command('doctor')
    .description('check that everything that CTC needs is there and answers')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<{ apiUrl?: string; dataDir: string }>();
      const failed = await examine(options.apiUrl ?? defaultApiUrl, options.dataDir);
      if (failed > 0) throw new CliError(`${failed} of the checks failed.`, exitCodes.error);
    });
}

/** Starts everything with a first administrator, whose token is kept in the data directory. */
export async function startLocalStack(
  dataDirectory: string,
  env: Readonly<Record<string, string>> = {},
  parts: { readonly worker?: boolean } = {},
): Promise<EmbeddedStack> {
  const kept = readTokens(dataDirectory)['administrator'];
  const adminToken = kept ?? `ctc_pat_${randomBytes(32).toString('base64url')}`;
  if (kept === undefined) saveToken(dataDirectory, 'administrator', adminToken);
  const { log } = readConfig();
  return startEmbeddedStack({
    dataDirectory,
    ...parts,
    migrate: migrateDatabase,
    logger: createLogger({ ...log, level: log.level === 'info' ? 'warn' : log.level, name: 'up' }),
    env: { CTC_LOCAL_DRIVER: 'on', CTC_BOOTSTRAP_ADMIN_TOKEN: adminToken, ...env },
  });
}

/** A new link at each start, until the administrator has a password. */
async function firstSignInLink(
  { apiUrl }: EmbeddedStack,
  dataDirectory: string,
): Promise<string | undefined> {
  const api = createApiClient({ apiUrl, token: readTokens(dataDirectory)['administrator'] ?? '' });
  const { data: account } = await api.GET('/me/account');
  if (account === undefined || account.hasPassword) return undefined;
  const { data: link } = await api.POST('/principals/{principal}/sign-in-links', {
    params: { path: { principal: 'administrator' } },
  });
  return link === undefined ? undefined : new URL(link.path, apiUrl).href;
}

function describeStack(
  { apiUrl }: EmbeddedStack,
  dataDirectory: string,
  link: string | undefined,
): string {
  return [
    `${colours.green('ready')}  ${apiUrl}`,
    `API documentation  ${apiUrl}/docs`,
    ...(link === undefined
      ? [`sign in  ${apiUrl}/login`]
      : [`set the administrator's password  ${link} (once, within a day)`]),
    `administrator's token for the command line  ${tokensFile(dataDirectory)}`,
    `logs  ${dataDirectory}/logs`,
    'Ctrl-C stops it; what runs and what is recorded stays.',
  ].join('\n');
}

async function examine(apiUrl: string, dataDirectory: string): Promise<number> {
  let failed = 0;
  const report = (ok: boolean, what: string, hint = ''): void => {
    if (!ok) failed += 1;
    write(
      `${ok ? colours.green('✔ ok') : colours.red('✖ failed')}  ${what}${ok || hint === '' ? '' : `\n    ${hint}`}`,
    );
  };
  const major = Number(process.versions.node.split('.')[0]);
  report(
    major >= 24,
    `Node.js ${process.versions.node}`,
    'CTC needs 24 or newer; start it through npm.',
  );
  try {
    readConfig();
    report(true, 'configuration');
  } catch (error) {
    report(false, 'configuration', (error as Error).message);
  }
  const ready = await fetch(`${apiUrl}/readyz`)
    .then(
      async (response) =>
        (await response.json()) as Record<
          'database' | 'temporal',
          { ok: boolean; detail?: string }
        >,
    )
    .catch(() => undefined);
  report(ready !== undefined, `API at ${apiUrl}`, 'Start it with "npm start", or set CTC_API_URL.');
  if (ready !== undefined) {
    report(ready.database.ok, 'database', ready.database.detail);
    report(
      ready.temporal.ok,
      'Temporal',
      `${ready.temporal.detail ?? ''}: requests wait until it is back.`,
    );
  }
  const token = process.env['CTC_TOKEN'] ?? readTokens(dataDirectory)['administrator'];
  if (token === undefined) {
    report(false, 'token', `Set CTC_TOKEN, or keep one in ${tokensFile(dataDirectory)}.`);
  } else if (ready !== undefined) {
    const { data } = await createApiClient({ apiUrl, token }).GET('/me');
    report(
      data !== undefined,
      `token${data === undefined ? '' : ` of ${data.id}`}`,
      'It is unknown, expired or revoked.',
    );
  }
  return failed;
}
