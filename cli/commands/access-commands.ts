import type { Command } from 'commander';
import { grantWords } from '../../domain/access/grants.ts';
import { answerOf } from '../client.ts';
import { contextOf } from '../context.ts';
import { printOne } from '../output.ts';

/** `ctc whoami`. */
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
}
