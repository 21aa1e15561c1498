import type { Command } from 'commander';
import { answerOf } from '../client.ts';
import { contextOf } from '../context.ts';
import { printRows, write } from '../output.ts';
import { saveToken, tokensFile } from '../tokens.ts';

interface IssueOptions {
  readonly label: string;
  readonly expires?: string;
  readonly permissions?: string;
  readonly save?: boolean;
}

/** `ctc token …`: one's own, and for administrators those of others. */
export function addTokenCommands(program: Command): void {
  const token = program.command('token').description('access tokens');
  token
    .command('issue [principal]')
    .description('issue a token of your own, or of somebody else; its secret is shown this once')
    .option('--label <label>', 'what it is for', 'ctc')
    .option('--expires <instant>', 'ISO instant with offset; default: as late as is allowed')
    .option('--permissions <permissions>', 'only for these, with commas in between')
    .option('--save', 'keep it in the data directory for --as, instead of printing it')
    .action(async (principal: string | undefined, options: IssueOptions, command: Command) => {
      const { api, dataDirectory } = contextOf(command);
      const body = {
        label: options.label,
        expiresAt: options.expires ?? null,
        permissions: (options.permissions?.split(',') ?? null) as never,
      };
      const { secret, token: issued } = await answerOf(
        principal === undefined
          ? api.POST('/me/tokens', { body })
          : api.POST('/principals/{principal}/tokens', { params: { path: { principal } }, body }),
      );
      if (options.save !== true) {
        write(secret);
        return;
      }
      saveToken(dataDirectory, issued.principal, secret);
      write(`kept in ${tokensFile(dataDirectory)}; use it with --as ${issued.principal}`);
    });
  token
    .command('list [principal]')
    .description('list your tokens, or those of somebody else, without their secrets')
    .action(async (principal: string | undefined, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        principal === undefined
          ? api.GET('/me/tokens')
          : api.GET('/principals/{principal}/tokens', { params: { path: { principal } } }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'id', value: (row) => row.id },
          { title: 'label', value: ({ label }) => label },
          { title: 'for', value: ({ permissions }) => permissions?.join(', ') ?? 'everything' },
          { title: 'last used', value: ({ lastUsedAt }) => lastUsedAt ?? '' },
          { title: 'expires', value: ({ expiresAt }) => expiresAt ?? '' },
          { title: 'revoked', value: ({ revokedAt }) => revokedAt ?? '' },
        ],
        (row) => row.id,
      );
    });
  token
    .command('revoke <id>')
    .description('revoke a token of your own')
    .option('--of-others', 'of whomever it is; for administrators')
    .action(async (id: string, { ofOthers }: { ofOthers?: boolean }, command: Command) => {
      const { api } = contextOf(command);
      const params = { path: { token: id } };
      await answerOf(
        ofOthers === true
          ? api.DELETE('/tokens/{token}', { params })
          : api.DELETE('/me/tokens/{token}', { params }),
      );
      write(`revoked ${id}`);
    });
}
