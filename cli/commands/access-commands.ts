import type { Command } from 'commander';
import { grantWords } from '../../domain/access/grants.ts';
import { answerOf } from '../client.ts';
import { contextOf } from '../context.ts';
import { printOne, printRows, write } from '../output.ts';
import { saveToken, tokensFile } from '../tokens.ts';

/** `ctc whoami` and `ctc token …`. */
export function addAccessCommands(program: Command): void {
  program
    .command('whoami')
    .description('say who you are to CTC')
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const me = await answerOf(api.GET('/me'));
      printOne(
        me,
        output,
        ({ id }) => id,
        ({ id, name, grants, limitedTo }) =>
          [
            `${id} (${name})`,
            ...grants.map((grant) => `${grant.role}, ${grantWords(grant)}`),
            ...(limitedTo === null ? [] : [`this token: only ${limitedTo.join(', ')}`]),
          ].join('\n  '),
      );
    });

  const token = program.command('token').description('access tokens');
  token
    .command('issue <principal>')
    .description('issue a token; its secret is shown this once')
    .option('--label <label>', 'what it is for', 'ctc')
    .option('--expires <instant>', 'ISO instant with offset; default: never')
    .option('--save', 'keep it in the data directory for --as, instead of printing it')
    .action(
      async (
        id: string,
        options: { label: string; expires?: string; save?: boolean },
        command: Command,
      ) => {
        const { api, dataDirectory } = contextOf(command);
        const { secret } = await answerOf(
          api.POST('/principals/{principal}/tokens', {
            params: { path: { principal: id } },
            body: { label: options.label, expiresAt: options.expires ?? null },
          }),
        );
        if (options.save !== true) {
          write(secret);
          return;
        }
        saveToken(dataDirectory, id, secret);
        write(`kept in ${tokensFile(dataDirectory)}; use it with --as ${id}`);
      },
    );
  token
    .command('list <principal>')
    .description('list tokens without their secrets')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.GET('/principals/{principal}/tokens', { params: { path: { principal: id } } }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'id', value: (row) => row.id },
          { title: 'label', value: ({ label }) => label },
          { title: 'last used', value: ({ lastUsedAt }) => lastUsedAt ?? '' },
          { title: 'expires', value: ({ expiresAt }) => expiresAt ?? '' },
          { title: 'revoked', value: ({ revokedAt }) => revokedAt ?? '' },
        ],
        (row) => row.id,
      );
    });
  token
    .command('revoke <id>')
    .description('revoke a token')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { api } = contextOf(command);
      await answerOf(api.DELETE('/tokens/{token}', { params: { path: { token: id } } }));
      write(`revoked ${id}`);
    });
}
