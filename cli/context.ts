import type { Command } from 'commander';
import { createApiClient, type ApiClient } from './client.ts';
import { CliError, exitCodes } from './errors.ts';
import type { OutputFormat } from './output.ts';
import { readTokens, tokensFile } from './tokens.ts';

export interface CliContext {
  readonly api: ApiClient;
  readonly apiUrl: string;
  readonly token: string;
  readonly dataDirectory: string;
  readonly output: OutputFormat;
}

interface GlobalOptions {
  readonly apiUrl?: string;
  readonly as?: string;
  readonly output: OutputFormat;
  readonly dataDir: string;
}

export const defaultApiUrl = 'http://127.0.0.1:8080';

/** What every command that talks to the API needs, from its options. */
export function contextOf(command: Command): CliContext {
  const options = command.optsWithGlobals<GlobalOptions>();
  const apiUrl = options.apiUrl ?? defaultApiUrl;
  const token = tokenFor(options);
  return {
    apiUrl,
    token,
    dataDirectory: options.dataDir,
    output: options.output,
    api: createApiClient({ apiUrl, token }),
  };
}

/** CTC_TOKEN, or the token kept for the name given with --as. */
function tokenFor({ as, dataDir }: GlobalOptions): string {
  const fromEnvironment = process.env['CTC_TOKEN'];
  if (as === undefined && fromEnvironment !== undefined && fromEnvironment !== '') {
    return fromEnvironment;
  }
  const name = as ?? 'administrator';
  const kept = readTokens(dataDir);
  const token = kept[name];
  if (token !== undefined) return token;
  const names = Object.keys(kept);
  throw new CliError(
    `There is no token for "${name}" in ${tokensFile(dataDir)}${names.length > 0 ? `; there are: ${names.join(', ')}` : ''}.\nSet CTC_TOKEN, or let an administrator run: ctc token issue ${name} --save`,
    exitCodes.notAllowed,
  );
}
