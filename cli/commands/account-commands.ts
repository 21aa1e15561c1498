import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import { printRows, write } from '../output.ts';

/** `ctc account …`: one's own password, second factor and sessions. */
export function addAccountCommands(program: Command): void {
  const account = program
    .command('account')
    .description('your password, second factor and sessions');
  account
    .command('password')
    .description('change your password: two lines on standard input, the current and the new one')
    .action(async (_options: unknown, command: Command) => {
      const { api } = contextOf(command);
      // Not as arguments, which other users of the machine can see.
      const [current, next] = (await text(process.stdin)).split(/\r?\n/);
      if (current === undefined || next === undefined || next === '') {
        throw new CliError(
          'Give two lines on standard input: the current password and the new one.',
          exitCodes.usage,
        );
      }
      await answerOf(api.PUT('/me/password', { body: { current, next } }));
      write('changed; other sessions have ended');
    });
  account
    .command('sessions')
    .description('the browsers in which you are signed in')
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(api.GET('/me/sessions'));
      printRows(
        rows,
        output,
        [
          { title: 'id', value: ({ id }) => id },
          { title: 'by', value: ({ method }) => method },
          { title: 'browser', value: ({ agent }) => agent },
          { title: 'since', value: ({ startedAt }) => startedAt },
          { title: 'last seen', value: ({ lastSeenAt }) => lastSeenAt },
        ],
        ({ id }) => id,
      );
    });
  account
    .command('end-session [id]')
    .description('end one of your sessions, or all of them')
    .action(async (id: string | undefined, _options: unknown, command: Command) => {
      const { api } = contextOf(command);
      if (id === undefined) {
        const { ended } = await answerOf(api.DELETE('/me/sessions'));
        write(`ended ${ended}`);
        return;
      }
      await answerOf(api.DELETE('/me/sessions/{session}', { params: { path: { session: id } } }));
      write(`ended ${id}`);
    });
  account
    .command('show')
    .description('how you can sign in')
    .action(async (_options: unknown, command: Command) => {
      const { api } = contextOf(command);
      const { hasPassword, hasSecondFactor, recoveryCodesLeft } = await answerOf(
        api.GET('/me/account'),
      );
      write(`password: ${hasPassword ? 'set' : 'none'}`);
      write(
        `second factor: ${hasSecondFactor ? `added; ${recoveryCodesLeft} recovery codes are left` : 'none'}`,
      );
    });
  const factor = account.command('second-factor').description('codes of an authenticator');
  factor
    .command('add')
    .description('what your authenticator reads; it counts once you confirm it')
    .action(async (_options: unknown, command: Command) => {
      const { api } = contextOf(command);
      const { uri } = await answerOf(api.POST('/me/second-factor'));
      write(`${uri}\nthen: ctc account second-factor confirm CODE`);
    });
  factor
    .command('confirm <code>')
    .description('confirm it with a code; prints recovery codes, this once')
    .action(async (code: string, _options: unknown, command: Command) => {
      const { api } = contextOf(command);
      const { recoveryCodes } = await answerOf(
        api.POST('/me/second-factor/confirmation', { body: { code } }),
      );
      write(recoveryCodes.join('\n'));
    });
  factor
    .command('remove <code>')
    .description('remove it, with a code or a recovery code')
    .action(async (code: string, _options: unknown, command: Command) => {
      const { api } = contextOf(command);
      await answerOf(
        api.POST('/me/second-factor/removal', {
          params: { header: onceHeaders() },
          body: { code },
        }),
      );
      write('removed');
    });
}
