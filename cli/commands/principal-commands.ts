import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import { everyPage } from '../every-page.ts';
import { printRows, write } from '../output.ts';

/** `ctc principal …`: who may call. */
export function addPrincipalCommands(program: Command): void {
  const principal = program.command('principal').description('who may call');
  principal
    .command('list')
    .description('list everybody who may call')
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const rows = await everyPage((query) =>
        answerOf(api.GET('/principals', { params: { query } })),
      );
      printRows(
        rows,
        output,
        [
          { title: 'id', value: ({ id }) => id },
          { title: 'name', value: ({ name }) => name },
          { title: 'kind', value: ({ kind }) => kind },
          { title: 'roles', value: ({ roles }) => roles.join(', ') },
          { title: 'disabled', value: ({ disabledAt }) => disabledAt ?? '' },
        ],
        ({ id }) => id,
      );
    });
  principal
    .command('add <id>')
    .description('add somebody; limited roles are given by: ctc access grant')
    .requiredOption('--name <name>')
    .requiredOption('--email <email>')
    .option('--roles <roles>', 'held everywhere, with commas in between', '')
    .option('--service', 'a program: it only ever has tokens, and never signs in')
    .action(
      async (
        id: string,
        options: { name: string; email: string; roles: string; service?: boolean },
        command: Command,
      ) => {
        const { api } = contextOf(command);
        const { name, email, roles, service } = options;
        await answerOf(
          api.POST('/principals', {
            params: { header: onceHeaders() },
            body: {
              ...{ id, name, email },
              kind: service === true ? 'service' : 'person',
              roles: roles.split(',').filter((role) => role !== ''),
            },
          }),
        );
        write(`added ${id}`);
      },
    );
  for (const [name, disabled] of [
    ['disable', true],
    ['enable', false],
  ] as const) {
    principal
      .command(`${name} <id>`)
      .description(disabled ? 'refuse all their tokens at once' : 'let them in again')
      .action(async (id: string, _options: unknown, command: Command) => {
        const { api } = contextOf(command);
        await answerOf(
          api.PUT('/principals/{principal}/disabled', {
            params: { path: { principal: id } },
            body: { disabled },
          }),
        );
        write(`${name}d ${id}`);
      });
  }
}
